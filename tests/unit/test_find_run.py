import datetime
import json

import pytest

import find_run
import notify
from common import keys
from common.errors import Transient
from stocks.dataset import plan

ARN = "arn:aws:states:us-east-1:123456789012:execution:stocks:e1"
KEY = "incoming/US/p 1.csv"
SOURCE = {"bucket": "incoming", "key": KEY, "version_id": "v1"}


def upload(key=KEY, version="v1"):
    found = {"key": key, "size": 3} | ({"version-id": version} if version else {})
    return json.dumps({"detail": {"bucket": {"name": "incoming"}, "object": found}})


@pytest.fixture
def find(stub, context):
    """find(status, input, ...) gives what the step says of an execution that Step Functions describes so."""

    def call(status, given=None, **more):
        now = datetime.datetime.now(datetime.UTC)
        answer = {
            "executionArn": ARN,
            "stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:stocks",
            "name": "e1",
            "status": status,
            "startDate": now,
            "input": upload() if given is None else given,
        }
        stub("stepfunctions").add_response("describe_execution", answer | more, {"executionArn": ARN})
        return find_run.handler({"execution_arn": ARN}, context)

    return call


def test_an_aborted_execution_belongs_to_the_run_of_its_arn(find):
    found = find("ABORTED")
    assert found["status"] == "found"
    assert found["run"] == {"run_id": plan.run_id("us", ARN), "dataset": "us"}
    assert (found["execution_name"], found["execution_arn"], found["key"]) == ("e1", ARN, KEY)
    assert keys.resource_name("stocks", found["run"], found["execution_name"])


def test_split_and_find_run_name_the_same_run(find, stub, context, buckets):
    import split

    stub("stepfunctions")
    buckets.put_bucket_versioning(Bucket="incoming", VersioningConfiguration={"Status": "Enabled"})
    rows = "".join(f"2024-{month:02d}-{day:02d},5\n" for month in range(1, 13) for day in range(1, 29))
    version = buckets.put_object(Bucket="incoming", Key=KEY, Body=f"date,close\n{rows}".encode())["VersionId"]
    event = SOURCE | {"version_id": version, "sequencer": "", "size": 3, "execution_arn": ARN}
    accepted = split.handler(event, context)
    found = find("ABORTED", upload(version=version))
    assert found["run"] == {name: accepted[name] for name in ("run_id", "dataset")}


@pytest.mark.parametrize("key", ["incoming/US/", "incoming/us/settings.json"])
def test_an_execution_without_a_file_has_its_run_and_may_hold_the_lease(find, key):
    """Hand over and Resume start such ones; a nudge has no version."""
    found = find("ABORTED", upload(key, version=None))
    assert (found["status"], found["run"]["dataset"], found["key"]) == ("found", "us", key)


NULLS = {"detail": {"bucket": None, "object": {"key": None}}}
NO_RUN = {
    "no folder": upload(key="incoming/p.csv"),
    "no dataset": upload(key="incoming/9/p.csv"),
    "a folder of no dataset": upload(key="incoming/my data/"),
    "a key of numbers": json.dumps({"detail": {"object": {"key": 7}}}),
    "nulls": json.dumps(NULLS),
    "no detail": '{"detail": null}',
    "an empty object": "{}",
    "a list": "[]",
    "a string": '"x"',
    "nothing": "",
    "no JSON": "{",
}


@pytest.mark.parametrize("given", NO_RUN.values(), ids=NO_RUN)
def test_what_names_no_run_has_nothing_to_clean_up(find, given):
    found = find("ABORTED", given)
    assert (found["status"], found["run"]) == ("none", {})
    assert found["key"]


def test_who_stopped_the_execution_may_say_why(find):
    assert find("ABORTED")["failure"] == {"error": "Aborted", "cause": "somebody stopped the execution"}


def test_the_reason_that_was_given_is_passed_on(find):
    found = find("ABORTED", error="Oops", cause="wrong file")
    assert found["failure"] == {"error": "Aborted", "cause": "somebody stopped the execution: wrong file"}


def test_a_time_out_is_told_as_such(find):
    found = find("TIMED_OUT", error="States.Timeout")
    assert found["failure"]["error"] == "TimedOut"
    assert "time limit" in found["failure"]["cause"]
    assert found["notified"] is False


def test_an_error_that_the_machine_caught_has_been_told(find, stub, s3, context):
    stub("sns").add_response("publish", {"MessageId": "1"})
    event = {
        "outcome": "failed",
        "once": "this state",
        "run": {},
        "key": KEY,
        "failure": {"error": "RejectedFile", "cause": "line 1: no date"},
    }
    told = notify.handler(event, context)["cause"]
    assert find("FAILED", error="RejectedFile", cause=told)["notified"] is True


@pytest.mark.parametrize("cause", ["line 1: no date", "An error occurred while executing the state 'X'", ""])
def test_an_error_that_nobody_caught_or_could_tell_has_not(find, cause):
    found = find("FAILED", error="States.Runtime", cause=cause)
    assert found["notified"] is False
    assert found["failure"] == {"error": "States.Runtime", "cause": cause or "States.Runtime"}


def test_a_person_who_stops_a_run_in_notifys_words_is_told_of_all_the_same(find):
    assert find("ABORTED", cause="Forecasting this was a mistake")["notified"] is False


def test_a_description_that_lags_behind_the_event_is_asked_for_again(find):
    with pytest.raises(Transient, match="still reported to run"):
        find("RUNNING")
