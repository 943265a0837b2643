"""A Lambda's environment without AWS: settings, a context, and clients that answer what a test scripts."""

import contextlib
import functools
import types

import boto3
import botocore.loaders
import botocore.stub
import moto
import pytest

from common import aws
from tests.support.sagemaker import SageMaker, answering

# moto gives each test a new session; without this every one of them reads AWS's models again, for a tenth of a second.
botocore.loaders.create_loader = functools.cache(botocore.loaders.create_loader)

ENVIRONMENT = {
    "STACK_NAME": "stocks",
    "WORK_BUCKET": "work",
    "LAKE_BUCKET": "lake",
    "TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:runs",
    "CRAWLER_NAME": "stocks-crawler",
    "TRAINING_IMAGE": "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2",
    "INFERENCE_IMAGE": "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2",
    "TRAINING_ROLE_ARN": "arn:aws:iam::123456789012:role/training",
    "ENDPOINT_ROLE_ARN": "arn:aws:iam::123456789012:role/endpoint",
    "TRAINING_INSTANCE_TYPE": "ml.m5.large",
    "ENDPOINT_INSTANCE_TYPE": "ml.m5.large",
    "ENDPOINT_INSTANCE_COUNT": "1",
    "TRAINING_MAX_SECONDS": "3600",
    "TEST_FRACTION": "0.2",
    "BAD_ROW_TOLERANCE": "0.01",
    "SHARD_KILOBYTES": "16384",
    "REPORT_LINK_HOURS": "12",
    "KMS_KEY_ARN": "",
    "SWEEP_AFTER_HOURS": "12",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    aws.client.cache_clear()
    yield
    with contextlib.suppress(AttributeError):  # a test may have replaced the function
        aws.client.cache_clear()


@pytest.fixture
def context():
    """What Lambda passes beside the event."""
    return types.SimpleNamespace(
        function_name="step",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:step",
        aws_request_id="7f3c",
    )


@pytest.fixture
def buckets():
    """moto's AWS with the stack's buckets."""
    with moto.mock_aws():
        s3 = boto3.client("s3")
        for bucket in ("incoming", "work", "lake"):
            s3.create_bucket(Bucket=bucket)
        yield s3


@pytest.fixture
def topic(stub):
    """topic() lets a step publish one message more and gives the list of what was published."""
    told, stubber = [], []

    def expect():
        if not stubber:
            stubber.append(stub("sns"))
            stubber[0].client.meta.events.register(
                "provide-client-params.sns.Publish", lambda params, **_: told.append(dict(params))
            )
        stubber[0].add_response("publish", {"MessageId": "1"})
        return told

    return expect


@pytest.fixture
def stub(monkeypatch):
    """stub("glue") is a Stubber whose client every step gets: it answers in the scripted order."""
    stubbers = {}

    def make(service):
        stubber = botocore.stub.Stubber(boto3.client(service))
        stubber.activate()
        stubbers[service] = stubber
        give(monkeypatch, service, stubber.client)
        return stubber

    yield make
    for stubber in stubbers.values():
        stubber.assert_no_pending_responses()


@pytest.fixture
def sagemaker(monkeypatch):
    """SageMaker with a memory, which every step asks."""
    fake = SageMaker()
    with answering(fake) as client:
        give(monkeypatch, "sagemaker", client)
        yield fake


def give(monkeypatch, service, client):
    """Let every step get this client of the service."""
    others = aws.client
    monkeypatch.setattr(aws, "client", lambda name: client if name == service else others(name))
