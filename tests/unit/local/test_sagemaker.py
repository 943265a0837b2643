"""SageMaker's words and refusals, with a real training job and a real endpoint of a tiny model."""

import io
import json
import tarfile

import pytest

from local import paths
from tests.support.eventually import eventually
from tests.support.training_jobs import DEADLINE, ended, refused, role, sagemaker, start_job

__all__ = ["role", "sagemaker", "start_job"]


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


def settled(sagemaker, name):
    return eventually(
        lambda: sagemaker.describe_endpoint(EndpointName=name),
        DEADLINE,
        done=lambda endpoint: endpoint["EndpointStatus"] != "Creating",
    )


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
