"""EventBridge where MiniStack is laxer than AWS.

S3's events name the object's version, a rule starts a machine with its role, and what cannot be delivered goes to the
dead-letter queue.
"""

import contextvars
import json
import logging

from ministack.core.arn import parse_arn
from ministack.services import eventbridge, s3, sqs, stepfunctions

from local import paths, permissions

_log = logging.getLogger("events")
_version: contextvars.ContextVar[str | None] = contextvars.ContextVar("version", default=None)
_fire, _dispatch, _invoke = s3._fire_s3_event, eventbridge._dispatch_event, eventbridge._invoke_target


def install() -> None:
    s3._fire_s3_event = _fire_with_version
    eventbridge._dispatch_event = _dispatch_with_version
    eventbridge._invoke_target = _invoke_target


def _fire_with_version(*args, version_id: str | None = None, **named) -> None:
    _version.set(version_id)
    _fire(*args, version_id=version_id, **named)


def _dispatch_with_version(event: dict, view=None) -> None:
    if event["Source"] == "aws.s3" and (version := _version.get()):
        detail = json.loads(event["Detail"])
        detail["object"]["version-id"] = version
        event = {**event, "Detail": json.dumps(detail)}
    _dispatch(event, view)


def _invoke_target(target: dict, event: dict, rule: dict, view=None) -> None:
    arn = target["Arn"]
    if parse_arn(arn).service == "states":
        allowed = permissions.role_allows(target.get("RoleArn", ":::::"), "states:StartExecution", arn)
        if not allowed or stepfunctions._resolve_state_machine_arn(arn) is None:
            _log.warning("%s may not start %s, or there is none", target.get("RoleArn"), arn)
            _to_dead_letter_queue(target, view or eventbridge._pattern_event_view(event), rule)
            return
    _invoke(target, event, rule, view)


def _to_dead_letter_queue(target: dict, view, rule: dict) -> None:
    """Send the event to the target's dead-letter queue, if the queue's policy lets this rule."""
    queue = target.get("DeadLetterConfig", {}).get("Arn")
    if queue and sqs.queue_policy_allows(queue, "events.amazonaws.com", rule["Arn"], paths.ACCOUNT):
        eventbridge._dispatch_to_sqs(parse_arn(queue), json.dumps(view.event_with_detail()))
