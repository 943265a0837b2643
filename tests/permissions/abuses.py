"""What no role may do: calls in a role's name, made by a function that a test lends the role."""

import io
import json
import zipfile

from tests.permissions.grants import NEEDED, lines
from tests.permissions.replay import Replay

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
FOREIGN = "payroll"  # a topic, function, machine, crawler and database that are none of the stack's

# The kinds of objects that a run has, by bucket.
WORK = (
    "claim.json", "manifest.json", "data.json", "calibration.npz", "rows/", "scaled/", "shards/", "skipped/",
    "baseline/", "source/", "forecasts/", "histograms/", "scores/", "charts/",
)  # fmt: skip
LAKE = ("predictions/", "prices/", "metrics/", "runs/", "models/", "rejected/", "reports/", "athena/")
OPERATIONS = {"get_object": "s3:GetObject", "put_object": "s3:PutObject", "delete_object": "s3:DeleteObject"}

Call = tuple[str, str, dict]


def in_s3(replayed: Replay, role: str) -> list[Call]:
    """Reading, writing and deleting every kind of object that the role's line in the table of grants does not name."""
    granted = {line for block in NEEDED.get(role, {}).values() for line in lines(block)}
    work, lake = (
        f"runs/{replayed.run['run_id']}/",
        f"dataset={replayed.run['dataset']}/run_id={replayed.run['run_id']}/",
    )
    kinds = [("WorkBucket", f"runs/*/{kind}", work + kind) for kind in WORK]
    kinds += [("LakeBucket", kind, kind + lake) for kind in LAKE]
    kinds += [("IncomingBucket", "incoming/", replayed.source["key"])]
    calls = []
    for bucket, pattern, key in kinds:
        for operation, action in OPERATIONS.items():
            lines_of = {f"{action} {bucket}/{pattern}", f"{action} {bucket}/{pattern}*", f"{action} {bucket}/runs/*"}
            if not granted & lines_of:
                name = key if not key.endswith("/") else f"{key}00000"
                calls.append(("s3", operation, {"Bucket": replayed.outputs[bucket], "Key": name}))
    return calls


