"""Versions of the steps' functions: each deployment publishes one, and those that nothing can call any more go.

The machines' definitions name versions, and an execution keeps the definition that it started with.
"""

import datetime
import itertools
import re

from botocore.exceptions import ClientError

from common import aws, telemetry

KEPT = 10  # the newest of each function, to which a deployment may go back
NAMED = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d+:function:([\w-]+):(\d+)")

type Published = dict[int, datetime.datetime]  # when each version was made, by its number


def superfluous(published: Published, named: set[int], oldest: datetime.datetime) -> list[int]:
    """The versions beyond the newest that no machine names, nor any running execution, of which the oldest began then.

    Deployments follow each other: what began after the second of those kept was made names the first or a newer one.
    """
    numbers = sorted(published)
    old, kept = numbers[:-KEPT], numbers[-KEPT:]
    if not old or published[kept[1]] >= oldest:
        return []
    return [number for number in old if number not in named]


def sweep(machines: list[str]) -> list[str]:
    """Delete what is superfluous of the functions that these machines call; why something could not be deleted.

    An old version costs nothing but room, so nobody is told of it.
    """
    try:
        named = [found for machine in machines for found in NAMED.findall(definition(machine))]
        oldest = min([began for machine in machines for began in running(machine)], default=now())
    except ClientError as error:
        return [f"old versions: {error}"]
    failed = []
    for function, found in itertools.groupby(sorted(named), lambda one: one[0]):
        try:
            going = superfluous(published_of(function), {int(number) for _, number in found}, oldest)
            for number in going:
                # The version stands in the name: so the role needs no right on the function itself.
                aws.functions().delete_function(FunctionName=f"{function}:{number}")
                telemetry.logger.info("deleted a version that nothing can call", function=function, version=number)
        except ClientError as error:
            failed.append(f"old versions of {function}: {error}")
    return failed


def definition(machine: str) -> str:
    return aws.states().describe_state_machine(stateMachineArn=machine)["definition"]


def running(machine: str) -> list[datetime.datetime]:
    """When each execution began that runs now."""
    pages = aws.states().get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter="RUNNING")
    return [one["startDate"] for page in pages for one in page["executions"]]


def published_of(function: str) -> Published:
    pages = aws.functions().get_paginator("list_versions_by_function").paginate(FunctionName=function)
    versions = [one for page in pages for one in page["Versions"] if one["Version"] != "$LATEST"]
    return {int(one["Version"]): datetime.datetime.fromisoformat(one["LastModified"]) for one in versions}


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
