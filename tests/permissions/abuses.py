"""What no role may do: calls in a role's name, made by a function that a test lends the role."""

import fnmatch
import io
import json
import zipfile

from tests.permissions.policies import grants_of
from tests.permissions.replay import DATASET, Replay
from tests.support.template import principals

CODE = """
import functools

import boto3
from botocore.exceptions import ClientError

client = functools.cache(boto3.client)


def handler(calls, context):
    return [answer(*call) for call in calls]


def answer(service, operation, arguments):
    try:
        getattr(client(service), operation)(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"
"""
REFUSED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException", "403"}
LETTER_WRITERS = ("ReportAlarmRole",)  # Lambda sends the dead letters of an asynchronous call as the role
FOREIGN = "payroll"  # a topic, function, machine, crawler and database that are none of the stack's
NAME, PLACE = f"{FOREIGN}-1", "us-east-1:123456789012"

# The kinds of objects that a dataset and its runs have, by bucket.
WORK = (
    "data.json", "calibration.npz", "merged/", "rows/", "scaled/", "shards/", "skipped/", "baseline/", "source/",
    "requests/", "answers/", "forecasts/", "histograms/", "scores/", "charts/", "future/", "tickers/",
    "message.json",
)  # fmt: skip
LAKE = (
    "predictions/", "prices/", "metrics/", "runs/", "tickers/", "facts/", "models/", "reports/", "history/", "files/",
    "verdicts/", "rejected/", "leads/", "plans/", "published/", "told/", "untold/", "athena/",
)  # fmt: skip
OPERATIONS = {"get_object": "s3:GetObject", "put_object": "s3:PutObject", "delete_object": "s3:DeleteObject"}

Call = tuple[str, str, dict]


def in_s3(replayed: Replay, role: str) -> list[Call]:
    """Reading, writing, deleting and listing every kind of object that the role is not granted."""
    granted = {grant.line for grant in grants_of(role)} if role in principals() else set()
    work, lake = (
        f"runs/{replayed.run['run_id']}/",
        f"dataset={replayed.run['dataset']}/run_id={replayed.run['run_id']}/",
    )
    objects = [("WorkBucket", work + kind) for kind in WORK] + [("LakeBucket", kind + lake) for kind in LAKE]
    objects += [("LakeBucket", f"predictions/{lake}{name}-") for name in ("test", "future")]
    objects += [("IncomingBucket", replayed.source["key"]), ("IncomingBucket", f"incoming/{DATASET}/settings.json")]
    lists = {prefix for prefix in LAKE if f"s3:ListBucket LakeBucket {prefix}*" not in granted}
    bucket_of = replayed.outputs
    calls: list[Call] = [
        ("s3", "list_objects_v2", {"Bucket": bucket_of["LakeBucket"], "Prefix": f"{prefix}dataset={DATASET}/"})
        for prefix in sorted(lists)
    ]
    for bucket, key in objects:
        name = f"{key}00000" if key.endswith(("/", "-")) else key
        for operation, action in OPERATIONS.items():
            if not any(fnmatch.fnmatchcase(f"{action} {bucket}/{name}", line) for line in granted):
                calls.append(("s3", operation, {"Bucket": bucket_of[bucket], "Key": name}))
    return calls


def anywhere(replayed: Replay, role: str) -> list[Call]:
    """What is denied to every role alike, but for one queue."""
    return [
        *on_identities(replayed),
        *on_buckets(replayed),
        *on_messages(replayed, role),
        *on_executions(replayed),
        *on_training(replayed),
        *on_transforms(replayed),
        *on_hosting(replayed),
        *on_the_catalog(replayed),
    ]


def of_clean_up(replayed: Replay) -> str:
    """The ARN of a role that no call may pass on or assume."""
    return f"arn:aws:iam::123456789012:role/{replayed.physical('AWS::IAM::Role')['CleanUpRole']}"


def on_identities(replayed: Replay) -> list[Call]:
    roles = replayed.physical("AWS::IAM::Role")
    return [
        ("iam", "list_roles", {}),
        ("iam", "get_role_policy", {"RoleName": roles["SplitRole"], "PolicyName": "split"}),
        ("iam", "put_role_policy", {"RoleName": roles["CleanUpRole"], "PolicyName": "all", "PolicyDocument": "{}"}),
        ("sts", "assume_role", {"RoleArn": of_clean_up(replayed), "RoleSessionName": "abuse"}),
    ]


