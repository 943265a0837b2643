"""The only module that makes boto3 clients."""

import functools

import boto3
from botocore.config import Config

_CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5, read_timeout=70)
# A link must name the bucket's own region and be signed for it; botocore's defaults do neither.
_S3 = Config(signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"})


@functools.cache
def client(service: str):
    """One client per service and process: a warm Lambda keeps its connections."""
    config = _CONFIG.merge(_S3) if service == "s3" else _CONFIG
    return boto3.client(service, config=config)  # type: ignore[call-overload]  # the stubs know names, not str
