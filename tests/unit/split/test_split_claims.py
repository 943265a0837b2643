"""Who splits a file: claims, retries, duplicates and takeovers."""

import datetime
import json

import boto3
import pytest

import split
from common import attempts, aws, keys, storage, working
from common.errors import Transient
from tests.support.split_runs import GOOD, OURS, all_rows, listed, manifest, names, run_of


def test_killed_after_its_claim_split_goes_on_when_retried(drop, context, monkeypatch):
    event = drop()
    with monkeypatch.context() as killed:
        killed.setattr(split, "split", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            split.handler(event, context)
    assert names("work") == [keys.work(run_of(event)["run_id"], "claim.json")]
    claimed = json.loads(storage.get("work", names("work")[0]))["claimed"]
    run = split.handler(event, context)
    assert (run["status"], manifest(run)["started"]) == ("accepted", claimed)


@pytest.mark.parametrize("fatal", range(1, 5))
def test_killed_after_any_write_a_retry_gives_the_normal_result(drop, context, monkeypatch, fatal):
    monkeypatch.setenv("SHARD_KILOBYTES", "4")
    event, put, written = drop(GOOD + "A,2021-01-01,-1\n"), storage.put, []

    def dying(*arguments, **options):
        written.append(put(*arguments, **options))
        if len(written) == fatal:
            raise MemoryError
        return written[-1]

    with monkeypatch.context() as killed:
        killed.setattr(storage, "put", dying)
        with pytest.raises(MemoryError):
            split.handler(event, context)
    run = split.handler(event, context)
    assert (run["status"], run["shards"], len(list(all_rows(run)))) == ("accepted", 2, 400)
    assert len(listed(run)) == 2
    assert len(names("work")) == 4


def test_a_running_or_succeeded_owner_makes_the_event_a_duplicate(drop, context, execution):
    first = drop(execution_arn=execution("first"))
    run = split.handler(first, context)
    before = names("work")
    answer = split.handler(first | {"execution_arn": OURS}, context)
    assert answer == run_of(first) | {
        "status": "duplicate",
        "reason": f"this file belongs to execution {first['execution_arn']}",
        "shards": 0,
        "summary": {},
    }
    assert names("work") == before
    assert manifest(run)["rows"] == 400


@pytest.mark.parametrize(
    ("status", "theirs"),
    [("RUNNING", False), ("SUCCEEDED", False), ("FAILED", True), ("ABORTED", True), ("TIMED_OUT", True)],
)
def test_only_an_owner_that_ended_badly_loses_its_claim(stub, status, theirs):
    start = datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC)
    answer = {"executionArn": OURS, "stateMachineArn": OURS, "status": status, "startDate": start}
    stub("stepfunctions").add_response("describe_execution", answer, {"executionArn": OURS})
    assert attempts.ended_badly({"execution_arn": OURS, "claimed": "2024-01-02T00:00:00+00:00"}) is theirs


def publish(run, summary=True) -> None:
    """What Summarize leaves: its own answer, and the row that commits."""
    if summary:
        working.put_json(run, "summary", {"headline": "3 tickers"})
    storage.put("lake", keys.lake("runs", run, keys.part(0)), b"row")


def test_a_run_that_is_published_stays_so_when_its_claim_has_expired(drop, context, execution, buckets):
    event = drop(execution_arn=execution("first"))
    run = split.handler(event, context)
    publish(run, summary=False)
    for name in names("work"):
        buckets.delete_object(Bucket="work", Key=name)
    answer = split.handler(event | {"execution_arn": OURS}, context)
    assert answer == run_of(event) | {
        "status": "duplicate",
        "reason": "its forecasts are published",
        "shards": 0,
        "summary": {},
    }
    assert names("lake") == [keys.lake("runs", run, keys.part(0))]


