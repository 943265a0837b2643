"""SageMaker's words and refusals, with a real training job and a real endpoint of a tiny model."""

import io
import json
import tarfile

import pytest
from botocore.exceptions import ClientError

from local import paths
from tests.support.eventually import eventually

DEADLINE = 90
TWO = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 5}
ROLE_NEEDS = [
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::work/*"},
    {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::work"},
    {"Effect": "Allow", "Action": "logs:*", "Resource": "*"},
]
TRAIN = """
import argparse, json, os, sys, time
parser = argparse.ArgumentParser()
parser.add_argument("--task", default="save")
task = parser.parse_known_args()[0].task
own = os.environ["SM_CURRENT_HOST"]
first, last = json.loads(os.environ["SM_HOSTS"])[0], json.loads(os.environ["SM_HOSTS"])[-1]
print(f"channel holds {os.listdir(os.environ['SM_CHANNEL_TRAIN'])}")
print("epoch 1 loss=0.5\\nepoch 2 loss=0.25")
if task == "fail":
    raise ValueError("too few rows for AAPL")
if task == "sleep":
    time.sleep(60)
if task == "die":
    if own == last:
        sys.exit("RuntimeError: the last host dies")
    time.sleep(60)
if task == "share":
    print(f"host {own} of {os.environ['SM_HOSTS']} in {os.environ['SM_MODEL_DIR']}")
    open(os.path.join(os.environ["SM_MODEL_DIR"], f"of-{own}.txt"), "w").write(own)
    os.makedirs(os.path.join(os.environ["SM_MODEL_DIR"], "common"), exist_ok=True)
    open(os.path.join(os.environ["SM_MODEL_DIR"], "common", own), "w").write(own)
    sys.exit(0)
import tensorflow as tf
spec = [tf.TensorSpec([None, None], tf.float32, name=name) for name in ("high", "low")]
module = tf.Module()
module.serve = tf.function(lambda high, low: {"prices": tf.stack([high, low], -1)}, input_signature=spec)
tf.saved_model.save(module, os.path.join(os.environ["SM_MODEL_DIR"], "1"), signatures=module.serve)
"""


@pytest.fixture(scope="module")
def role(laptop, make_role):
    """A role for SageMaker, and the bucket it reads: a channel and the sourcedir."""
    s3, source = laptop("s3"), io.BytesIO()
    s3.create_bucket(Bucket="work")
    with tarfile.open(fileobj=source, mode="w:gz") as archive:
        entry = tarfile.TarInfo("train.py")
        entry.size = len(TRAIN)
        archive.addfile(entry, io.BytesIO(TRAIN.encode()))
    s3.put_object(Bucket="work", Key="source/sourcedir.tar.gz", Body=source.getvalue())
    s3.put_object(Bucket="work", Key="shards/00000.npz", Body=b"x")
    return make_role("trainer", "sagemaker.amazonaws.com", *ROLE_NEEDS)


@pytest.fixture(scope="module")
def sagemaker(laptop):
    return laptop("sagemaker")


@pytest.fixture(scope="module")
def start_job(sagemaker, role):
    def start(name, task="save", seconds=600, **changes):
        parameters = {
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": "s3://work/source/sourcedir.tar.gz",
            "sagemaker_region": "us-east-1",
            "sagemaker_container_log_level": 20,
            "task": task,
        }
        source = {"S3DataType": "S3Prefix", "S3Uri": "s3://work/shards/", "S3DataDistributionType": "FullyReplicated"}
        request = {
            "TrainingJobName": name,
            "RoleArn": role,
            "AlgorithmSpecification": {
                "TrainingImage": "tensorflow-training",
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+)"}],
            },
            "HyperParameters": {key: json.dumps(value) for key, value in parameters.items()},
            "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}],
            "OutputDataConfig": {"S3OutputPath": "s3://work/models"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
            "StoppingCondition": {"MaxRuntimeInSeconds": seconds},
        }
        return sagemaker.create_training_job(**{**request, **changes})

    return start


@pytest.fixture(scope="module")
def trained(sagemaker, start_job):
    start_job("trained")
    return ended(sagemaker, "trained")


def create_endpoint(sagemaker, role, name, model_uri):
    """The model, the endpoint config and the endpoint, all of one name."""
    container = {"Image": "tensorflow-inference", "ModelDataUrl": model_uri}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container)
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": name,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)


@pytest.fixture(scope="module")
def endpoint(laptop, sagemaker, role, trained):
    """The name of an endpoint in service, made while this was checked: it cannot be deleted before."""
    create_endpoint(sagemaker, role, "tiny", trained["ModelArtifacts"]["S3ModelArtifacts"])
    assert sagemaker.describe_endpoint(EndpointName="tiny")["EndpointStatus"] == "Creating"
    refused(sagemaker.delete_endpoint, "ValidationException", "Cannot update in-progress endpoint", EndpointName="tiny")
    served = settled(sagemaker, "tiny")
    assert served["EndpointStatus"] == "InService"
    assert served["ProductionVariants"][0]["DeployedImages"] == [{"SpecifiedImage": "tensorflow-inference"}]
    return "tiny"


def ended(sagemaker, name):
    return eventually(
        lambda: sagemaker.describe_training_job(TrainingJobName=name),
        DEADLINE,
        done=lambda job: job["TrainingJobStatus"] not in ("InProgress", "Stopping"),
    )


def settled(sagemaker, name):
    return eventually(
        lambda: sagemaker.describe_endpoint(EndpointName=name),
        DEADLINE,
        done=lambda endpoint: endpoint["EndpointStatus"] != "Creating",
    )


def refused(call, code, message, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    assert error["Code"] == code
    assert message in error["Message"]
    return caught.value.response


def test_a_completed_job_shows_every_step_and_where_its_model_is(laptop, trained):
    assert trained["TrainingJobStatus"] == trained["SecondaryStatus"] == "Completed"
    steps = [step["Status"] for step in trained["SecondaryStatusTransitions"]]
    assert steps == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert trained["ModelArtifacts"]["S3ModelArtifacts"] == "s3://work/models/trained/output/model.tar.gz"
    assert trained["BillableTimeInSeconds"] == trained["TrainingTimeInSeconds"]
    assert [(metric["MetricName"], metric["Value"]) for metric in trained["FinalMetricDataList"]] == [("loss", 0.25)]
    body = laptop("s3").get_object(Bucket="work", Key="models/trained/output/model.tar.gz")["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        assert "1/saved_model.pb" in archive.getnames()
    assert "channel holds ['00000.npz']" in (paths.LOGS / "training-trained.log").read_text()


def test_two_instances_are_two_processes_with_folders_and_logs_of_their_own(laptop, sagemaker, start_job):
    start_job("shared", "share", ResourceConfig=TWO)
    job = ended(sagemaker, "shared")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["ResourceConfig"]["InstanceCount"] == 2
    body = laptop("s3").get_object(Bucket="work", Key="models/shared/output/model.tar.gz")["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        files = {entry.name: archive.extractfile(entry).read().decode() for entry in archive if entry.isfile()}
    addresses = ["127.0.0.1", "127.0.0.2"]
    assert files == {f"{where}": own for own in addresses for where in (f"of-{own}.txt", f"common/{own}")}
    streams = laptop("logs").describe_log_streams(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix="shared/"
    )["logStreams"]
    assert [stream["logStreamName"].rpartition("-")[0] for stream in streams] == ["shared/algo-1", "shared/algo-2"]
    logs = [paths.LOGS / "training-shared.log", paths.LOGS / "training-shared-algo-2.log"]
    for own, log in zip(addresses, logs, strict=True):
        said = log.read_text()
        assert f'host {own} of ["127.0.0.1","127.0.0.2"]' in said.replace(", ", ",")
        assert f"shared/algo-{own[-1]}/model" in said
        assert "channel holds ['00000.npz']" in said


def test_an_instance_that_dies_ends_the_others_and_fails_the_job_with_its_reason(sagemaker, start_job):
    start_job("dying", "die", ResourceConfig=TWO | {"InstanceCount": 3})
    job = ended(sagemaker, "dying")
    assert job["TrainingJobStatus"] == "Failed"
    assert "the last host dies" in job["FailureReason"]
    records = [json.loads(file.read_text())["what"] for file in paths.CHILDREN.glob("*.json")]
    assert [what for what in records if "training dying" in what] == []


def test_a_stop_ends_every_instance(sagemaker, start_job):
    start_job("stopped-together", "sleep", ResourceConfig=TWO)
    eventually(lambda: "epoch 2" in _said("stopped-together-algo-2"), DEADLINE)
    sagemaker.stop_training_job(TrainingJobName="stopped-together")
    assert ended(sagemaker, "stopped-together")["TrainingJobStatus"] == "Stopped"
    records = [json.loads(file.read_text())["what"] for file in paths.CHILDREN.glob("*.json")]
    assert [what for what in records if "training stopped-together" in what] == []


def test_more_instances_than_the_account_may_have_are_refused(sagemaker, start_job):
    paths.FAULTS.write_text(json.dumps({"training_hangs": {"match": "half"}}))
    start_job("half", ResourceConfig=TWO | {"InstanceCount": 12})
    words = "is 20 Instances, with current utilization of 12 Instances and a request delta of 9 Instances"
    refused(start_job, "ResourceLimitExceeded", words, name="too-many", ResourceConfig=TWO | {"InstanceCount": 9})
    sagemaker.stop_training_job(TrainingJobName="half")
    assert ended(sagemaker, "half")["TrainingJobStatus"] == "Stopped"
    paths.FAULTS.unlink()
    start_job("all", "share", ResourceConfig=TWO | {"InstanceCount": 3, "InstanceType": "ml.c5.xlarge"})
    assert ended(sagemaker, "all")["TrainingJobStatus"] == "Completed"


def _said(job):
    log = paths.LOGS / f"training-{job}.log"
    return log.read_text() if log.exists() else ""


def test_a_jobs_name_is_used_once(start_job, trained):
    refused(start_job, "ResourceInUse", "a training job with this name already exists", name="trained")


def test_a_failed_job_carries_the_exceptions_text(sagemaker, start_job):
    start_job("failing", "fail")
    job = ended(sagemaker, "failing")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: ")
    assert "ValueError: too few rows for AAPL" in job["FailureReason"]


def test_a_job_ends_when_it_is_stopped_or_takes_too_long(sagemaker, start_job):
    start_job("late", "sleep", seconds=1)
    start_job("stopped", "sleep")
    sagemaker.stop_training_job(TrainingJobName="stopped")
    assert sagemaker.describe_training_job(TrainingJobName="stopped")["TrainingJobStatus"] in ("Stopping", "Stopped")
    assert ended(sagemaker, "stopped")["TrainingJobStatus"] == "Stopped"
    late = ended(sagemaker, "late")
    assert (late["TrainingJobStatus"], late["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    refused(sagemaker.stop_training_job, "ValidationException", "is in status Stopped", TrainingJobName="late")


def test_failures_on_request(sagemaker, start_job):
    paths.FAULTS.write_text(
        json.dumps({"training_limit": {"quota": 0, "times": 1}, "training_fails": {"reason": "boom"}})
    )
    refused(start_job, "ResourceLimitExceeded", "'ml.m5.large for training job usage' is 0 Instances", name="asked")
    start_job("asked")
    reason = ended(sagemaker, "asked")["FailureReason"]
    paths.FAULTS.unlink()
    assert reason == "AlgorithmError: boom"


def test_a_job_that_hangs_on_request_waits_for_its_stop_or_its_limit(sagemaker, start_job):
    paths.FAULTS.write_text(json.dumps({"training_hangs": {}}))
    start_job("hanging")
    start_job("hanging-too-long", seconds=1)
    late = ended(sagemaker, "hanging-too-long")
    assert (late["TrainingJobStatus"], late["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert sagemaker.describe_training_job(TrainingJobName="hanging")["TrainingJobStatus"] == "InProgress"
    sagemaker.stop_training_job(TrainingJobName="hanging")
    stopped = ended(sagemaker, "hanging")
    paths.FAULTS.unlink()
    assert (stopped["TrainingJobStatus"], stopped["SecondaryStatus"]) == ("Stopped", "Stopped")


def test_what_is_missing_is_reported_in_awss_words(sagemaker, role):
    missing = "ValidationException"
    refused(sagemaker.describe_training_job, missing, "Requested resource not found.", TrainingJobName="none")
    refused(sagemaker.describe_endpoint, missing, 'Could not find endpoint "arn:', EndpointName="none")
    refused(sagemaker.delete_endpoint, missing, 'Could not find endpoint "arn:', EndpointName="none")
    refused(sagemaker.delete_model, missing, 'Could not find model "arn:', ModelName="none")
    refused(
        sagemaker.delete_endpoint_config, missing, "Could not find endpoint configuration", EndpointConfigName="none"
    )
    container = {"Image": "i", "ModelDataUrl": "s3://work/none.tar.gz"}
    refused(sagemaker.create_model, missing, "Could not find model data at", ModelName="m", ExecutionRoleArn=role,
            PrimaryContainer=container)  # fmt: skip


def test_requests_are_held_against_the_service_model(sagemaker, start_job):
    refused(start_job, "ValidationException", "at 'trainingJobName' failed to satisfy constraint", name="a_b")
    wrong = {"InstanceType": "ml.m5.tiny", "InstanceCount": 1, "VolumeSizeInGB": 5}
    refused(start_job, "ValidationException", "Member must satisfy enum value set", name="a", ResourceConfig=wrong)


def test_a_role_that_sagemaker_may_not_assume_is_refused(start_job, make_role):
    role = make_role("not-for-sagemaker", "lambda.amazonaws.com")
    refused(start_job, "ValidationException", "Could not assume role", name="a", RoleArn=role)


def test_iam_checks_the_action_the_tags_and_the_passed_role(laptop, make_function, role):
    source = f"""
import boto3
def handler(event, context):
    try:
        boto3.client("sagemaker").create_model(ModelName="mine", ExecutionRoleArn="{role}",
            PrimaryContainer={{"Image": "i", "ModelDataUrl": "s3://work/none.tar.gz"}}, **event)
    except Exception as error:
        return str(error)
"""
    model = "arn:aws:sagemaker:us-east-1:123456789012:model/mine"
    create = {"Effect": "Allow", "Action": "sagemaker:CreateModel", "Resource": model}
    service = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    other = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    passes = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": role, "Condition": service}

    def outcome(name, event, *statements):
        make_function(name, source, *statements)
        return json.loads(laptop("lambda").invoke(FunctionName=name, Payload=json.dumps(event))["Payload"].read())

    tags = {"Tags": [{"Key": "run", "Value": "r"}]}
    assert "not authorized to perform: sagemaker:CreateModel" in outcome("no-action", {})
    assert "not authorized to perform: iam:PassRole" in outcome("no-pass", {}, create)
    assert "not authorized to perform: iam:PassRole" in outcome("other", {}, create, {**passes, "Condition": other})
    assert "not authorized to perform: sagemaker:AddTags" in outcome("no-tags", tags, create, passes)
    assert "Could not find model data" in outcome("allowed", {}, create, passes)


def test_an_endpoint_answers_rows_and_refuses_what_tf_serving_refuses(laptop, endpoint):
    runtime = laptop("sagemaker-runtime")

    def invoke(request, kind="application/json"):
        return runtime.invoke_endpoint(EndpointName=endpoint, Body=json.dumps(request), ContentType=kind)

    row = {"high": [1.5, 2.0], "low": [1.0, 2.0]}
    answer = invoke({"instances": [row]})
    assert answer["ContentType"] == "application/json"
    assert json.loads(answer["Body"].read()) == {"predictions": [[[1.5, 1.0], [2.0, 2.0]]]}
    error = refused(
        invoke,
        "ModelError",
        "Received client error (400) from primary",
        request={"instances": [{**row, "low": [None, 1.0]}]},
    )
    assert error["OriginalStatusCode"] == 400
    assert "Null is not of expected type: float" in error["OriginalMessage"]
    error = refused(invoke, "ModelError", "415", request={"instances": [row]}, kind="application/json; charset=utf-8")
    assert error["OriginalStatusCode"] == 415


def test_a_deleted_endpoint_is_gone_with_its_process(laptop, sagemaker, endpoint):
    sagemaker.delete_endpoint(EndpointName=endpoint)
    eventually(lambda: not sagemaker.list_endpoints()["Endpoints"], DEADLINE)
    invoke = laptop("sagemaker-runtime").invoke_endpoint
    refused(invoke, "ValidationError", "not found", EndpointName=endpoint, Body=b"{}")
    assert not [file for file in paths.CHILDREN.glob("*.json") if "endpoint" in file.read_text()]


def test_an_endpoint_without_a_model_fails_with_a_reason(laptop, sagemaker, role):
    empty = io.BytesIO()
    tarfile.open(fileobj=empty, mode="w:gz").close()
    laptop("s3").put_object(Bucket="work", Key="empty.tar.gz", Body=empty.getvalue())
    create_endpoint(sagemaker, role, "empty", "s3://work/empty.tar.gz")
    found = settled(sagemaker, "empty")
    assert found["EndpointStatus"] == "Failed"
    assert "did not pass the ping health check" in found["FailureReason"]
