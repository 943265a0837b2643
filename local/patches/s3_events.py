"""EventBridge: S3's events name the version of the object.

AWS: "EventBridge event message structure" of the S3 User Guide, /AmazonS3/latest/userguide/ev-events.html:
detail.object holds version-id. MiniStack leaves it out.

AWS: "Enabling Amazon EventBridge", /AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html: it takes
about five minutes until a change takes effect. MiniStack's does at once, so the fault `events_start_late` loses events.
"""

import contextvars
import json
from typing import Any

from local import faults, ministack

_version: contextvars.ContextVar[str | None] = contextvars.ContextVar("version", default=None)


def install() -> None:
    ministack.fire_s3_event.replace(_fire_with_version)
    ministack.dispatch_event.replace(_dispatch_with_version)


def _fire_with_version(*args: Any, version_id: str | None = None, **named: Any) -> None:
    _version.set(version_id)
    ministack.fire_s3_event.original(*args, version_id=version_id, **named)


def _dispatch_with_version(event: dict, view: Any = None) -> None:
    if event["Source"] == "aws.s3" and (version := _version.get()):
        detail = json.loads(event["Detail"])
        if faults.take("events_start_late", f"{detail['bucket']['name']}/{detail['object']['key']}"):
            return
        detail["object"]["version-id"] = version
        event = {**event, "Detail": json.dumps(detail)}
    ministack.dispatch_event.original(event, view)
