"""One message for all tries of a state: a marker in the work bucket says how far an earlier try came.

SNS sends whatever it is asked, as often as it is asked. So a try writes `sending`, publishes, and writes `sent`. A
later one that finds `sent` sends nothing: only the answer was lost. If it finds `sending`, the earlier try still runs
or has died: it waits for a while, and then sends all the same. A message that comes twice is better than none.
"""

import json
import time
from typing import Literal

from botocore.exceptions import ClientError

from common import keys, messages, storage
from common.settings import settings

State = Literal["sending", "unsent", "sent"]
Found = Literal["first", "sent", "unknown"]
PATIENCE_SECONDS = 15  # for a try that still runs; less than what is left of Notify's minute
POLL_SECONDS = 1.0
MAYBE_TWICE = "This message may have come before: an earlier try to send it was cut off."


def claim(name: str) -> Found:
    """Whether nothing was sent under this name, a message was, or nobody knows; then the caller sends all the same."""
    bucket, key = settings().work_bucket, keys.sent(name)
    if storage.put_if(bucket, key, _body("sending"), ""):
        return "first"
    until = time.monotonic() + PATIENCE_SECONDS
    while (state := _state(bucket, key)) == "sending" and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    if state == "unsent":
        settle(name, "sending")
        return "first"
    return "sent" if state == "sent" else "unknown"


def publish(name: str, found: Found, subject: str, message: str) -> None:
    """Send what was claimed. An error of SNS says that it took nothing; where no answer came, nobody knows."""
    text = f"{message}\n\n{MAYBE_TWICE}" if found == "unknown" else message
    try:
        messages.publish(settings().topic_arn, subject, text)
    except ClientError:
        settle(name, "unsent")
        raise
    settle(name, "sent")


def settle(name: str, state: State) -> None:
    storage.put(settings().work_bucket, keys.sent(name), _body(state), "application/json")


def _state(bucket: str, key: str) -> State:
    return json.loads(storage.get(bucket, key))["state"]


def _body(state: State) -> str:
    return json.dumps({"state": state})
