"""Versions of the steps' functions: each deployment publishes one, and those that nothing can call any more go.

The machines' definitions name versions, and an execution keeps the definition that it started with.
"""

import itertools
import re

from botocore.exceptions import ClientError

from common import aws, telemetry

KEPT = 10  # the newest of each function, to which a deployment may go back
NAMED = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d+:function:([\w-]+):(\d+)")


def superfluous(published: list[int], named: set[int]) -> list[int]:
    """The numbers beyond the newest that no machine names. No execution may run, which may name any of them."""
    return [number for number in sorted(published)[:-KEPT] if number not in named]


def sweep(machines: list[str]) -> list[str]:
    """Delete what is superfluous of the functions that these machines call; why something could not be deleted.

    Nothing goes while an execution runs: after deployments that were rolled back it may name a version that is older
    than all that are kept. An old version costs nothing but room, so nobody is told, and a later sweep deletes it.
    """
    try:
        # In this order: an execution that starts in between names what is named here, or something newer.
        named = [found for machine in machines for found in NAMED.findall(definition(machine))]
        if any(runs(machine) for machine in machines):
            return []
    except ClientError as error:
        return [f"old versions: {error}"]
    failed = []
    for function, found in itertools.groupby(sorted(named), lambda one: one[0]):
        try:
            going = superfluous(published_of(function), {int(number) for _, number in found})
            for number in going:
                # The version stands in the name: so the role needs no right on the function itself.
                aws.functions().delete_function(FunctionName=f"{function}:{number}")
                telemetry.logger.info("deleted a version that nothing can call", function=function, version=number)
        except ClientError as error:
            failed.append(f"old versions of {function}: {error}")
    return failed


def definition(machine: str) -> str:
    return aws.states().describe_state_machine(stateMachineArn=machine)["definition"]


def runs(machine: str) -> bool:
    """Whether an execution of it runs now."""
    pages = aws.states().get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter="RUNNING")
    return any(page["executions"] for page in pages)


def published_of(function: str) -> list[int]:
    pages = aws.functions().get_paginator("list_versions_by_function").paginate(FunctionName=function)
    return [int(one["Version"]) for page in pages for one in page["Versions"] if one["Version"] != "$LATEST"]
