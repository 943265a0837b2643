"""EventBridge: a rule starts a machine with its target's role, or the event goes to the target's dead-letter queue.

AWS: "IAM roles for sending events to targets" and "Using dead-letter queues to process undelivered events" of the
EventBridge User Guide, /eventbridge/latest/userguide/eb-events-iam-roles.html and
/eventbridge/latest/userguide/eb-rule-dlq.html: missing permissions and a target that no longer exists send the event
straight to the queue. MiniStack starts any machine without asking the role.
"""

import json
import logging
from typing import Any

from local import ministack, paths, permissions

_log = logging.getLogger("events")
_NO_ROLE = ":::::"


def install() -> None:
    ministack.invoke_target.replace(_invoke_target)


def _invoke_target(target: dict, event: dict, rule: dict, view: Any = None) -> None:
    arn = target["Arn"]
    if ministack.parse_arn(arn).service == "states":
        allowed = permissions.role_allows(target.get("RoleArn", _NO_ROLE), "states:StartExecution", arn)
        if not allowed or ministack.resolve_state_machine(arn) is None:
            _log.warning("%s may not start %s, or there is none", target.get("RoleArn"), arn)
            _to_dead_letter_queue(target, view or ministack.event_view(event), rule)
            return
    ministack.invoke_target.original(target, event, rule, view)


def _to_dead_letter_queue(target: dict, view: Any, rule: dict) -> None:
    """Send the event to the target's dead-letter queue, if the queue's policy lets this rule."""
    queue = target.get("DeadLetterConfig", {}).get("Arn")
    if queue and ministack.queue_allows(queue, "events.amazonaws.com", rule["Arn"], paths.ACCOUNT):
        ministack.send_to_queue(ministack.parse_arn(queue), json.dumps(view.event_with_detail()))
