"""Scenarios of training jobs."""

import contextlib
import functools
import io
import json
import tarfile
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from common import keys
from tests.permissions import leases
from tests.permissions.replay import Replay
from tests.support.eventually import eventually


def train(replayed: Replay, function: str = "") -> str:
    leases.lead(replayed)
    refused, answer = replayed.call("StartTrainingFunction", execution_name=replayed.new())
    if refused:
        return refused
    name = json.loads(answer)["job_name"]
    describe = functools.partial(replayed.client("sagemaker").describe_training_job, TrainingJobName=name)
    eventually(lambda: describe()["TrainingJobStatus"] not in ("InProgress", "Stopping"))
    return describe().get("FailureReason", "")


def stop_training(replayed: Replay, function: str) -> str:
    run, execution = {**replayed.run, "dataset": "waiting"}, replayed.new()
    with waiting_job(replayed, run, execution):
        return replayed.call(function, run=run, execution_name=execution)[0]


@contextlib.contextmanager
def waiting_job(replayed: Replay, run: Any, execution: str) -> Iterator[None]:
    """A job whose code only waits; its dataset's name keeps it from following the script."""
    sagemaker, name = replayed.client("sagemaker"), keys.resource_name(replayed.stack, run, execution)
    like = sagemaker.describe_training_job(TrainingJobName=replayed.payloads["CheckTrainingFunction"]["job_name"])
    members = sagemaker.meta.service_model.operation_model("CreateTrainingJob").input_shape.members
    request = {member: like[member] for member in members if member in like}
    request["HyperParameters"] |= {"sagemaker_submit_directory": json.dumps(waiting_source(replayed))}
    tags = [{"Key": "Stack", "Value": replayed.stack}]
    sagemaker.create_training_job(**request | {"TrainingJobName": name, "Tags": tags})
    eventually(lambda: sagemaker.describe_training_job(TrainingJobName=name)["SecondaryStatus"] == "Training")
    try:
        yield
    finally:
        with contextlib.suppress(ClientError):  # it has ended, as it should
            sagemaker.stop_training_job(TrainingJobName=name)


def waiting_source(replayed: Replay) -> str:
    archive, code = io.BytesIO(), b"import time\ntime.sleep(600)\n"
    with tarfile.open(fileobj=archive, mode="w:gz") as content:
        member = tarfile.TarInfo("train.py")
        member.size = len(code)
        content.addfile(member, io.BytesIO(code))
    bucket, key = replayed.outputs["WorkBucket"], keys.work(replayed.run["run_id"], "source/waiting.tar.gz")
    replayed.client("s3").put_object(Bucket=bucket, Key=key, Body=archive.getvalue())
    return f"s3://{bucket}/{key}"
