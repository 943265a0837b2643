"""boto3 clients that ask this cloud as a role does."""

import os
from collections.abc import Mapping
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config

from local import paths

_MODELS = botocore.loaders.create_loader()  # read once, since reading AWS's models takes longer than most requests


def gateway() -> str:
    return f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"


def client(service: str, credentials: Mapping[str, str]) -> Any:
    """A client with the credentials, which have the names of AWS's variables."""
    core = botocore.session.Session()
    core.register_component("data_loader", _MODELS)
    session: Any = boto3.session.Session(
        aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=credentials["AWS_SESSION_TOKEN"],
        region_name=paths.REGION,
        botocore_session=core,
    )
    return session.client(service, endpoint_url=gateway(), config=Config(retries={"max_attempts": 2}))