def on_buckets(replayed: Replay) -> list[Call]:
    outputs, source = replayed.outputs, replayed.source
    version = {"Key": source["key"], "VersionId": source["version_id"]}
    return [
        ("s3", "list_buckets", {}),
        ("s3", "list_objects_v2", {"Bucket": outputs["WorkBucket"]}),
        ("s3", "list_objects_v2", {"Bucket": outputs["LakeBucket"]}),
        ("s3", "list_objects_v2", {"Bucket": replayed.foreign}),
        ("s3", "get_object", {"Bucket": replayed.foreign, "Key": "key"}),
        ("s3", "put_object", {"Bucket": replayed.foreign, "Key": "key"}),
        ("s3", "delete_object", {"Bucket": outputs["IncomingBucket"], **version}),
        ("s3", "delete_bucket", {"Bucket": outputs["LakeBucket"]}),
        ("s3", "put_bucket_policy", {"Bucket": outputs["LakeBucket"], "Policy": "{}"}),
    ]


def on_messages(replayed: Replay, role: str) -> list[Call]:
    """What reaches people; who writes dead letters may send to their queue, and only send."""
    topic, queue = replayed.outputs["TopicArn"], replayed.outputs["DeadLetterQueueUrl"]
    return [
        ("sns", "publish", {"TopicArn": f"arn:aws:sns:{PLACE}:{FOREIGN}", "Message": "abuse"}),
        ("sns", "subscribe", {"TopicArn": topic, "Protocol": "sqs", "Endpoint": FOREIGN}),
        ("sqs", "receive_message", {"QueueUrl": queue}),
        *([] if role in LETTER_WRITERS else [("sqs", "send_message", {"QueueUrl": queue, "MessageBody": "abuse"})]),
    ]


def on_executions(replayed: Replay) -> list[Call]:
    split, execution = replayed.function("SplitFunction"), f"arn:aws:states:{PLACE}:execution:{FOREIGN}:{NAME}"
    return [
        ("lambda", "invoke", {"FunctionName": FOREIGN}),
        ("lambda", "update_function_configuration", {"FunctionName": split, "Timeout": 3}),
        ("stepfunctions", "start_execution", {"stateMachineArn": f"arn:aws:states:{PLACE}:stateMachine:{FOREIGN}"}),
        ("stepfunctions", "stop_execution", {"executionArn": execution}),
        ("stepfunctions", "describe_execution", {"executionArn": execution}),
    ]


def trained(replayed: Replay) -> dict:
    """The run's training job as SageMaker describes it."""
    job_name = replayed.payloads["CheckTrainingFunction"]["job_name"]
    return replayed.client("sagemaker").describe_training_job(TrainingJobName=job_name)


def on_training(replayed: Replay) -> list[Call]:
    members = ("AlgorithmSpecification", "OutputDataConfig", "ResourceConfig", "StoppingCondition", "RoleArn")
    job = trained(replayed)
    training = {member: job[member] for member in members}
    ours = training | {"TrainingJobName": f"{replayed.stack}-abuse", "RoleArn": of_clean_up(replayed)}
    return [
        ("sagemaker", "create_training_job", {"TrainingJobName": NAME, **training}),
        ("sagemaker", "create_training_job", ours),
        ("sagemaker", "stop_training_job", {"TrainingJobName": NAME}),
    ]


