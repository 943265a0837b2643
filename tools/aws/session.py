"""Clients with the credentials, region and profile that were given; botocore honours AWS_ENDPOINT_URL."""

from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

from tools.aws import Problem

CONFIG = Config(retries={"mode": "standard", "max_attempts": 8}, connect_timeout=10, read_timeout=60)


def session(profile: str | None, region: str | None) -> Any:
    """Raises Problem for a profile that is not configured."""
    try:
        return boto3.session.Session(profile_name=profile, region_name=region)
    except ProfileNotFound as error:
        raise Problem(f"{error}: `aws configure list-profiles` lists those there are") from None
    except BotoCoreError as error:
        raise Problem(str(error)) from None


def clients(profile: str | None, region: str | None) -> Callable[[str], Any]:
    """Makes the client of a service, once. Raises Problem for an address that means nothing."""
    made, own = {}, session(profile, region)

    def client(service: str) -> Any:
        if service not in made:
            try:
                made[service] = own.client(service, config=CONFIG)
            except ValueError as error:  # of AWS_ENDPOINT_URL, or of the profile's endpoint_url
                raise Problem(f"{error}: set AWS_ENDPOINT_URL to a whole address, or unset it") from None
        return made[service]

    return client


def outputs(client: Callable[[str], Any], stack: str) -> dict[str, str]:
    """The outputs of a stack that stands. Raises Problem where there is none."""
    try:
        described = client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except (BotoCoreError, ClientError) as error:
        raise Problem(f"no outputs of the stack {stack}: {error}") from None
    return {one["OutputKey"]: one["OutputValue"] for one in described.get("Outputs", [])}
