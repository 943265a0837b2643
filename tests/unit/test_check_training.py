import datetime
import types

import pytest

import check_training
from common import aws

JOB = {
    "TrainingJobName": "j",
    "TrainingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:training-job/j",
    "ModelArtifacts": {"S3ModelArtifacts": "s3://lake/models/j/output/model.tar.gz"},
    "SecondaryStatus": "Training",
    "AlgorithmSpecification": {"TrainingInputMode": "File"},
    "ResourceConfig": {"VolumeSizeInGB": 30},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}


@pytest.fixture
def check(stub, context):
    def call(**job):
        created = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=100)
        answer = JOB | {"CreationTime": created} | job
        stub("sagemaker").add_response("describe_training_job", answer, {"TrainingJobName": "j"})
        return check_training.handler({"run": {"run_id": "r", "dataset": "d"}, "job_name": "j"}, context)

    return call


@pytest.mark.parametrize("status", ["InProgress", "Completed", "Failed", "Stopping", "Stopped", "Deleting"])
def test_the_status_is_sagemakers_own_word(check, status):
    assert check(TrainingJobStatus=status)["status"] == status


def test_a_job_under_way_has_its_age_and_no_model_yet(monkeypatch, context):
    # The Stubber claims that ModelArtifacts is always there; SageMaker leaves it out until the end.
    created = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=100)
    job = {"TrainingJobStatus": "InProgress", "CreationTime": created}
    monkeypatch.setattr(aws, "client", lambda _: types.SimpleNamespace(describe_training_job=lambda **_: job))
    assert check_training.handler({"job_name": "j"}, context) == {
        "job_name": "j",
        "status": "InProgress",
        "reason": "",
        "seconds": pytest.approx(100, abs=60),
        "model_uri": "",
        "train_seconds": 0,
    }


def test_a_finished_job_has_its_model_and_what_is_billed(check):
    result = check(TrainingJobStatus="Completed", BillableTimeInSeconds=61)
    assert result["model_uri"] == "s3://lake/models/j/output/model.tar.gz"
    assert result["train_seconds"] == 61


def test_a_failed_job_gives_sagemakers_reason(check):
    assert check(TrainingJobStatus="Failed", FailureReason="AlgorithmError: boom")["reason"] == "AlgorithmError: boom"


def test_a_job_that_ran_too_long_says_so(check):
    assert (
        "maximum run time of 3600 seconds"
        in check(TrainingJobStatus="Stopped", SecondaryStatus="MaxRuntimeExceeded")["reason"]
    )
