"""CloudFormation's side of a custom resource: what becomes of the stack, and the answer that is waited for."""

import http.client
import json
import time
import urllib.request

from common import aws, telemetry
from common.events import SweepEvent

GOING = ("DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS")  # the second: its first deployment has failed
TRIES = 5
TRY_SECONDS = 8  # five of them and the pauses are over within a minute
REASON_BYTES = 2000  # the whole answer may have 4,096


def staying(stack_id: str) -> str:
    """The status of a stack that outlives what it deletes; empty where the stack itself goes."""
    (stack,) = aws.cloudformation().describe_stacks(StackName=stack_id)["Stacks"]
    return "" if stack["StackStatus"] in GOING else stack["StackStatus"]


def answer(event: SweepEvent, reason: str) -> None:
    """Say that it was a success. Raises OSError or HTTPException where the address takes no answer."""
    text = reason.encode("ascii", "replace")
    body = {
        "Status": "SUCCESS",
        "Reason": (text if len(text) <= REASON_BYTES else text[: REASON_BYTES - 3] + b"...").decode(),
        # Always the same: a new one would have CloudFormation delete the old.
        "PhysicalResourceId": event.get("PhysicalResourceId", event["LogicalResourceId"]),
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    # The address is signed for an empty content type.
    request = urllib.request.Request(  # noqa: S310  CloudFormation's own address
        event["ResponseURL"], json.dumps(body).encode(), {"Content-Type": ""}, method="PUT"
    )
    for attempt in range(TRIES):
        try:
            with urllib.request.urlopen(request, timeout=TRY_SECONDS):  # noqa: S310
                return
        except (OSError, http.client.HTTPException) as error:
            if attempt == TRIES - 1:
                raise
            telemetry.logger.warning("the answer did not arrive", reason=str(error))
            time.sleep(2**attempt / 2)
