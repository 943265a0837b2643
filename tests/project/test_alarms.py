"""Alarms and dashboard against the functions, machines and metrics that exist."""

import json
import re

import pytest

from common import errors
from tests.support.template import ROOT, functions, resources, states, template, text

ALARMS = resources("AWS::CloudWatch::Alarm")
FILTERS = resources("AWS::Logs::MetricFilter")
REPORT = {"Fn::GetAtt": ["ReportAlarmFunction", "Arn"]}
DASHBOARD = resources("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
# Metrics that AWS documents for its own namespaces, each with the one dimension that we name.
OF_AWS = {
    "AWS/States": (
        "StateMachineArn",
        {
            "ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut",
            "ExecutionsAborted", "ExecutionTime",
        },
    ),
    "AWS/SQS": ("QueueName", {"ApproximateNumberOfMessagesVisible"}),
    "AWS/Lambda": ("FunctionName", {"Errors", "Duration"}),
}  # fmt: skip
MOST_ALARMS = 12  # ten are free in an account, and each further one costs ten cents a month
# Fields of an execution's log that the filters read, as Step Functions documents them.
UNEXPECTED, THROTTLED = "StepErrorsFilter", "StepThrottlesFilter"
named = pytest.mark.parametrize("name", ALARMS)


def our_metrics() -> set[str]:
    """The names that functions/ gives to metrics; RmseVsNaive gets its horizon."""
    found: set[str] = set()
    for file in (ROOT / "functions").glob("*.py"):
        source = file.read_text()
        found |= set(re.findall(r'add_metric\((?:name=)?"(\w+)"', source))
        found |= {f"RmseVsNaive{horizon}" for _ in re.findall(r'count\(f"RmseVsNaive\{horizon\}"', source)
                  for horizon in (1, 5, 20)}  # fmt: skip
        found |= set(re.findall(r'telemetry\.count(?:_alone)?\("(\w+)"', source))
    return found


def from_filters() -> set[str]:
    return {one["MetricName"] for properties in FILTERS.values() for one in properties["MetricTransformations"]}


@named
def test_an_alarm_calls_the_function_that_tells_the_topic(name):
    assert ALARMS[name]["AlarmActions"] == [REPORT]
    assert {"AlarmActions", "OKActions", "InsufficientDataActions"} >= {key for key in ALARMS[name] if "Actions" in key}


def test_the_function_may_be_called_by_this_stacks_alarms_only():
    (permission,) = resources("AWS::Lambda::Permission").values()
    assert permission["Principal"] == "lambda.alarms.cloudwatch.amazonaws.com"
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert permission["FunctionName"] == {"Ref": "ReportAlarmFunction"}
    prefix = text(permission["SourceArn"]).split(":alarm:")[1]
    assert prefix == "${AWS::StackName}-*"
    assert all(text(alarm["AlarmName"]).startswith("${AWS::StackName}-") for alarm in ALARMS.values())


@named
def test_an_alarm_says_what_happened_and_what_to_do(name):
    description = ALARMS[name]["AlarmDescription"]
    assert 80 < len(description) <= 1024
    assert re.search(r"\b(Delete|delete|read|Read|Upload|upload|Drop|Raise|look|mend|names)\b", description)
    assert description.count(". ") >= 1, "one sentence for the event, one for what to do"


@named
def test_silence_is_decided_on(name):
    # the sweep and Resume report all the time, so their silence is news
    silent = name in ("OldEndpointAlarm", "ResumeFailedAlarm")
    assert ALARMS[name]["TreatMissingData"] == ("missing" if silent else "notBreaching")
    assert ("InsufficientDataActions" in ALARMS[name]) == silent


@named
def test_an_alarm_watches_a_metric_that_exists(name):
    alarm = ALARMS[name]
    namespace, dimensions = text(alarm["Namespace"]), alarm.get("Dimensions", [])
    if namespace in OF_AWS:
        dimension, metrics = OF_AWS[namespace]
        assert [one["Name"] for one in dimensions] == [dimension]
        assert alarm["MetricName"] in metrics
    elif namespace == "StockForecasts":
        assert alarm["MetricName"] in our_metrics()
        assert dimensions == [{"Name": "service", "Value": {"Ref": "AWS::StackName"}}]
    else:
        assert namespace == "StockForecasts/${AWS::StackName}"
        assert alarm["MetricName"] in from_filters()
        assert dimensions == []


def test_our_namespace_and_dimension_are_what_the_functions_report_under():
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "StockForecasts"
    assert variables["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}


def test_every_bad_end_of_a_run_has_an_alarm():
    watched = {
        (alarm["MetricName"], text(one["Value"])) for alarm in ALARMS.values() for one in alarm.get("Dimensions", [])
    }
    for metric in ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"):
        assert (metric, "${ForecastMachine}") in watched
    assert ("ExecutionsFailed", "${CleanUpMachine}") in watched


def test_alarms_are_few_since_each_beyond_ten_is_billed():
    assert len(ALARMS) <= MOST_ALARMS
    assert [name for name, alarm in ALARMS.items() if "Metrics" in alarm] == [], (
        "each metric of an expression is billed"
    )


@named
def test_the_runbook_has_every_alarm(name):
    assert f"| `{text(ALARMS[name]['AlarmName']).removeprefix('${AWS::StackName}-')}` |" in OPERATIONS


def test_errors_that_are_answered_are_no_step_errors():
    """Those are the classes of errors.py and the ones that every Task retries, throttles apart."""
    pattern = FILTERS[UNEXPECTED]["FilterPattern"]
    left_out = set(re.findall(r'\$\.details\.error != "([\w.]+)"', pattern))
    classes = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    transient = {error for _, state in states() for rule in state.get("Retry", []) if "Transient" in rule["ErrorEquals"]
                 for error in rule["ErrorEquals"]}  # fmt: skip
    assert left_out == (classes - {"SettingMissing"}) | transient | {"Lambda.TooManyRequestsException"}
    assert '"TaskFailed"' in pattern
    assert '"TaskTimedOut"' in pattern
    assert len(pattern) <= 1024
    assert '"Lambda.TooManyRequestsException"' in FILTERS[THROTTLED]["FilterPattern"]


def test_an_endpoint_is_old_when_no_healthy_run_needs_it_and_before_it_is_swept():
    least = template()["Parameters"]["SweepAfterHours"]["MinValue"]  # test_limits.py holds it against the machine
    assert ALARMS["OldEndpointAlarm"]["Threshold"] == least * 60
    assert f"over {least} hours" in ALARMS["OldEndpointAlarm"]["AlarmDescription"]


def test_both_machines_logs_are_counted():
    for kind in (UNEXPECTED, THROTTLED):
        alike = [one for name, one in FILTERS.items() if name.endswith(kind)]
        assert {one["LogGroupName"]["Ref"] for one in alike} == {"MachineLog", "CleanUpMachineLog"}
        assert len({json.dumps(one["MetricTransformations"]) for one in alike}) == 1
        assert len({one["FilterPattern"] for one in alike}) == 1


def dashboard() -> dict:
    """The dashboard with every ${Name} as it is."""
    return json.loads(DASHBOARD)


def test_the_dashboard_names_what_exists():
    known = set(template()["Resources"]) | {"AWS::Region", "AWS::StackName", "DeadLetterQueue.QueueName"}
    assert set(re.findall(r"\$\{([^}]+)\}", DASHBOARD)) <= known
    for widget in dashboard()["widgets"]:
        assert widget["properties"]["region"] == "${AWS::Region}"
        for metric in widget["properties"]["metrics"]:
            assert is_known(metric), metric


def is_known(metric: list) -> bool:
    if isinstance(metric[0], dict):
        (name,) = re.findall(r'MetricName="(\w+)"', metric[0]["expression"])
        return name in our_metrics() and "{StockForecasts,service,dataset}" in metric[0]["expression"]
    namespace, name, *dimensions = [part for part in metric if isinstance(part, str)]
    if namespace in OF_AWS:
        return name in OF_AWS[namespace][1] and dimensions[0] == OF_AWS[namespace][0]
    if namespace == "StockForecasts":
        return name in our_metrics() and dimensions == ["service", "${AWS::StackName}"]
    return namespace == "StockForecasts/${AWS::StackName}" and name in from_filters()


def test_the_dashboard_shows_every_function_and_every_alarms_metric():
    shown = [metric for widget in dashboard()["widgets"] for metric in widget["properties"]["metrics"]]
    for metric in ("Errors", "Duration"):
        assert {one[3] for one in shown if one[:2] == ["AWS/Lambda", metric]} == {
            f"${{{name}}}" for name in functions()
        }
    assert {alarm["MetricName"] for alarm in ALARMS.values()} <= {one[1] for one in shown if isinstance(one[0], str)}


def test_the_widgets_do_not_overlap():
    places: set[tuple[int, int]] = set()
    for widget in dashboard()["widgets"]:
        x, y, width, height = (widget[name] for name in ("x", "y", "width", "height"))
        cells = {(column, row) for column in range(x, x + width) for row in range(y, y + height)}
        assert x + width <= 24
        assert not cells & places
        places |= cells
