"""The only module that makes boto3 clients."""

import functools

import boto3
from botocore.config import Config

_CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5, read_timeout=70)


@functools.cache
def client(service: str):
    """One client per service and process: a warm Lambda keeps its connections."""
    return boto3.client(service, config=_CONFIG)  # type: ignore[call-overload]  # the stubs know names, not str
