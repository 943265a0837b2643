"""Scenarios of the sweep when CloudFormation deletes the stack."""

import contextlib
import uuid

from botocore.exceptions import ClientError

from common import deletion
from tests.permissions.replay import DATASET, Replay, prices_csv
from tests.support.answers import listening

NEEDED = {
    "stack_stays": "cloudformation:DescribeStacks cloudformation:stack/<stack>/*",
    "stack_goes": "states:StopExecution states:execution:<stack>:*",  # sweep_versions proves that it may list them
}
STATUS_UNKNOWN = "whether the stack stays: "
SECONDS = 10  # for which it then tries


def stack_stays(replayed: Replay, function: str) -> str:
    """The custom resource goes and the stack does not."""
    stack = replayed.client("cloudformation").describe_stacks(StackName=replayed.stack)["Stacks"][0]["StackId"]
    reason = deleted(replayed, function, stack)
    return "" if reason.startswith("The stack stays") else reason


def stack_goes(replayed: Replay, function: str) -> str:
    """A stack whose status is not told, which counts as one that goes; an execution waits for Lambda."""
    dataset, scripted = f"going{uuid.uuid4().hex[:8]}", {"match": f"-{DATASET}-"}
    busy = {"match": ['"Split"', f"/{dataset}/"], "error": "Lambda.TooManyRequestsException", "cause": "busy"}
    replayed.cloud.faults(scripted=scripted, task_fails=busy)
    arn = replayed.cloud.upload(f"incoming/{dataset}/going.csv", prices_csv())
    try:
        reason = deleted(replayed, function, "arn:aws:cloudformation:us-east-1:123456789012:stack/foreign/1")
    finally:
        replayed.cloud.faults(scripted=scripted)
        with contextlib.suppress(ClientError):  # it has ended
            replayed.client("stepfunctions").stop_execution(executionArn=arn)
    problems = reason.partition(": ")[2].split("; ")
    refused = [one for one in problems if "AccessDenied" in one and not one.startswith(STATUS_UNKNOWN)]
    status = replayed.cloud.ended(arn)
    ended = "" if status.get("error") == "Deleted" else f"it ended {status['status']}, {status.get('cause')}: {reason}"
    return "; ".join(refused) or ended


def deleted(replayed: Replay, function: str, stack: str) -> str:
    """The reason that the function answers CloudFormation."""
    with listening() as address:
        refused, _ = replayed.call(function, **address.request("Delete", StackId=stack))
        return refused or address.answers[0]["Reason"]


def before(replayed: Replay) -> None:
    name = replayed.function("SweepFunction")
    timeout = deletion.ANSWER_SECONDS + SECONDS
    replayed.client("lambda").update_function_configuration(FunctionName=name, Timeout=timeout)


BEFORE = dict.fromkeys(("stack_stays", "stack_goes"), before)
SCENARIOS = {"stack_stays": stack_stays, "stack_goes": stack_goes}
