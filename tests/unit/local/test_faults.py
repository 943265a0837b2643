"""Failures on request: which decisions they strike, how often, and in which words."""

import io
import json
import tarfile
import time

import pytest

from local import faults, paths
from stocks.reporting.facts import Evidence
from tests.support.eventually import eventually

DEADLINE = 30
WRITE = """
import boto3, botocore.config
once = botocore.config.Config(retries={"total_max_attempts": 1})
def handler(event, context):
    try:
        boto3.client(event["service"], config=once).__getattribute__(event["call"])(**event["arguments"])
    except Exception as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return "", 200
"""
ALLOWED = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def set_faults(**entries) -> None:
    paths.FAULTS.write_text(json.dumps(entries))


@pytest.fixture(autouse=True)
def no_faults(laptop):
    yield
    set_faults()


def test_a_fault_strikes_what_all_its_texts_describe_and_so_many_times(laptop):
    set_faults(crawl_fails=[{"match": ["a", "b"], "times": 2}, {"match": "c", "n": 3}])
    assert faults.take("crawl_fails", "only a") is None
    assert [bool(faults.take("crawl_fails", "b and a")) for _ in range(3)] == [True, True, False]
    assert [faults.take("crawl_fails", "c") for _ in range(2)] == [{"match": "c", "n": 3}] * 2
    assert faults.take("crawl_stops", "c") is None


