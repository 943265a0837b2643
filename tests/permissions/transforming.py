"""Scenarios of transform jobs, with the grants that they need."""

import contextlib
import functools
import json
from collections.abc import Iterator

from botocore.exceptions import ClientError

from common import keys
from tests.permissions.replay import DATASET, Replay
from tests.support.eventually import eventually

# As in grants.py.
NEEDED = {
    "WriteRequestsRole": {
        "write_requests": """
            s3:GetObject WorkBucket/runs/*/shards/*
            s3:PutObject WorkBucket/runs/*/requests/*""",
    },
    "StartTransformRole": {
        "start_transform": """
            sagemaker:CreateModel sagemaker:model/<stack>-*
            sagemaker:AddTags sagemaker:model/<stack>-*
            sagemaker:CreateTransformJob sagemaker:transform-job/<stack>-*
            sagemaker:AddTags sagemaker:transform-job/<stack>-*
            iam:PassRole EndpointRole""",
    },
    "CheckTransformRole": {"check_transform": "sagemaker:DescribeTransformJob sagemaker:transform-job/<stack>-*"},
    "ForecastRole": {
        "read_answers": """
            s3:ListBucket WorkBucket runs/*/answers/*
            s3:GetObject WorkBucket/runs/*/answers/*""",
    },
    "CleanUpRole": {
        "stop_transform": """
            sagemaker:DescribeTransformJob sagemaker:transform-job/<stack>-*
            sagemaker:StopTransformJob sagemaker:transform-job/<stack>-*""",
    },
    "EndpointRole": {
        "transform": """
            s3:GetObject WorkBucket/runs/*/requests/*
            s3:ListBucket WorkBucket runs/*/requests/*
            s3:PutObject WorkBucket/runs/*/answers/*""",
    },
    "SweepRole": {
        "sweep_transforms": """
            sagemaker:ListTransformJobs *
            sagemaker:ListTags sagemaker:transform-job/<stack>-*
            sagemaker:StopTransformJob sagemaker:transform-job/<stack>-*""",
    },
}


def write_requests(replayed: Replay, function: str = "") -> str:
    return replayed.call("WriteRequestsFunction")[0]


def start_transform(replayed: Replay, function: str = "") -> str:
    refused, answer = replayed.call("StartTransformFunction", execution_name=replayed.new())
    if not refused:
        replayed.transformed = json.loads(answer)["job_name"]
    return refused


def transform(replayed: Replay, function: str = "") -> str:
    """A transform job of the run, from its start to its end."""
    refused = start_transform(replayed)
    if refused:
        return refused
    describe = functools.partial(
        replayed.client("sagemaker").describe_transform_job, TransformJobName=replayed.transformed
    )
    eventually(lambda: describe()["TransformJobStatus"] not in ("InProgress", "Stopping"))
    return describe().get("FailureReason", "")


def check_transform(replayed: Replay, function: str) -> str:
    return replayed.call(function, job_name=replayed.transformed)[0]


def read_answers(replayed: Replay, function: str) -> str:
    return replayed.call(function, endpoint_name="", job_name=replayed.transformed)[0]


def stop_transform(replayed: Replay, function: str) -> str:
    execution = replayed.new()
    with waiting(replayed, execution):
        return replayed.call(function, execution_name=execution)[0]


def sweep_transforms(replayed: Replay, function: str) -> str:
    with waiting(replayed, replayed.new()):
        return replayed.call(function)[0]


@contextlib.contextmanager
def waiting(replayed: Replay, execution: str) -> Iterator[None]:
    """A transform job of this execution, which answers nothing until it is stopped."""
    name, scripted = keys.resource_name(replayed.stack, replayed.run, execution), {"match": f"-{DATASET}-"}
    sagemaker = replayed.client("sagemaker")
    replayed.cloud.faults(scripted=scripted, transform_hangs={"match": name})
    try:
        assert replayed.call("StartTransformFunction", execution_name=execution)[0] == ""
        eventually(lambda: "TransformStartTime" in sagemaker.describe_transform_job(TransformJobName=name))
        yield
    finally:
        replayed.cloud.faults(scripted=scripted)
        with contextlib.suppress(ClientError):  # it has ended, as it should
            sagemaker.stop_transform_job(TransformJobName=name)


def requests_written(replayed: Replay) -> None:
    assert write_requests(replayed) == ""


def transformed(replayed: Replay) -> None:
    requests_written(replayed)
    assert transform(replayed) == ""


BEFORE = {
    "start_transform": requests_written,
    "transform": requests_written,
    "check_transform": transformed,
    "read_answers": transformed,
    "stop_transform": requests_written,
}
SCENARIOS = {
    "write_requests": write_requests,
    "start_transform": start_transform,
    "transform": transform,
    "check_transform": check_transform,
    "read_answers": read_answers,
    "stop_transform": stop_transform,
    "sweep_transforms": sweep_transforms,
}
