import json
import types

import pytest
from botocore.exceptions import ClientError

import sweep
from common import versions

HOUR = 3600
DAY = 24 * HOUR
FOLDER = "/aws/sagemaker/Endpoints"
STATUS = {"Endpoint": "InService", "TrainingJob": "InProgress", "TransformJob": "InProgress"}
ENDING = {"Endpoint": "Deleting", "TrainingJob": "Stopping", "TransformJob": "Stopping"}
WORDS = {
    "Endpoint": "endpoint",
    "EndpointConfig": "endpoint config",
    "Model": "model",
    "TrainingJob": "training job",
    "TransformJob": "transform job",
}


@pytest.fixture(autouse=True)
def logs(logs):
    """CloudWatch Logs, which each sweep asks."""
    return logs


@pytest.fixture(autouse=True)
def machines(monkeypatch):
    """The machines whose functions' old versions the sweep deletes; test_versions.py shows how."""
    swept = []
    monkeypatch.setattr(versions, "sweep", lambda machines: swept.extend(machines) or [])
    return swept


@pytest.fixture
def there_is(sagemaker):
    """there_is(kind, hours): SageMaker has one of this age, of the stack unless other tags are given."""

    def add(kind, hours, name="stocks-us-1", *statuses, stack="stocks"):
        statuses = statuses or ([STATUS[kind]] if kind in STATUS else [])
        sagemaker.add(kind, name, *statuses, seconds=hours * HOUR, tags={"Run": "us-1", "Stack": stack})

    return add


def metric(capsys) -> float:
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "OldestEndpointMinutes" in line]
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "StockForecasts"
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    (value,) = line["OldestEndpointMinutes"]
    return value


def test_without_leftovers_nothing_is_told_and_the_oldest_endpoint_is_0_minutes_old(sagemaker, context, capsys):
    assert sweep.handler({}, context) == {"swept": []}
    assert metric(capsys) == 0


@pytest.mark.parametrize("kind", WORDS)
def test_what_is_too_old_goes_and_is_told_with_its_name_and_age(sagemaker, there_is, topic, context, caplog, kind):
    there_is(kind, 13)
    published = topic()
    sweep.handler({}, context)
    assert sagemaker.status(kind, "stocks-us-1") == ENDING.get(kind)
    (message,) = published
    named = f"{WORDS[kind]} stocks-us-1, 13.0 hours old"
    assert named in message["Message"]
    assert message["Subject"] == "Leftovers of stocks: 1 deleted, 0 still there"
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [f"swept up {named}"]


@pytest.mark.parametrize("kind", WORDS)
def test_what_a_run_may_still_need_stays(sagemaker, there_is, context, kind):
    there_is(kind, 11.9)
    assert sweep.handler({}, context) == {"swept": []}
    assert sagemaker.described(kind, "stocks-us-1").get(f"{kind}Status") == STATUS.get(kind)


@pytest.mark.parametrize("kind", ["TrainingJob", "TransformJob"])
def test_a_job_that_has_ended_stays(sagemaker, there_is, context, kind):
    there_is(kind, 99, "stocks-us-1", "Completed")
    assert sweep.handler({}, context) == {"swept": []}


def test_the_age_is_a_parameter(sagemaker, there_is, topic, context, monkeypatch):
    monkeypatch.setenv("SWEEP_AFTER_HOURS", "6")
    there_is("Model", 7)
    topic()
    assert len(sweep.handler({}, context)["swept"]) == 1
    assert sagemaker.names("Model") == []


def test_the_oldest_endpoint_of_the_stack_is_measured_whatever_becomes_of_it(there_is, context, capsys):
    there_is("Endpoint", 1)
    there_is("Endpoint", 2, "stocks-us-2")
    there_is("Endpoint", 50, "stocks-b-us-1", stack="stocks-b")
    sweep.handler({}, context)
    assert metric(capsys) == pytest.approx(120, abs=1)


def test_another_stacks_resources_stay(sagemaker, there_is, context):
    """NameContains finds the prefix anywhere, and the stack `stocks-b` has the prefix of `stocks`."""
    there_is("Model", 99, "my-stocks-1")
    there_is("Model", 99, "stocks-b-us-1", stack="stocks-b")
    assert sweep.handler({}, context) == {"swept": []}
    assert sagemaker.names("Model") == ["my-stocks-1", "stocks-b-us-1"]


def test_an_endpoint_that_does_not_get_on_with_being_deleted_keeps_its_config_and_is_told(
    sagemaker, there_is, topic, context
):
    there_is("Endpoint", 13, "stocks-us-1", "Deleting")
    there_is("EndpointConfig", 13)
    published = topic()
    with pytest.raises(sweep.NotSwept, match=r"stocks-us-1, 13\.0 hours old: SageMaker has begun to delete it"):
        sweep.handler({}, context)
    assert sagemaker.names("EndpointConfig") == ["stocks-us-1"]
    assert len(published) == 1


def test_a_young_endpoint_whose_tags_are_not_told_is_no_leftover(sagemaker, there_is, context, caplog):
    there_is("Endpoint", 1)
    sagemaker.refuse("ListTags", "Rate exceeded", "ThrottlingException")
    assert sweep.handler({}, context) == {"swept": []}
    assert "of which SageMaker tells no tags" in caplog.text


