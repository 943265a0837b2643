"""Every message published to a topic, appended to .local/logs/notifications.log, for want of e-mail."""

import time

from ministack.services import sns

from local import paths

_ministack_fanout = sns._fanout


def install() -> None:
    sns._fanout = _fanout


def _fanout(topic_arn: str, message_id: str, message: str, subject: str, *rest, **named):
    paths.LOGS.mkdir(parents=True, exist_ok=True)
    with (paths.LOGS / "notifications.log").open("a") as file:
        file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {topic_arn.rsplit(':', 1)[-1]}: {subject}\n{message}\n\n")
    return _ministack_fanout(topic_arn, message_id, message, subject, *rest, **named)
