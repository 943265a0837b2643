"""Whether the stack can have its name: what stands under it, in which state, and what others stand beside it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from tools.aws.findings import Finding, Target
from tools.aws.needs import MANAGED

# A bucket's name has 63 characters: the stack's, `-incoming-` and eight of the stack's id. SageMaker wants no capitals.
LONGEST = 45
ABSENT = ("ValidationError", "EntityNotFoundException", "StateMachineDoesNotExist", "InvalidRequestException")
_DELETE = "`aws cloudformation delete-stack --stack-name {stack}`"
REMEDIES = {
    "ROLLBACK_COMPLETE": f"its first deployment failed: {_DELETE}, then deploy again",
    "ROLLBACK_FAILED": f"{_DELETE}, then deploy again",
    "CREATE_FAILED": f"{_DELETE}, then deploy again",
    "DELETE_FAILED": f"empty its work bucket, then {_DELETE}",
    "UPDATE_ROLLBACK_FAILED": "`aws cloudformation continue-update-rollback --stack-name {stack}`",
}


def spelling(target: Target) -> Iterator[Finding]:
    """A name that buckets and SageMaker take."""
    choose = "choose another with `sam deploy --stack-name`"
    if not re.fullmatch(r"[a-z][a-z0-9-]*", target.stack):
        what = f"the stack's name {target.stack} has other characters than a-z, 0-9 and hyphens"
        yield Finding("problem", what, choose)
    elif len(target.stack) > LONGEST:
        what = f"the stack's name {target.stack} is longer than {LONGEST} characters: a bucket's name could not hold it"
        yield Finding("problem", what, choose)


def standing(target: Target) -> Iterator[Finding]:
    """The states of the stack and of SAM's own, and stacks whose names make policies overlap."""
    states = {one["StackName"]: one["StackStatus"] for one in target.stacks()}
    for name in (target.stack, MANAGED):
        state = states.get(name, "")
        if state in REMEDIES:
            mend = f"{REMEDIES[state].format(stack=name)} (region {target.region})"
            yield Finding("problem", f"the stack {name} is in {state}", mend)
        elif state.endswith("_IN_PROGRESS") and state != "REVIEW_IN_PROGRESS":
            wait = target.command(f"cloudformation describe-stack-events --stack-name {name}")
            yield Finding("problem", f"the stack {name} is in {state}", f"wait until it has ended: {wait}")
    beside = [one for one in states if one.startswith(f"{target.stack}-") or target.stack.startswith(f"{one}-")]
    for one in beside:
        what = f"the stack {one} and {target.stack} share a beginning: one may touch what the other has in SageMaker"
        yield Finding("problem", what, "choose a name that does not begin with the other and a hyphen")
    if target.stack in states:
        yield Finding("ok", f"the stack {target.stack} is in {states[target.stack]}")
    else:
        yield from _taken(target)


def _taken(target: Target) -> Iterator[Finding]:
    """Names that the stack would give and something else has."""
    database = target.stack.replace("-", "_")
    machine = f"arn:{target.partition}:states:{target.region}:{target.account}:stateMachine:{target.stack}"
    client, stack = target.client, target.stack
    looks: dict[str, tuple[Callable[[], Any], str]] = {
        f"the database {database}": (
            lambda: client("glue").get_database(Name=database),
            f"glue delete-database --name {database}",
        ),
        f"the workgroup {stack}": (
            lambda: client("athena").get_work_group(WorkGroup=stack),
            f"athena delete-work-group --work-group {stack} --recursive-delete-option",
        ),
        f"the state machine {stack}": (
            lambda: client("stepfunctions").describe_state_machine(stateMachineArn=machine),
            f"stepfunctions delete-state-machine --state-machine-arn {machine}",
        ),
    }
    found = [(what, remedy) for what, (look, remedy) in looks.items() if _is_there(look)]
    for prefix in (f"/aws/lambda/{stack}/", f"/aws/vendedlogs/states/{stack}"):
        groups = client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
        names = [one["logGroupName"] for one in groups]
        found += [(f"the log group {name}", f"logs delete-log-group --log-group-name {name}") for name in names]
    for what, remedy in found:
        yield Finding(
            "problem", f"{what} exists without the stack", f"{target.command(remedy)}, or choose another name"
        )
    if not found:
        yield Finding("ok", f"the name {stack} is free")


def _is_there(look: Callable[[], Any]) -> bool:
    try:
        look()
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return False
        raise
    return True
