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
_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 5},
    connect_timeout=5,
    read_timeout=70,
    max_pool_connections=CONNECTIONS,
)
# A link must name the bucket's own region and be signed for it; botocore's defaults do neither.
_S3 = Config(signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"})


def s3() -> S3Client:
    return client("s3")


def sagemaker() -> SageMakerClient:
    return client("sagemaker")


def runtime() -> SageMakerRuntimeClient:
    """Of the endpoints that SageMaker serves."""
    return client("sagemaker-runtime")


def glue() -> GlueClient:
    return client("glue")


def sns() -> SNSClient:
    return client("sns")


def states() -> SFNClient:
    """Of Step Functions."""
    return client("stepfunctions")


@functools.cache
def client(service: str) -> Any:
    """One client per service and process: a warm Lambda keeps its connections. Steps call the functions above."""
    config = _CONFIG.merge(_S3) if service == "s3" else _CONFIG
    return boto3.client(service, config=config)  # type: ignore[call-overload]  # the stubs know names, not str
