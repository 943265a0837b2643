"""Alarms on the laptop cloud: CloudWatch calls the function, and the topic hears what to do."""

import json

import pytest

from tests.support.eventually import eventually


@pytest.fixture
def alarm(cloud):
    """The alarm as CloudFormation created it; it is fine again afterwards."""
    watch = cloud.client("cloudwatch")
    (found,) = [one for one in watch.describe_alarms()["MetricAlarms"] if one["AlarmName"].endswith("-dead-letters")]
    yield found
    watch.set_alarm_state(AlarmName=found["AlarmName"], StateValue="OK", StateReason="the test is over")


def notified(cloud, words: str) -> str:
    """The notifications with the words, once there are any."""
    return "".join(eventually(lambda: cloud.messages(words)))


def test_an_alarm_reaches_the_topic_and_says_what_to_do(cloud, alarm):
    name, data = alarm["AlarmName"], json.dumps({"recentDatapoints": [3.0], "threshold": 1.0})
    cloud.client("cloudwatch").set_alarm_state(
        AlarmName=name, StateValue="ALARM", StateReason="three letters", StateReasonData=data
    )
    text = notified(cloud, f"ALARM: {name}")
    for words in (alarm["AlarmDescription"], "Value:     3\n", "Threshold: 1\n", "Reason:    three letters"):
        assert words in text


def test_an_alarm_that_the_functions_policy_does_not_name_is_not_heard(cloud, alarm):
    watch, name = cloud.client("cloudwatch"), "a-stranger"
    watch.put_metric_alarm(
        AlarmName=name, AlarmActions=alarm["AlarmActions"], Namespace="N", MetricName="M", Period=60, Statistic="Sum",
        EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="by hand")
    assert "may not call" in (cloud.state / "logs" / "cloud.log").read_text()
    watch.set_alarm_state(AlarmName=alarm["AlarmName"], StateValue="ALARM", StateReason="after the stranger")
    assert f"ALARM: {name}" not in notified(cloud, "after the stranger")
    watch.delete_alarms(AlarmNames=[name])


def test_an_alarm_that_the_topic_refuses_waits_in_the_dead_letter_queue(cloud, alarm):
    queue, sqs = cloud.outputs()["DeadLetterQueueUrl"], cloud.client("sqs")
    refused = {"status": 403, "code": "AuthorizationError", "message": "not authorized to perform: SNS:Publish"}
    cloud.faults(call_fails=refused | {"match": ["ReportAlarmFunction", "sns:Publish", "nobody hears"], "times": 3})
    cloud.client("cloudwatch").set_alarm_state(
        AlarmName=alarm["AlarmName"], StateValue="ALARM", StateReason="nobody hears"
    )
    (letter,) = eventually(lambda: sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages"), 120)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=letter["ReceiptHandle"])
    cloud.faults()
    assert alarm["AlarmName"] in letter["Body"]
    assert cloud.messages("nobody hears") == []


def test_the_dashboard_is_there_with_real_names(cloud):
    watch = cloud.client("cloudwatch")
    (entry,) = watch.list_dashboards()["DashboardEntries"]
    body = watch.get_dashboard(DashboardName=entry["DashboardName"])["DashboardBody"]
    assert "${" not in body
    functions = {one["FunctionName"] for one in cloud.client("lambda").list_functions()["Functions"]}
    shown = {
        metric[3] for widget in json.loads(body)["widgets"] for metric in widget["properties"]["metrics"]
        if metric[0] == "AWS/Lambda"
    }  # fmt: skip
    assert shown == functions
