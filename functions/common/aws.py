"""The only module that makes boto3 clients."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient

CONNECTIONS = 16  # that a step may have open at once, when it reads many small objects
# A service that is silent is told of before the function's own time is up: the shortest has 30 seconds.
_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 2},
    connect_timeout=3,
    read_timeout=8,
    max_pool_connections=CONNECTIONS,
)
_OWN = {
    # A link must name the bucket's own region and be signed for it; botocore's defaults do neither.
    "s3": Config(
        retries={"mode": "standard", "max_attempts": 5},
        read_timeout=20,
        signature_version="s3v4",
        s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
    ),
    # SageMaker gives a container 60 seconds to answer, and says so itself.
    "sagemaker-runtime": Config(retries={"mode": "standard", "max_attempts": 5}, read_timeout=70),
}


def s3() -> S3Client:
    return client("s3")


def sagemaker() -> SageMakerClient:
    return client("sagemaker")


def runtime() -> SageMakerRuntimeClient:
    """Of the endpoints that SageMaker serves."""
    return client("sagemaker-runtime")


def glue() -> GlueClient:
    return client("glue")


def quotas() -> Any:
    """Of the account, for each service."""
    return client("service-quotas")


def functions() -> Any:
    """Of Lambda."""
    return client("lambda")


def sns() -> SNSClient:
    return client("sns")


def logs() -> Any:
    return client("logs")


def cloudformation() -> Any:
    return client("cloudformation")


def states() -> SFNClient:
    """Of Step Functions."""
    return client("stepfunctions")


@functools.cache
def client(service: str) -> Any:
    """One client per service and process: a warm Lambda keeps its connections. Steps call the functions above."""
    config = _CONFIG.merge(_OWN[service]) if service in _OWN else _CONFIG
    return boto3.client(service, config=config)  # type: ignore[call-overload]  # the stubs know names, not str
