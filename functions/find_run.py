"""Say which run an execution that ended badly belonged to, why it ended, and whether that has been published.

The event names the execution; everything else is asked of Step Functions, since an event leaves out a long input.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from common import aws, messages, telemetry
from common.errors import Transient
from common.events import Failure, FindRunEvent, FindRunResult, LambdaContext, NamedRun, Nothing
from stocks.dataset import plan, uploads

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef


@telemetry.step
def handler(event: FindRunEvent, context: LambdaContext) -> FindRunResult:
    execution = aws.states().describe_execution(executionArn=event["execution_arn"])
    if execution["status"] == "RUNNING":
        raise Transient(f"{event['execution_arn']} is still reported to run, although it has ended")
    key = key_of(execution.get("input", ""))
    name = uploads.place(key).dataset
    run: NamedRun | Nothing = {"run_id": plan.run_id(name, event["execution_arn"]), "dataset": name} if name else {}
    return {
        "status": "found" if run else "none",
        "run": run,
        "execution_name": execution["name"],
        "execution_arn": event["execution_arn"],
        "key": key or messages.UNKNOWN_FILE,
        "failure": failure(execution),
        "notified": execution["status"] == "FAILED" and messages.was_published(execution.get("cause", "")),
    }


def key_of(text: str) -> str:
    """The key in the machine's input; empty where that is no event of S3."""
    try:
        key = json.loads(text)["detail"]["object"]["key"]
    except (ValueError, KeyError, TypeError):
        return ""
    return key if isinstance(key, str) else ""


def failure(execution: DescribeExecutionOutputTypeDef) -> Failure:
    """The error and cause as notify takes them: a person or a limit ends an execution without an error of its own."""
    given = messages.plain(execution.get("cause")) or execution.get("error", "")
    if execution["status"] == "ABORTED":
        return {"error": "Aborted", "cause": f"somebody stopped the execution{f': {given}' if given else ''}"}
    if execution["status"] == "TIMED_OUT":
        return {"error": "TimedOut", "cause": "the execution outlasted the machine's time limit, which ended it"}
    return {"error": execution.get("error", "States.Runtime"), "cause": given}
