"""Say which run an execution that ended badly belonged to, why it ended, and whether that has been published.

The event names the execution; everything else is asked of Step Functions, since an event leaves out a long input.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from common import aws, keys, messages, telemetry
from common.errors import Transient
from common.events import Failure, FindRunEvent, FindRunResult, LambdaContext, Upload

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef


@telemetry.step
def handler(event: FindRunEvent, context: LambdaContext) -> FindRunResult:
    execution = aws.states().describe_execution(executionArn=event["execution_arn"])
    if execution["status"] == "RUNNING":
        raise Transient(f"{event['execution_arn']} is still reported to run, although it has ended")
    source = upload_of(execution.get("input", ""))
    run = keys.run_of(source)
    return {
        "status": "found" if run else "none",
        "run": run or {},
        "execution_name": execution["name"],
        "key": source["key"] if source else messages.UNKNOWN_FILE,
        "failure": failure(execution),
        "told": execution["status"] == "FAILED" and messages.was_published(execution.get("cause", "")),
    }


def upload_of(text: str) -> Upload | None:
    """Bucket, key and version id of the machine's input; None where it is no upload event."""
    try:
        detail = json.loads(text)["detail"]
        bucket, dropped = detail["bucket"]["name"], detail["object"]
        source: Upload = {"bucket": bucket, "key": dropped["key"], "version_id": dropped["version-id"]}
    except (ValueError, KeyError, TypeError):
        return None
    return source if all(isinstance(value, str) for value in source.values()) else None


def failure(execution: DescribeExecutionOutputTypeDef) -> Failure:
    """The error and cause as notify takes them: a person or a limit ends an execution without an error of its own."""
    given = messages.plain(execution.get("cause")) or execution.get("error", "")
    if execution["status"] == "ABORTED":
        return {"error": "Aborted", "cause": f"somebody stopped the execution{f': {given}' if given else ''}"}
    if execution["status"] == "TIMED_OUT":
        return {"error": "TimedOut", "cause": "the execution outlasted the machine's time limit, which ended it"}
    return {"error": execution.get("error", "States.Runtime"), "cause": given}
