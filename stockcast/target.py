"""Which stack a command speaks to: the laptop's, or with --stack one on AWS."""

import argparse
import dataclasses
import difflib
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local import cloud, deploy
from tools.aws import Problem, session
from tools.aws.runs import Stack

PAUSE_LAPTOP, PAUSE_AWS = 0.5, 3.0  # seconds between two looks


@dataclasses.dataclass(frozen=True)
class Target(Stack):
    """A stack, its name, and whether it is the laptop's."""

    name: str = ""
    laptop: bool = True
    parameters: dict[str, str] = dataclasses.field(default_factory=dict)  # as it was deployed; of a stack on AWS

    @property
    def option(self) -> str:
        """What names this stack again in a command that is shown."""
        return "" if self.laptop else f" --stack {self.name}"


def of(arguments: argparse.Namespace) -> Target:
    """The stack that was named, or the laptop's. Raises CloudError or Problem where there is none."""
    if not arguments.stack:
        return of_laptop(deploy.outputs())
    client, name = session.clients(arguments.profile, arguments.region), arguments.stack
    try:
        described = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        raise Problem(_missing(client("cloudformation"), name)) from None
    outputs = {one["OutputKey"]: one["OutputValue"] for one in described.get("Outputs", [])}
    if "StateMachineArn" not in outputs:
        what = "is none of this project, or not whole: it has no StateMachineArn"
        raise Problem(f"the stack {name} ({described['StackStatus']}) {what}")
    parameters = {one["ParameterKey"]: one["ParameterValue"] for one in described.get("Parameters", [])}
    return Target(client, outputs, PAUSE_AWS, name, laptop=False, parameters=parameters)


def of_laptop(outputs: dict[str, str]) -> Target:
    return Target(cloud.client, outputs, PAUSE_LAPTOP, deploy.stack_name())


def _missing(cloudformation: Any, name: str) -> str:
    region = cloudformation.meta.region_name
    try:
        pages = cloudformation.get_paginator("list_stacks").paginate()
        known = [one["StackName"] for page in pages for one in page["StackSummaries"]
                 if one["StackStatus"] != "DELETE_COMPLETE"]  # fmt: skip
    except (BotoCoreError, ClientError):
        known = []  # it helps only, and not everybody may list stacks
    return f"there is no stack {name} in {region}{near(name, known)}"


def near(word: str, known: list[str]) -> str:
    """A clause that names what may be meant; empty if nothing is like it."""
    found = difflib.get_close_matches(word.lower(), sorted({one.lower() for one in known}), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(found)}?" if found else ""


def to_query(arguments: argparse.Namespace) -> Target:
    """Likewise, of who may ask Athena and nothing else: a stack names its workgroup and its database after itself."""
    try:
        return of(arguments)
    except ClientError as error:
        if not arguments.stack or error.response["Error"]["Code"] not in ("AccessDenied", "AccessDeniedException"):
            raise
    client, name = session.clients(arguments.profile, arguments.region), arguments.stack
    outputs = {"WorkGroupName": name, "DatabaseName": name.replace("-", "_")}
    return Target(client, outputs, PAUSE_AWS, name, laptop=False)
