import json

import pytest

import report_alarm

REASON = "Threshold Crossed: 1 datapoint [400.0 (24/11/26 01:00:00)] was greater than the threshold (360.0)."


@pytest.fixture
def tell(topic, context):
    """tell(event) gives what the function returned and what it published."""

    def call(event, published=True):
        told = topic() if published else []
        return report_alarm.handler(event, context), told[-1] if told else {}

    return call


def event(value="ALARM", before="OK", reason=REASON, earlier="Threshold Crossed: lower.", **state):
    """As CloudWatch calls a function: its User Guide, "Invoke a Lambda function from an alarm"."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:stocks-old-endpoint",
        "accountId": "123456789012",
        "time": "2026-11-24T01:05:15.490+0000",
        "region": "us-east-1",
        "alarmData": {
            "alarmName": "stocks-old-endpoint",
            "state": {"value": value, "reason": reason, "timestamp": "2026-11-24T01:05:15.490+0000", **state},
            "previousState": {"value": before, "reason": earlier, "timestamp": "2026-11-24T00:05:15.490+0000"},
            "configuration": {
                "description": "An endpoint is old. Delete it.",
                "metrics": [{"id": "m1", "metricStat": {"metric": {}, "period": 3600, "stat": "Maximum"}}],
            },
        },
    }


def data(*values, threshold=360.0):
    return json.dumps({"version": "1.0", "recentDatapoints": list(values), "threshold": threshold})


def test_an_alarm_is_told_with_what_to_do_since_when_and_the_figures(tell):
    result, said = tell(event(reasonData=data(20.0, 400.5)))
    assert result == {"notified": True}
    assert said["Subject"] == "ALARM: stocks-old-endpoint"
    assert said["TopicArn"] == "arn:aws:sns:us-east-1:123456789012:runs"
    lines = said["Message"].splitlines()
    assert lines[0] == "An endpoint is old. Delete it."
    for line in (
        "Alarm:     stocks-old-endpoint in us-east-1",
        "State:     ALARM, before OK",
        "Since:     2026-11-24T01:05:15.490+0000",
        "Value:     400.5",
        "Threshold: 360",
        f"Reason:    {REASON}",
    ):
        assert line in lines
    assert "docs/operations.md" in lines[-1]


@pytest.mark.parametrize(("value", "word"), [("OK", "Over"), ("INSUFFICIENT_DATA", "No data")])
def test_other_states_are_told_by_their_word(tell, value, word):
    _, said = tell(event(value, before="ALARM"))
    assert said["Subject"] == f"{word}: stocks-old-endpoint"


def test_an_alarm_that_was_just_created_and_is_fine_is_no_news(tell):
    born = event("OK", before="INSUFFICIENT_DATA", earlier="Unchecked: Initial alarm creation")
    assert tell(born, published=False) == ({"notified": False}, {})


def test_an_alarm_that_was_just_created_and_is_not_fine_is_news(tell):
    born = event("ALARM", before="INSUFFICIENT_DATA", earlier="Unchecked: Initial alarm creation")
    assert tell(born)[0] == {"notified": True}


@pytest.mark.parametrize("state", [{}, {"reasonData": ""}, {"reasonData": data()}, {"reasonData": data(None)}])
def test_a_state_without_figures_is_told_without_them(tell, state):
    _, said = tell(event(**state))
    assert "Value:" not in said["Message"]
    assert REASON in said["Message"]


def test_a_region_without_an_earlier_state_and_description_is_told(tell):
    bare = event()
    del bare["alarmData"]["previousState"], bare["alarmData"]["configuration"]
    _, said = tell(bare)
    assert said["Message"].splitlines()[0] == "stocks-old-endpoint"


def test_the_subject_keeps_what_sns_accepts(tell):
    long = event()
    long["alarmData"]["alarmName"] = "e" * 255
    assert len(tell(long)[1]["Subject"]) == 100
