"""What runs leave behind on the laptop cloud holds no secret, but for the link in the message meant to have it."""

import gzip
import io
import json
import re
import tarfile

import pytest

from tests.support import secret_patterns
from tests.support.cloud import as_csv

LINK = re.compile(r"https?://\S+[?&]X-Amz-Algorithm=\S+")


@pytest.fixture(scope="module")
def runs(cloud, few):
    """A run that succeeded and one that was rejected."""
    cloud.faults(scripted={"match": "-secrets-"})
    arns = [
        cloud.upload("incoming/secrets/prices.csv", as_csv(few)),
        cloud.upload("incoming/secrets/broken.csv", b"ticker,quarter,price\nA,2024Q1,1\n"),
    ]
    assert [cloud.ended(arn)["status"] for arn in arns] == ["SUCCEEDED", "FAILED"]
    cloud.faults()
    return arns


def unpacked(body: bytes) -> str:
    """The text of an object; archives are opened, binary formats read as far as they are text."""
    if body[:2] == b"\x1f\x8b":
        body = gzip.decompress(body)
        if tarfile.is_tarfile(io.BytesIO(body)):
            with tarfile.open(fileobj=io.BytesIO(body)) as archive:
                parts = [archive.extractfile(member) for member in archive.getmembers() if member.isfile()]
                body = b"\n".join(part.read() for part in parts if part)
    return body.decode(errors="replace")


def test_the_logs_of_all_processes_hold_none(cloud, runs):
    logs = [file for file in (cloud.state / "logs").iterdir() if file.name != "notifications.log"]
    assert any("SplitFunction" in file.name for file in logs)
    assert {
        file.name: kinds for file in logs if (kinds := secret_patterns.found(file.read_text(errors="replace")))
    } == {}


def test_the_logs_in_cloudwatch_hold_none(cloud, runs):
    logs, read = cloud.client("logs"), 0
    for group in logs.get_paginator("describe_log_groups").paginate().search("logGroups[].logGroupName"):
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
            for event in page["events"]:
                assert secret_patterns.found(event["message"]) == [], group
                read += 1
    assert read > 10


def test_a_notification_holds_the_link_and_nothing_else(cloud, runs):
    text = (cloud.state / "logs" / "notifications.log").read_text()
    assert LINK.search(text), "the link belongs there"
    assert secret_patterns.found(LINK.sub("", text)) == []


def test_no_object_of_any_bucket_holds_one(cloud, runs):
    s3, read = cloud.client("s3"), 0
    for bucket in ("WorkBucket", "LakeBucket", "IncomingBucket"):
        for key in cloud.keys(bucket, ""):
            body = s3.get_object(Bucket=cloud.outputs()[bucket], Key=key)["Body"].read()
            assert secret_patterns.found(key + "\n" + unpacked(body)) == [], key
            read += 1
    assert read > 20


def test_no_execution_holds_one(cloud, runs):
    for arn in runs:
        described = cloud.client("stepfunctions").describe_execution(executionArn=arn)
        assert secret_patterns.found(json.dumps([described, cloud.history(arn)], default=str)) == []


def test_no_function_is_given_one(cloud, runs):
    functions = cloud.client("lambda").list_functions()["Functions"]
    assert len(functions) > 10
    for function in functions:
        assert secret_patterns.found(json.dumps(function["Environment"])) == [], function["FunctionName"]


def test_no_resource_of_sagemaker_holds_one(cloud, runs):
    sagemaker = cloud.client("sagemaker")
    jobs = [job["TrainingJobName"] for job in sagemaker.list_training_jobs()["TrainingJobSummaries"]]
    assert jobs
    for job in jobs:
        assert (
            secret_patterns.found(json.dumps(sagemaker.describe_training_job(TrainingJobName=job), default=str)) == []
        )
