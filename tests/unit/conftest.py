"""A Lambda's environment without AWS: settings, a context, and clients that answer what a test scripts."""

import contextlib

import boto3
import botocore.stub
import moto
import pytest

from common import aws
from tests.support import memory_s3
from tests.support.lambda_environment import CONTEXT, ENVIRONMENT
from tests.support.sagemaker import SageMaker, answering


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
    return CONTEXT


@pytest.fixture
def buckets():
    """moto's AWS with the stack's buckets."""
    with moto.mock_aws():
        s3 = boto3.client("s3")
        for bucket in ("incoming", "work", "lake"):
            s3.create_bucket(Bucket=bucket)
        yield s3


@pytest.fixture
def s3(monkeypatch):
    """S3 in memory, which every step gets; its clock is the test's."""
    fake = memory_s3.S3()
    give(monkeypatch, "s3", fake)
    return fake


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


@pytest.fixture
def logs(monkeypatch):
    """moto's CloudWatch Logs, which every step gets."""
    with moto.mock_aws():
        client = boto3.client("logs")
        give(monkeypatch, "logs", client)
        yield client


def give(monkeypatch, service, client):
    """Let every step get this client of the service."""
    others = aws.client
    monkeypatch.setattr(aws, "client", lambda name: client if name == service else others(name))
