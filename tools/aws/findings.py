"""What preflight has found, each in one line with what to do about it."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from tools.template import template

type Level = Literal["ok", "problem", "warning", "unknown"]
CHECKER = "attach docs/policies/checker.json to who runs preflight"


class Finding(NamedTuple):
    """A problem keeps the stack or its first run from working; a warning slows it; unknown could not be looked at."""

    level: Level
    what: str
    remedy: str = ""

    def line(self) -> str:
        return f"{self.level}: {self.what}{f' -> {self.remedy}' if self.remedy else ''}"


@dataclasses.dataclass(frozen=True)
class Target:
    """Where a stack shall stand, who deploys it and with which parameters."""

    client: Callable[[str], Any]  # of a service, in the region
    stack: str
    overrides: dict[str, str]
    region: str
    partition: str = ""
    account: str = ""
    caller: str = ""  # ARN of who asks
    kept: dict[str, str] = dataclasses.field(default_factory=dict)  # parameters of the stack that overrides do not name

    def parameter(self, name: str) -> str:
        """The value that the stack would be deployed with."""
        return (self.kept | self.overrides).get(name, str(template()["Parameters"][name]["Default"]))

    def stacks(self) -> list[Any]:
        """All stacks of the region, as DescribeStacks has them."""
        pages = self.client("cloudformation").get_paginator("describe_stacks").paginate()
        return [one for page in pages for one in page["Stacks"]]

    def command(self, words: str) -> str:
        """A command of the AWS CLI in this region."""
        return f"`aws {words} --region {self.region}`"


type Check = Callable[[Target], Iterator[Finding]]


def looked(about: str, check: Check, target: Target) -> Iterator[Finding]:
    """What a check finds; that it could not look is a finding, too."""
    try:
        yield from list(check(target))
    except ClientError as error:
        code, operation = error.response["Error"]["Code"], error.operation_name
        yield Finding("unknown", f"{about}: {operation} was refused with {code}", CHECKER)
    except BotoCoreError as error:
        yield Finding(
            "unknown", f"{about}: {one_line(error)}", f"is the service reached, and is it in {target.region}?"
        )


def one_line(error: object) -> str:
    return " ".join(str(error).split())[:300]
