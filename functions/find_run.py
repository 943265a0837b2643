"""Say which run an execution that ended badly belonged to, why it ended, and whether anybody has been told.

The event names the execution; everything else is asked of Step Functions, since an event leaves out a long input.
"""

import json

import notify
from common import aws, keys, telemetry
from common.errors import Transient


@telemetry.step
def handler(event, context):
    execution = aws.client("stepfunctions").describe_execution(executionArn=event["execution_arn"])
    if execution["status"] == "RUNNING":
        raise Transient(f"{event['execution_arn']} is still reported to run, although it has ended")
    source = upload(execution.get("input", ""))
    dataset = keys.dataset(source.get("key", ""))
    run = {"run_id": keys.run_id(dataset, **source), "dataset": dataset} if dataset else {}
    return {
        "status": "found" if run else "none",
        "run": run,
        "execution_name": execution["name"],
        "key": source.get("key", notify.UNKNOWN_FILE),
        "failure": failure(execution),
        "told": execution["status"] == "FAILED" and notify.has_told(execution.get("cause", "")),
    }


def upload(text: str) -> dict[str, str]:
    """Bucket, key and version id of the machine's input; nothing where it is no upload event."""
    try:
        detail = json.loads(text)["detail"]
        bucket, found = detail["bucket"]["name"], detail["object"]
        source = {"bucket": bucket, "key": found["key"], "version_id": found["version-id"]}
    except (ValueError, KeyError, TypeError):
        return {}
    return source if all(isinstance(value, str) for value in source.values()) else {}


def failure(execution: dict) -> dict[str, str]:
    """The error and cause as notify takes them: a person or a limit ends an execution without an error of its own."""
    given = notify.plain(execution.get("cause")) or execution.get("error", "")
    if execution["status"] == "ABORTED":
        return {"error": "Aborted", "cause": f"somebody stopped the execution{f': {given}' if given else ''}"}
    if execution["status"] == "TIMED_OUT":
        return {"error": "TimedOut", "cause": "the execution outlasted the machine's time limit, which ended it"}
    return {"error": execution.get("error", "States.Runtime"), "cause": given}
