"""Tell the topic's subscribers what an alarm of CloudWatch means, since when, by which figures, and what to do."""

import json

from common import messages, telemetry
from common.events import AlarmEvent, AlarmResult, LambdaContext
from common.settings import settings

WORDS = {"ALARM": "ALARM", "OK": "Over", "INSUFFICIENT_DATA": "No data"}
CREATED = "Unchecked: Initial alarm creation"  # how CloudWatch explains the state that every alarm is born with


@telemetry.step
def handler(event: AlarmEvent, context: LambdaContext) -> AlarmResult:
    alarm = event["alarmData"]
    if alarm["state"]["value"] == "OK" and alarm.get("previousState", {}).get("reason") == CREATED:
        return {"notified": False}  # nothing was wrong before
    subject = f"{WORDS[alarm['state']['value']]}: {alarm['alarmName']}"
    messages.publish(settings().topic_arn, subject, message(alarm, event["region"]))
    return {"notified": True}


def message(alarm: dict, region: str) -> str:
    """What CloudWatch knows, with the alarm's own description first: it says what to do."""
    state = alarm["state"]
    lines = [
        alarm.get("configuration", {}).get("description", alarm["alarmName"]),
        "",
        f"Alarm:     {alarm['alarmName']} in {region}",
        f"State:     {state['value']}, before {alarm.get('previousState', {}).get('value', 'unknown')}",
        f"Since:     {state['timestamp']}",
        *figures(state),
        f"Reason:    {state['reason']}",
        "",
        "More: docs/operations.md, under Alarms.",
    ]
    return "\n".join(lines)


def figures(state: dict) -> list[str]:
    """Newest value and threshold; a state that was set by hand has neither."""
    data = json.loads(state.get("reasonData") or "{}")
    values = [value for value in data.get("recentDatapoints", []) if value is not None]
    lines = [f"Value:     {values[-1]:g}"] if values else []
    return [*lines, f"Threshold: {data['threshold']:g}"] if "threshold" in data else lines