def on_transforms(replayed: Replay) -> list[Call]:
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{replayed.foreign}/"}
    job = {
        "ModelName": NAME,
        "TransformInput": {"DataSource": {"S3DataSource": source}},
        "TransformOutput": {"S3OutputPath": f"s3://{replayed.foreign}"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }
    return [
        ("sagemaker", "create_transform_job", {"TransformJobName": NAME, **job}),
        ("sagemaker", "describe_transform_job", {"TransformJobName": NAME}),
        ("sagemaker", "stop_transform_job", {"TransformJobName": NAME}),
    ]


def on_hosting(replayed: Replay) -> list[Call]:
    container = {"Image": "image", "ModelDataUrl": replayed.payloads["CreateEndpointFunction"]["model_uri"]}
    model = {"ExecutionRoleArn": trained(replayed)["RoleArn"], "PrimaryContainer": container}
    variant = {"VariantName": "all", "ModelName": NAME, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    ours = f"{replayed.stack}-abuse"
    return [
        ("sagemaker", "create_model", {"ModelName": NAME, **model}),
        ("sagemaker", "create_model", {"ModelName": ours, **model}),
        ("sagemaker", "create_endpoint_config", {"EndpointConfigName": NAME, "ProductionVariants": [variant]}),
        ("sagemaker", "create_endpoint", {"EndpointName": NAME, "EndpointConfigName": replayed.endpoint}),
        ("sagemaker", "create_endpoint", {"EndpointName": ours, "EndpointConfigName": NAME}),
        ("sagemaker", "describe_endpoint", {"EndpointName": NAME}),
        ("sagemaker", "delete_endpoint", {"EndpointName": NAME}),
        ("sagemaker", "delete_model", {"ModelName": NAME}),
        ("sagemaker", "delete_endpoint_config", {"EndpointConfigName": NAME}),
        ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": NAME, "Body": "{}"}),
    ]


def on_the_catalog(replayed: Replay) -> list[Call]:
    crawler, database = replayed.outputs["CrawlerName"], replayed.outputs["DatabaseName"]
    return [
        ("glue", "start_crawler", {"Name": FOREIGN}),
        ("glue", "stop_crawler", {"Name": crawler}),
        ("glue", "update_crawler", {"Name": crawler, "Role": of_clean_up(replayed)}),
        ("glue", "delete_database", {"Name": database}),
        ("glue", "delete_table", {"DatabaseName": database, "Name": "runs"}),
        ("glue", "get_tables", {"DatabaseName": FOREIGN}),
        ("logs", "delete_log_group", {"logGroupName": f"/aws/lambda/{replayed.stack}/split"}),
        ("cloudformation", "delete_stack", {"StackName": replayed.stack}),
    ]


# What one role may do and the others may not.
OWN = {
    "lambda invoke": {"MachineRole", "CleanUpMachineRole"},
    "sns publish": {"NotifyRole", "SweepRole", "ResumeRole", "ReportAlarmRole"},
    "sagemaker list_endpoints": {"SweepRole"},
    "sagemaker-runtime invoke_endpoint": {"ForecastRole"},
    "sagemaker delete_endpoint": {"CleanUpRole", "CreateEndpointRole", "SweepRole"},
    "sagemaker stop_training_job": {"CleanUpRole", "SweepRole"},
    "sagemaker stop_transform_job": {"CleanUpRole", "SweepRole"},
    "glue start_crawler": {"StartCrawlerRole"},
    "glue delete_partition": {"RetireRole"},
    "stepfunctions start_execution": {"ForecastMachineUploadRole", "HandOverRole", "ResumeRole"},
    "stepfunctions stop_execution": {"SweepRole"},
    "stepfunctions describe_execution": {"GatherRole", "FindRunRole", "ResumeRole"},
    "s3 list_objects_v2": {"SplitRole", "GatherRole", "HandOverRole", "ResumeRole", "RetireRole"},
    "s3 list_object_versions": {"GatherRole", "ResumeRole"},
}


def of_others(replayed: Replay, role: str) -> list[Call]:
    """What is another role's task, on the stack's own resources."""
    job = replayed.payloads["CheckTrainingFunction"]["job_name"]
    partition = {
        "DatabaseName": replayed.outputs["DatabaseName"],
        "TableName": "runs",
        "PartitionValues": [DATASET, NAME],
    }
    calls: list[Call] = [
        ("lambda", "invoke", {"FunctionName": replayed.function("CheckDataFunction")}),
        ("sns", "publish", {"TopicArn": replayed.outputs["TopicArn"], "Message": "abuse"}),
        ("sagemaker", "list_endpoints", {}),
        ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": replayed.endpoint, "Body": "{}"}),
        ("sagemaker", "delete_endpoint", {"EndpointName": replayed.endpoint}),
        ("sagemaker", "stop_training_job", {"TrainingJobName": job}),
        ("sagemaker", "stop_transform_job", {"TransformJobName": f"{replayed.stack}-abuse"}),
        ("glue", "start_crawler", {"Name": replayed.outputs["CrawlerName"]}),
        ("glue", "delete_partition", partition),
        ("stepfunctions", "start_execution", {"stateMachineArn": replayed.outputs["StateMachineArn"]}),
        ("stepfunctions", "stop_execution", {"executionArn": replayed.arn}),
        ("stepfunctions", "describe_execution", {"executionArn": replayed.arn}),
        ("s3", "list_objects_v2", {"Bucket": replayed.outputs["IncomingBucket"]}),
        ("s3", "list_object_versions", {"Bucket": replayed.outputs["IncomingBucket"]}),
    ]
    return [call for call in calls if role not in OWN[f"{call[0]} {call[1]}"]]


def attempted(replayed: Replay, role: str, calls: list[Call]) -> list[str]:
    """What each call is answered in the role's name: an error's code, or `allowed`."""
    name = f"abuse-of-{role}"
    arn = f"arn:aws:iam::123456789012:role/{replayed.physical('AWS::IAM::Role')[role]}"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("abuse.py", CODE)
    client = replayed.client("lambda")
    client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="abuse.handler",
        Role=arn,
        Timeout=60,
        MemorySize=512,
        Code={"ZipFile": archive.getvalue()},
    )
    try:
        answer = client.invoke(FunctionName=name, Payload=json.dumps(calls))
        found = json.loads(answer["Payload"].read())
    finally:
        client.delete_function(FunctionName=name)
    assert "FunctionError" not in answer, found
    return found
