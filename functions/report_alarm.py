"""Tell the topic's subscribers what an alarm of CloudWatch means, since when, by which figures, and what to do."""

import json

import notify
from common import aws, telemetry
from common.settings import settings

WORDS = {"ALARM": "ALARM", "OK": "Over", "INSUFFICIENT_DATA": "No data"}
CREATED = "Unchecked: Initial alarm creation"  # how CloudWatch explains the state that every alarm is born with


@telemetry.step
def handler(event, context):
    alarm = event["alarmData"]
    if alarm["state"]["value"] == "OK" and alarm.get("previousState", {}).get("reason") == CREATED:
        return {"told": False}  # nothing was wrong before
    subject = f"{WORDS[alarm['state']['value']]}: {alarm['alarmName']}"
    aws.client("sns").publish(
        TopicArn=settings().topic_arn, Subject=notify.ascii_line(subject), Message=message(alarm, event["region"])
    )
    return {"told": True}


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
    found = json.loads(state.get("reasonData") or "{}")
    values = [value for value in found.get("recentDatapoints", []) if value is not None]
    lines = [f"Value:     {values[-1]:g}"] if values else []
    return [*lines, f"Threshold: {found['threshold']:g}"] if "threshold" in found else lines