def test_one_failure_does_not_keep_the_rest_and_is_told_and_raised(sagemaker, there_is, topic, context):
    there_is("Endpoint", 13, "stocks-us-1", "Updating")
    there_is("Endpoint", 14, "stocks-us-2")
    published = topic()
    with pytest.raises(sweep.NotSwept, match=r"stocks-us-1, 13\.0 hours old: Cannot update in-progress endpoint"):
        sweep.handler({}, context)
    assert sagemaker.status("Endpoint", "stocks-us-2") == "Deleting"
    (message,) = published
    assert message["Subject"] == "Leftovers of stocks: 1 deleted, 1 still there"
    assert "still there, and it may cost money: endpoint stocks-us-1" in message["Message"]
    assert "deleted or stopped: endpoint stocks-us-2" in message["Message"]


def test_what_a_stuck_endpoint_uses_stays_with_it(sagemaker, there_is, topic, context):
    there_is("Endpoint", 13, "stocks-us-1", "Updating")
    there_is("EndpointConfig", 13)
    there_is("Model", 13)
    topic()
    with pytest.raises(sweep.NotSwept):
        sweep.handler({}, context)
    assert [sagemaker.names(kind) for kind in ("EndpointConfig", "Model")] == [["stocks-us-1"]] * 2


def test_tags_that_cannot_be_read_are_a_failure_and_no_permission_to_delete(sagemaker, there_is, topic, context):
    there_is("Model", 13)
    sagemaker.refuse("ListTags", "not authorized", "AccessDeniedException")
    topic()
    with pytest.raises(sweep.NotSwept, match="not authorized"):
        sweep.handler({}, context)
    assert sagemaker.names("Model") == ["stocks-us-1"]


def test_what_vanished_since_it_was_listed_is_no_failure(sagemaker, there_is, context):
    there_is("Model", 13, "stocks-us-1", "made", "")
    there_is("TrainingJob", 13, "stocks-us-1", "InProgress", "Stopped")
    assert sweep.handler({}, context) == {"swept": []}
    assert {"DeleteModel", "StopTrainingJob"} <= set(sagemaker.calls)


def test_every_page_of_a_list_is_read(sagemaker, there_is, topic, context):
    sagemaker.page_size = 1
    there_is("Endpoint", 1)
    there_is("Endpoint", 13, "stocks-us-2")
    topic()
    assert len(sweep.handler({}, context)["swept"]) == 1
    assert sagemaker.status("Endpoint", "stocks-us-2") == "Deleting"


def test_a_list_that_fails_is_raised_before_anything_is_deleted(sagemaker, there_is, context):
    there_is("Endpoint", 13)
    sagemaker.refuse("ListEndpointConfigs", "not authorized to list", "AccessDeniedException")
    with pytest.raises(ClientError, match="not authorized to list"):
        sweep.handler({}, context)
    assert sagemaker.status("Endpoint", "stocks-us-1") == "InService"


@pytest.fixture
def grown_old(logs, monkeypatch):
    """grown_old(days): the log groups of four names are so many days old."""
    made = {"stocks-us-1": "stocks", "stocks-b-us-1": "stocks-b", "stocks-us-2": "", "other-us-1": "stocks"}
    for name, stack in made.items():
        logs.create_log_group(logGroupName=f"{FOLDER}/{name}", **({"tags": {"Stack": stack}} if stack else {}))

    def after(days):
        now = sweep.endpoint_logs.clock.seconds_since
        monkeypatch.setattr(sweep.endpoint_logs.clock, "seconds_since", lambda moment: now(moment) + days * DAY)

    return after


def left(logs) -> list[str]:
    return [group["logGroupName"].rpartition("/")[2] for group in logs.describe_log_groups()["logGroups"]]


@pytest.mark.parametrize(("days", "gone"), [(30.9, set()), (31.1, {"stocks-us-1"})])
def test_the_log_of_an_endpoint_goes_when_its_last_line_has_expired(logs, grown_old, context, days, gone):
    grown_old(days)
    before = set(left(logs))
    assert sweep.handler({}, context) == {"swept": []}
    assert before - set(left(logs)) == gone


def test_a_log_that_went_since_it_was_listed_is_no_failure(logs, grown_old, context, monkeypatch):
    grown_old(99)
    listed = logs.describe_log_groups()
    for name in left(logs):
        logs.delete_log_group(logGroupName=f"{FOLDER}/{name}")
    monkeypatch.setattr(logs, "get_paginator", lambda _: types.SimpleNamespace(paginate=lambda **_: [listed]))
    assert sweep.handler({}, context) == {"swept": []}


def test_old_versions_go_last_and_what_could_not_go_of_them_fails_the_sweep(
    sagemaker, there_is, topic, context, machines, monkeypatch
):
    sweep.handler({}, context)
    machine = sweep.settings().state_machine_arn
    assert machines == [machine, f"{machine}-clean-up"]
    there_is("Model", 13)
    published = topic()
    monkeypatch.setattr(versions, "sweep", lambda machines: ["old versions of split: no"])
    with pytest.raises(sweep.NotSwept, match="old versions of split: no"):
        sweep.handler({}, context)
    assert sagemaker.names("Model") == []
    assert "1 deleted, 0 still there" in published[0]["Subject"]
