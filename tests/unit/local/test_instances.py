"""Training jobs of more than one instance: as many processes, one model, and a job that fails with any of them."""

import io
import json
import tarfile

from local import paths
from tests.support.eventually import eventually
from tests.support.training_jobs import DEADLINE, ended, refused, role, sagemaker, start_job

__all__ = ["role", "sagemaker", "start_job"]

TWO = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 5}


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