def test_a_run_that_failed_after_its_commit_goes_on_from_there(drop, context, execution):
    event = drop(execution_arn=execution("first"))
    run = split.handler(event, context)
    publish(run)
    boto3.client("stepfunctions").stop_execution(executionArn=event["execution_arn"])
    before = names("work"), names("lake")
    answer = split.handler(event | {"execution_arn": OURS}, context)
    assert (answer["status"], answer["summary"]["headline"]) == ("published", "3 tickers")
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(answer["summary"]["finished"])
    assert datetime.timedelta(0) <= age < datetime.timedelta(minutes=1)
    assert (names("work"), names("lake")) == before


def test_the_run_of_an_aborted_owner_is_taken_over_and_cleared(drop, context, execution, buckets):
    first = drop(execution_arn=execution("first"))
    run = split.handler(first, context)
    boto3.client("stepfunctions").stop_execution(executionArn=first["execution_arn"])
    stale = {"work": keys.shard(run["run_id"], "shards", 7), "lake": keys.lake("rejected", run, "split.csv")}
    other = keys.lake("runs", run | {"run_id": "daily-of-another-run"}, keys.part(0))
    for bucket, key in [*stale.items(), ("lake", other)]:
        buckets.put_object(Bucket=bucket, Key=key, Body=b"stale")
    assert split.handler(first | {"execution_arn": OURS}, context)["status"] == "accepted"
    assert json.loads(storage.get("work", keys.work(run["run_id"], "claim.json")))["execution_arn"] == OURS
    assert stale["work"] not in names("work")
    assert names("lake") == [other]


def test_an_owner_that_aws_has_forgotten_is_taken_over(drop, context, execution):
    first = drop(execution_arn=execution("first") + "-of-90-days-ago")
    run = split.handler(first, context)
    claim_long_ago(run, first["execution_arn"])
    assert split.handler(first | {"execution_arn": OURS}, context)["status"] == "accepted"


def claim_long_ago(run: dict, execution_arn: str) -> None:
    claim = {"execution_arn": execution_arn, "claimed": "2024-01-02T00:00:00+00:00"}
    storage.put("work", keys.work(run["run_id"], "claim.json"), json.dumps(claim))


def test_an_owner_that_aws_does_not_know_yet_keeps_its_claim(drop, context, execution):
    first = drop(execution_arn=execution("first") + "-begun-a-moment-ago")
    split.handler(first, context)
    assert split.handler(first | {"execution_arn": OURS}, context)["status"] == "duplicate"


def test_losing_the_race_to_take_over_leaves_the_run_to_the_winner(drop, context, execution, monkeypatch):
    first, winner = (
        drop(execution_arn="arn:aws:states:us-east-1:123456789012:execution:machine:gone"),
        execution("winner"),
    )
    run = split.handler(first, context)
    claim_long_ago(run, first["execution_arn"])
    execution_of = run["run_id"]
    ended_badly = attempts.ended_badly

    def slow(standing):
        verdict = ended_badly(standing)
        if verdict:
            storage.put(
                "work", keys.work(execution_of, "claim.json"), json.dumps({"execution_arn": winner, "claimed": "now"})
            )
        return verdict

    monkeypatch.setattr(attempts, "ended_badly", slow)
    answer = split.handler(first | {"execution_arn": OURS}, context)
    assert (answer["status"], answer["reason"]) == ("duplicate", f"this file belongs to execution {winner}")


def test_a_conflict_of_two_claims_in_flight_is_transient(drop, context, stub):
    event = drop()
    stub("s3").add_client_error("put_object", "ConditionalRequestConflict", http_status_code=409)
    with pytest.raises(Transient, match="another request is writing runs/daily-"):
        split.handler(event, context)


def test_a_claim_is_written_only_where_there_is_none(drop, context):
    event = drop()
    key = keys.work(run_of(event)["run_id"], "claim.json")
    assert attempts.put_if("work", key, {"execution_arn": "a"}, IfNoneMatch="*")
    assert not attempts.put_if("work", key, {"execution_arn": "b"}, IfNoneMatch="*")
    assert not attempts.put_if("work", key, {"execution_arn": "b"}, IfMatch='"other"')
    assert json.loads(aws.client("s3").get_object(Bucket="work", Key=key)["Body"].read()) == {"execution_arn": "a"}
