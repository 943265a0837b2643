"""Every message published to a topic, appended to .local/logs/notifications.log, for want of e-mail."""

import time
from typing import Any

from local import ministack, paths


def install() -> None:
    ministack.publish_to_subscribers.replace(_publish)


def _publish(topic_arn: str, message_id: str, message: str, subject: str, *rest: Any, **named: Any) -> Any:
    paths.LOGS.mkdir(parents=True, exist_ok=True)
    with (paths.LOGS / "notifications.log").open("a") as file:
        file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {topic_arn.rsplit(':', 1)[-1]}: {subject}\n{message}\n\n")
    return ministack.publish_to_subscribers.original(topic_arn, message_id, message, subject, *rest, **named)