def anywhere(replayed: Replay) -> list[Call]:
    """What is denied to every role alike."""
    name, region = f"{FOREIGN}-1", "us-east-1:123456789012"
    roles = replayed.physical("AWS::IAM::Role")
    role = f"arn:aws:iam::123456789012:role/{roles['CleanUpRole']}"
    job = replayed.client("sagemaker").describe_training_job(
        TrainingJobName=replayed.payloads["CheckTrainingFunction"]["job_name"]
    )
    training = {
        member: job[member]
        for member in ("AlgorithmSpecification", "OutputDataConfig", "ResourceConfig", "StoppingCondition", "RoleArn")
    }
    container = {"Image": "image", "ModelDataUrl": replayed.payloads["CreateEndpointFunction"]["model_uri"]}
    variant = {"VariantName": "all", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    ours = f"{replayed.stack}-abuse"
    incoming = {"Bucket": replayed.outputs["IncomingBucket"], "Key": replayed.source["key"]}
    return [
        ("iam", "list_roles", {}),
        ("iam", "get_role_policy", {"RoleName": roles["SplitRole"], "PolicyName": "split"}),
        ("iam", "put_role_policy", {"RoleName": roles["CleanUpRole"], "PolicyName": "all", "PolicyDocument": "{}"}),
        ("sts", "assume_role", {"RoleArn": role, "RoleSessionName": "abuse"}),
        ("s3", "list_buckets", {}),
        ("s3", "list_objects_v2", {"Bucket": replayed.outputs["IncomingBucket"]}),
        ("s3", "list_objects_v2", {"Bucket": replayed.outputs["WorkBucket"]}),
        ("s3", "list_objects_v2", {"Bucket": replayed.outputs["LakeBucket"]}),
        ("s3", "list_objects_v2", {"Bucket": replayed.foreign}),
        ("s3", "get_object", {"Bucket": replayed.foreign, "Key": "key"}),
        ("s3", "put_object", {"Bucket": replayed.foreign, "Key": "key"}),
        ("s3", "delete_object", {**incoming, "VersionId": replayed.source["version_id"]}),
        ("s3", "delete_bucket", {"Bucket": replayed.outputs["LakeBucket"]}),
        ("s3", "put_bucket_policy", {"Bucket": replayed.outputs["LakeBucket"], "Policy": "{}"}),
        ("sns", "publish", {"TopicArn": f"arn:aws:sns:{region}:{FOREIGN}", "Message": "abuse"}),
        ("sns", "subscribe", {"TopicArn": replayed.outputs["TopicArn"], "Protocol": "sqs", "Endpoint": FOREIGN}),
        ("sqs", "receive_message", {"QueueUrl": replayed.outputs["DeadLetterQueueUrl"]}),
        ("sqs", "send_message", {"QueueUrl": replayed.outputs["DeadLetterQueueUrl"], "MessageBody": "abuse"}),
        ("lambda", "invoke", {"FunctionName": FOREIGN}),
        ("lambda", "update_function_configuration", {"FunctionName": replayed.function("SplitFunction"), "Timeout": 3}),
        ("stepfunctions", "start_execution", {"stateMachineArn": f"arn:aws:states:{region}:stateMachine:{FOREIGN}"}),
        ("stepfunctions", "stop_execution", {"executionArn": replayed.arn}),
        (
            "stepfunctions",
            "describe_execution",
            {"executionArn": f"arn:aws:states:{region}:execution:{FOREIGN}:{name}"},
        ),
        ("sagemaker", "create_training_job", {"TrainingJobName": name, **training}),
        ("sagemaker", "create_training_job", {"TrainingJobName": ours, **training, "RoleArn": role}),
        ("sagemaker", "stop_training_job", {"TrainingJobName": name}),
        (
            "sagemaker",
            "create_model",
            {"ModelName": name, "ExecutionRoleArn": job["RoleArn"], "PrimaryContainer": container},
        ),
        (
            "sagemaker",
            "create_model",
            {"ModelName": ours, "ExecutionRoleArn": job["RoleArn"], "PrimaryContainer": container},
        ),
        ("sagemaker", "create_endpoint_config", {"EndpointConfigName": name, "ProductionVariants": [variant]}),
        ("sagemaker", "create_endpoint", {"EndpointName": name, "EndpointConfigName": replayed.endpoint}),
        ("sagemaker", "create_endpoint", {"EndpointName": ours, "EndpointConfigName": name}),
        ("sagemaker", "describe_endpoint", {"EndpointName": name}),
        ("sagemaker", "delete_endpoint", {"EndpointName": name}),
        ("sagemaker", "delete_model", {"ModelName": name}),
        ("sagemaker", "delete_endpoint_config", {"EndpointConfigName": name}),
        ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": name, "Body": "{}"}),
        ("glue", "start_crawler", {"Name": FOREIGN}),
        ("glue", "stop_crawler", {"Name": replayed.outputs["CrawlerName"]}),
        ("glue", "update_crawler", {"Name": replayed.outputs["CrawlerName"], "Role": role}),
        ("glue", "delete_database", {"Name": replayed.outputs["DatabaseName"]}),
        ("glue", "delete_table", {"DatabaseName": replayed.outputs["DatabaseName"], "Name": "runs"}),
        ("glue", "get_tables", {"DatabaseName": FOREIGN}),
        ("logs", "delete_log_group", {"logGroupName": f"/aws/lambda/{replayed.stack}/split"}),
        ("cloudformation", "delete_stack", {"StackName": replayed.stack}),
    ]


# What one role may do and the others may not.
OWN = {
    "lambda invoke": {"MachineRole", "CleanUpMachineRole"},
    "sns publish": {"NotifyRole", "SweepRole", "ReportAlarmRole"},
    "sagemaker list_endpoints": {"SweepRole"},
    "sagemaker-runtime invoke_endpoint": {"ForecastRole"},
    "sagemaker delete_endpoint": {"CleanUpRole", "SweepRole"},
    "sagemaker stop_training_job": {"CleanUpRole", "SweepRole"},
    "glue start_crawler": {"StartCrawlerRole"},
    "stepfunctions start_execution": {"ForecastMachineUploadRole"},
    "stepfunctions describe_execution": {"SplitRole", "FindRunRole"},
}


def of_others(replayed: Replay, role: str) -> list[Call]:
    """What is another role's task, on the stack's own resources."""
    job = replayed.payloads["CheckTrainingFunction"]["job_name"]
    calls: list[Call] = [
        ("lambda", "invoke", {"FunctionName": replayed.function("CheckDataFunction")}),
        ("sns", "publish", {"TopicArn": replayed.outputs["TopicArn"], "Message": "abuse"}),
        ("sagemaker", "list_endpoints", {}),
        ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": replayed.endpoint, "Body": "{}"}),
        ("sagemaker", "delete_endpoint", {"EndpointName": replayed.endpoint}),
        ("sagemaker", "stop_training_job", {"TrainingJobName": job}),
        ("glue", "start_crawler", {"Name": replayed.outputs["CrawlerName"]}),
        ("stepfunctions", "start_execution", {"stateMachineArn": replayed.outputs["StateMachineArn"]}),
        ("stepfunctions", "describe_execution", {"executionArn": replayed.arn}),
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