@pytest.fixture(scope="module")
def call(laptop, make_function):
    """call(service, operation, **arguments) by a function -> error code and HTTP status"""
    make_function("caller", WRITE, ALLOWED)
    laptop("s3").create_bucket(Bucket="drawer")

    def invoke(service, operation, **arguments):
        event = {"service": service, "call": operation, "arguments": arguments}
        answer = laptop("lambda").invoke(FunctionName="caller", Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    return invoke


THROTTLED = (400, "ThrottlingException")
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:a:b"
TOPIC = "arn:aws:sns:us-east-1:123456789012:t"
CALLS = {
    "caller s3:PUT /drawer/key": ("s3", "put_object", {"Bucket": "drawer", "Key": "key"}, 503, "SlowDown"),
    "caller glue:GetCrawler": ("glue", "get_crawler", {"Name": "x"}, *THROTTLED),
    "caller sagemaker:DescribeModel": ("sagemaker", "describe_model", {"ModelName": "x"}, *THROTTLED),
    "caller sagemaker:InvokeEndpoint": (
        "sagemaker-runtime",
        "invoke_endpoint",
        {"EndpointName": "x", "Body": "{}"},
        *THROTTLED,
    ),
    "caller sns:Publish": ("sns", "publish", {"TopicArn": TOPIC, "Message": "m"}, 400, "Throttling"),
    "caller states:DescribeExecution": (
        "stepfunctions",
        "describe_execution",
        {"executionArn": EXECUTION},
        *THROTTLED,
    ),
}


@pytest.mark.parametrize("what", CALLS)
def test_a_functions_call_is_refused_as_the_service_would(call, what):
    service, operation, arguments, status, code = CALLS[what]
    set_faults(call_fails={"match": what, "status": status, "code": code, "times": 1})
    assert call(service, operation, **arguments) == [code, status]
    assert call(service, operation, **arguments)[0] != code


def test_only_functions_are_refused(laptop, call):
    set_faults(call_fails={"status": 503, "code": "SlowDown"})
    laptop("s3").put_object(Bucket="drawer", Key="mine", Body=b"")
    assert call("s3", "put_object", Bucket="drawer", Key="its")[0] == "SlowDown"


def test_a_function_is_killed_after_its_write_and_another_is_not(laptop, call):
    set_faults(function_dies={"match": ["caller s3:PUT", "drawer/second"], "times": 1})
    assert call("s3", "put_object", Bucket="drawer", Key="first") == ["", 200]
    assert call("s3", "put_object", Bucket="drawer", Key="second")["errorType"] == "Runtime.ExitError"
    assert laptop("s3").head_object(Bucket="drawer", Key="second")["ContentLength"] == 0


def test_a_task_fails_before_its_function_runs_or_after(laptop, execute, make_function):
    source = (
        "import boto3\ndef handler(event, context):\n    boto3.client('s3').put_object(Bucket='drawer', Key=event)\n"
    )
    arn = make_function("keeps", source, ALLOWED)
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": arn, "Payload": "{% $states.input %}"},
        "End": True,
    }
    states = {"Keep": {**task, "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}]}}
    for when in ("before", "after"):
        error = {"error": "Lambda.ServiceException", "after": when == "after", "match": '"Keep"', "times": 2}
        set_faults(task_fails=error)
        described, events = execute(states, "Keep", when, [arn])
        assert (described["status"], described["error"]) == ("FAILED", "Lambda.ServiceException")
        assert [event["type"] for event in events].count("TaskFailed") == 2
    written = [found["Key"] for found in laptop("s3").list_objects_v2(Bucket="drawer")["Contents"]]
    assert ("before" in written, "after" in written) == (False, True)


def test_a_task_fails_no_sooner_than_another_branch_has_come_to_the_state(execute, make_function):
    arn = make_function("quick", "def handler(event, context):\n    pass\n", ALLOWED)
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": arn}}
    slow = {"Pause": {"Type": "Wait", "Seconds": 1, "Next": "Reached"}, "Reached": {"Type": "Wait", "Seconds": 30}}
    slow["Reached"]["End"] = True
    branches = [{"StartAt": "Fail", "States": {"Fail": {**task, "End": True}}}, {"StartAt": "Pause", "States": slow}]
    set_faults(task_fails={"error": "Boom", "after": True, "until": "Reached"})
    described, events = execute({"Both": {"Type": "Parallel", "Branches": branches, "End": True}}, "Both", "", [arn])
    entered = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
    assert (described["error"], entered[-1]) == ("Boom", "Reached")


@pytest.mark.parametrize(("fault", "status"), [("execution_stops", "ABORTED"), ("execution_is_late", "TIMED_OUT")])
def test_an_execution_ends_in_the_state_that_is_meant(laptop, execute, fault, status):
    set_faults(**{fault: {"match": '"Second"', "times": 1}})
    states = {name: {"Type": "Pass", "Next": after} for name, after in (("First", "Second"), ("Second", "Third"))}
    described, events = execute(states | {"Third": {"Type": "Succeed"}}, "First", TimeoutSeconds=60)
    entered = [event["stateEnteredEventDetails"]["name"] for event in events if event["type"].endswith("Entered")]
    assert (described["status"], entered) == (status, ["First", "Second"])


@pytest.fixture(scope="module")
def role(laptop, make_role):
    laptop("s3").create_bucket(Bucket="channel")
    for key in ("shards/0", "sourcedir.tar.gz"):
        laptop("s3").put_object(Bucket="channel", Key=key, Body=b"x")
    return make_role("scripted", "sagemaker.amazonaws.com", {"Effect": "Allow", "Action": "s3:*", "Resource": "*"})


def train(laptop, role: str, name: str) -> dict:
    """The job's description once it has ended."""
    sagemaker = laptop("sagemaker")
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://channel/shards/"}
    sagemaker.create_training_job(
        TrainingJobName=name,
        RoleArn=role,
        AlgorithmSpecification={"TrainingImage": "tensorflow", "TrainingInputMode": "File"},
        HyperParameters={"sagemaker_submit_directory": json.dumps("s3://channel/sourcedir.tar.gz")},
        InputDataConfig=[{"ChannelName": "train", "DataSource": {"S3DataSource": source}}],
        OutputDataConfig={"S3OutputPath": "s3://channel/models"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
    )
    return eventually(
        lambda: sagemaker.describe_training_job(TrainingJobName=name),
        DEADLINE,
        done=lambda job: job["TrainingJobStatus"] != "InProgress",
    )


def test_a_scripted_job_leaves_a_model_that_answers_with_the_last_price(laptop, role):
    set_faults(scripted={"match": "follows"})
    job = train(laptop, role, "follows")
    assert job["TrainingJobStatus"] == "Completed"
    body = laptop("s3").get_object(Bucket="channel", Key="models/follows/output/model.tar.gz")["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        names = {name.removeprefix("./"): name for name in archive.getnames()}
        assert "1/saved_model.pb" in names
        evidence = json.load(archive.extractfile(names["evidence.json"]) or io.BytesIO())
    assert Evidence.__required_keys__ <= evidence.keys(), "Summarize reads all of them"
    serve(laptop, role, "follows", job["ModelArtifacts"]["S3ModelArtifacts"])
    predictions = ask(laptop, "follows", [10.0] * 121)
    assert (len(predictions), len(predictions[0]), len(predictions[0][0])) == (2, 3, 8)
    assert predictions[0][0] == pytest.approx([0, 10, 9.8, 9.87, 10, 10.13, 10.2, 0.01])
    set_faults(invocation_garbles={"match": "follows", "pattern": "10.0", "with": "NaN", "times": 1})
    assert "NaN" in str(ask(laptop, "follows", [10.0] * 120)).replace("nan", "NaN")


def serve(laptop, role: str, name: str, model: str) -> None:
    sagemaker = laptop("sagemaker")
    container = {"Image": "tensorflow-inference", "ModelDataUrl": model}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container)
    variant = {"VariantName": "all", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    eventually(lambda: sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService", DEADLINE)


def ask(laptop, name: str, prices: list[float]) -> list:
    body = json.dumps({"instances": [{"adjclose": prices, "high": prices, "low": prices}]})
    answer = laptop("sagemaker-runtime").invoke_endpoint(EndpointName=name, ContentType="application/json", Body=body)
    return json.loads(answer["Body"].read())["predictions"][0]


def test_a_job_hangs_until_its_limit_and_seems_older(laptop, role):
    set_faults(training_hangs={"match": "hangs", "limit": 0.2, "age": 5000})
    train(laptop, role, "hangs")
    job = eventually(
        lambda: laptop("sagemaker").describe_training_job(TrainingJobName="hangs"),
        DEADLINE,
        done=lambda job: job["TrainingJobStatus"] != "Stopping",
    )
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert time.time() - job["CreationTime"].timestamp() > 5000
