import datetime
import errno
import gzip
import io
import json

import boto3
import botocore.exceptions
import numpy as np
import pytest

import split
from common import attempts, aws, keys, storage, working
from common.errors import RejectedFile, Transient
from stocks.contract import COLUMNS
from stocks.reading import intake, lines, rejected
from stocks.reading.source import Rules, Source

OURS = "arn:aws:states:us-east-1:123456789012:execution:machine:ours"
DAYS = [(datetime.date(2020, 1, 1) + datetime.timedelta(day)).isoformat() for day in range(200)]
GOOD = "ticker,date,adjclose\n" + "".join(f"{ticker},{day},10\n" for ticker in "AB" for day in DAYS)


@pytest.fixture
def drop(buckets):
    """Put a file into the incoming bucket; the event that Split gets for it."""
    buckets.put_bucket_versioning(Bucket="incoming", VersioningConfiguration={"Status": "Enabled"})

    def put(content=GOOD, key="incoming/Daily/prices.csv", execution_arn=OURS):
        body = content.encode() if isinstance(content, str) else content
        version = buckets.put_object(Bucket="incoming", Key=key, Body=body)["VersionId"]
        source = {"bucket": "incoming", "key": key, "version_id": version}
        return source | {"size": len(body), "execution_arn": execution_arn}

    return put


@pytest.fixture
def execution(buckets):
    """Start an execution of some name; its ARN."""
    states = boto3.client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/machine"
    machine = states.create_state_machine(name="machine", definition="{}", roleArn=role)["stateMachineArn"]
    return lambda name: states.start_execution(stateMachineArn=machine, name=name)["executionArn"]


def manifest(run):
    return working.get_json(run, "manifest")


def all_rows(run):
    """ticker, line and price of every row of the run."""
    for shard in range(run["shards"]):
        rows = working.get_arrays(run, "rows", shard)
        for at, line, price in zip(rows["ticker"], rows["line"], rows["adjclose"], strict=True):
            yield str(rows["tickers"][at]), int(line), float(price)


def listed(run) -> list[str]:
    return storage.get("lake", keys.lake("rejected", run, "split.csv")).decode().splitlines()


def names(bucket):
    return [found["Key"] for found in boto3.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def run_of(event):
    dataset = split.address(event)[0]
    return {"dataset": dataset, "run_id": keys.run_id(dataset, event["bucket"], event["key"], event["version_id"])}


def test_a_good_file_is_accepted_under_its_datasets_name(drop, context):
    event = drop()
    answer = {"status": "accepted", "reason": "", "shards": 1, "summary": {}}
    assert split.handler(event, context) == run_of(event) | answer


def test_the_manifest_holds_source_counts_and_cuts(drop, context):
    event = drop()
    run = split.handler(event, context)
    written = manifest(run)
    assert datetime.datetime.fromisoformat(written.pop("started")).tzinfo
    head = boto3.client("s3").head_object(Bucket=event["bucket"], Key=event["key"], VersionId=event["version_id"])
    assert datetime.datetime.fromisoformat(written.pop("uploaded")) == head["LastModified"]
    assert written.pop("reading") == {
        "encoding": "UTF-8",
        "separator": ",",
        "layout": "long",
        "order": "year",
        "decimal": "point",
        "columns": {"ticker": "ticker", "date": "date", "adjclose": "adjclose"},
        "ignored": [],
        "ticker_from": "column",
        "notes": [],
    }
    assert written == {
        "dataset": "daily",
        "source": {name: event[name] for name in ("bucket", "key", "version_id")},
        "shards": 1,
        "rows": 400,
        "rejected_rows": 0,
        "cuts": {"validation_from": DAYS[112], "decision_from": DAYS[128], "test_from": DAYS[160]},
    }


def test_cuts_do_not_depend_on_prices(drop, context):
    one = split.handler(drop(), context)
    other = split.handler(drop(GOOD.replace(",10\n", ",1000\n")), context)
    assert manifest(one)["cuts"] == manifest(other)["cuts"]


def test_rows_keep_the_files_order_and_the_contracts_dtypes(drop, context):
    lines = [f"{ticker},{day},{price}\n" for day in DAYS for ticker, price in (("B", 2), ("A", 1))]
    run = split.handler(drop("ticker,date,close\n" + "".join(lines)), context)
    rows = working.get_arrays(run, "rows", 0)
    assert rows["tickers"].tolist() == ["A", "B"]
    assert rows["ticker"].tolist() == [1, 0] * 200
    assert rows["line"].tolist() == list(range(2, 402))
    assert rows["adjclose"].tolist() == rows["close"].tolist() == [2, 1] * 200
    kinds = {name: rows[name].dtype for name in rows if name != "tickers"}
    assert kinds == {"ticker": np.int32, "line": np.int64, "day": np.int32} | dict.fromkeys(COLUMNS, np.float64)


def test_every_row_of_a_ticker_is_in_the_shard_of_its_checksum(drop, context, monkeypatch):
    monkeypatch.setenv("SHARD_KILOBYTES", "1")
    tickers = [f"T{number}" for number in range(50)]
    lines = [f"{ticker},{day},3\n" for day in DAYS for ticker in tickers]
    run = split.handler(drop("ticker,date,close\n" + "".join(lines)), context)
    assert run["shards"] == 128
    for shard in range(128):
        rows = working.get_arrays(run, "rows", shard)
        assert {intake.crc32(ticker.encode()) % 128 for ticker in rows["tickers"].tolist()} <= {shard}
    assert sorted(line for _, line, _ in all_rows(run)) == list(range(2, 10_002))


@pytest.mark.parametrize(
    ("size", "name", "shards"),
    [(0, "a.csv", 1), (1024, "a.csv", 1), (1025, "a.csv", 2), (1024, "a.csv.gz", 4), (10**9, "a.csv", 128)],
)
def test_the_shard_count_follows_from_the_size(size, name, shards):
    assert intake.shard_count(Source(name, size, io.BytesIO), shard_kilobytes=1) == shards


def test_a_gzipped_file_is_read(drop, context):
    run = split.handler(drop(gzip.compress(GOOD.encode()), "incoming/daily/prices.CSV.GZ"), context)
    assert manifest(run)["rows"] == 400


def test_the_version_of_the_event_is_read_not_the_newest(drop, context):
    event = drop()
    drop(GOOD.replace(",10\n", ",99\n"))
    assert {price for _, _, price in all_rows(split.handler(event, context))} == {10}


def test_a_version_deleted_meanwhile_is_rejected(drop, context, buckets):
    event = drop()
    buckets.delete_object(Bucket="incoming", Key=event["key"], VersionId=event["version_id"])
    with pytest.raises(RejectedFile, match="was deleted before it was read; upload it again"):
        split.handler(event, context)


@pytest.mark.parametrize("key", ["incoming/", "incoming/daily/", "incoming/A b/c/", "incoming/daily/settings.json"])
def test_folder_markers_and_settings_are_ignored(buckets, context, key):
    event = {"bucket": "incoming", "key": key, "version_id": "1", "size": 0, "execution_arn": OURS}
    answer = split.handler(event, context)
    assert (answer["status"], answer["run_id"], answer["shards"]) == ("ignored", "", 0)
    assert answer["reason"]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (
            "incoming/prices.csv",
            "is not directly in the folder of a dataset; upload it to incoming/<dataset>/<name>.csv",
        ),
        ("incoming/settings.json", "is not directly in the folder of a dataset"),
        ("incoming/daily/2024/prices.csv", "is not directly in the folder of a dataset"),
        ("incoming//prices.csv", "the folder '' cannot name a dataset; use a letter, then up to 39 letters, digits"),
        ("incoming/my data/prices.csv", "the folder 'my data' cannot name a dataset"),
        ("incoming/../prices.csv", "the folder '..' cannot name a dataset"),
        ("incoming/daily/prices.xlsx", "'prices.xlsx' is by its name a spreadsheet; save its sheet as CSV"),
        ("incoming/daily/prices", "'prices' does not end in .csv or .csv.gz; save the prices as CSV"),
    ],
)
def test_a_misplaced_file_is_rejected_with_what_to_do_and_where(buckets, context, key, message):
    event = {"bucket": "incoming", "key": key, "version_id": "1", "size": 9, "execution_arn": OURS}
    with pytest.raises(RejectedFile) as refused:
        split.handler(event, context)
    assert str(refused.value).endswith(f": s3://incoming/{key}")
    assert message in str(refused.value)
    assert names("work") == names("lake") == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ("ticker,date,adjclose\n", "line 2: the file has a header and no rows"),
        ("ticker,when,close\nA,b,1\n", "line 1: the header 'ticker,when,close' has no column date"),
        ("PK\x03\x04", "the file is a zip archive; unpack it and upload the CSV"),
        (GOOD + "A,2024-01-02,\0\n", "line 402: a NUL byte"),
        ("date,close\n2024-01-02,1\n", "too few days: 1 with prices (2024-01-02 to 2024-01-02); a ticker needs 100"),
    ],
)
def test_an_unusable_file_is_rejected_and_the_reason_written_down(drop, context, content, message):
    event = drop(content)
    with pytest.raises(RejectedFile) as refused:
        split.handler(event, context)
    assert str(refused.value).startswith(message)
    assert str(refused.value).endswith(": s3://incoming/incoming/Daily/prices.csv")
    assert len(listed(run_of(event))) == 2
    assert listed(run_of(event))[0] == "line,reason,row"


@pytest.mark.parametrize(
    "content", [b"plain text", gzip.compress(GOOD.encode())[:-9], gzip.compress(b"x" * 99)[:-20] + b"?" * 20]
)
def test_a_damaged_gzip_is_rejected(drop, context, content):
    with pytest.raises(RejectedFile, match=r"the file is named \.gz but is no gzip data, or is damaged or cut short"):
        split.handler(drop(content, "incoming/daily/prices.csv.gz"), context)


def test_a_file_that_fills_the_disk_is_rejected(drop, context, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(intake.Intake, "route", full)
    with pytest.raises(RejectedFile, match=r"the file has more rows than fit \(400\); drop it in parts"):
        split.handler(drop(), context)


def test_a_connection_lost_while_reading_is_transient(drop, context, monkeypatch):
    def lost(*_, **__):
        raise botocore.exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2)

    monkeypatch.setattr(intake, "PricesFile", lost)
    with pytest.raises(Transient):
        split.handler(drop(), context)


def test_five_percent_bad_rows_reject_the_file_and_are_listed(drop, context):
    event = drop(GOOD + "A,2021-01-01,-1\n" * 21)
    with pytest.raises(RejectedFile) as refused:
        split.handler(event, context)
    assert str(refused.value) == (
        "line 402: adjclose '-1' is not a positive number; 21 of 421 rows cannot be used, 1.00% may be bad; "
        "correct them: s3://incoming/incoming/Daily/prices.csv"
    )
    assert listed(run_of(event))[-2] == "422,adjclose '-1' is not a positive number,\"A,2021-01-01,-1\""
    assert not [name for name in names("work") if "claim" not in name]


def test_few_bad_rows_are_listed_and_the_others_used(drop, context):
    run = split.handler(drop(GOOD + "A,2021-01-01,-1\n" * 4), context)
    assert (manifest(run)["rows"], manifest(run)["rejected_rows"]) == (404, 4)
    assert len(listed(run)) == 5


def test_more_bad_rows_are_counted_than_kept(drop, context, monkeypatch):
    monkeypatch.setattr(rejected, "KEEP", 10)
    event = drop(GOOD + "bad\n" * 100)
    with pytest.raises(RejectedFile, match="100 of 500 rows"):
        split.handler(event, context)
    assert len(listed(run_of(event))) == 11


def count_rows(monkeypatch) -> list[int]:
    """How many lines each block that is taken in has."""
    counts, add = [], intake.Intake.add

    def note(self, block):
        counts.append(block.lines)
        add(self, block)

    monkeypatch.setattr(intake.Intake, "add", note)
    monkeypatch.setattr(lines, "BLOCK_LINES", 100)
    return counts


@pytest.mark.parametrize("name", ["prices.csv", "prices.csv.gz"])
def test_reading_stops_once_too_many_rows_are_bad_whatever_follows(drop, context, monkeypatch, name):
    monkeypatch.setattr(lines, "MOST_LINES", 100_000)
    counts = count_rows(monkeypatch)
    body = (GOOD + "A,2024-01-02,-1\n" * 99_000).encode()
    with pytest.raises(RejectedFile, match=r"line 402: adjclose '-1' is .* of the first [\d,]+ rows cannot be used"):
        split.handler(drop(gzip.compress(body) if name.endswith(".gz") else body, f"incoming/daily/{name}"), context)
    # 1 % of the 100,000 rows that a gzip may have, or of those that the bytes of the file can hold, and the last block
    most = 100_000 if name.endswith(".gz") else len(body) / len("A,2024-01-02,-1\n")
    assert sum(counts) - 400 <= 0.01 * most + 100


def test_a_file_with_bad_rows_that_it_may_have_is_read_whole(drop, context, monkeypatch):
    counts = count_rows(monkeypatch)
    split.handler(drop("ticker,date,adjclose\n" + "A,x,1\n" * 4 + GOOD.partition("\n")[2]), context)
    assert sum(counts) == 404


def test_blocks_of_a_file_add_up(tmp_path, monkeypatch):
    class Dribble(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 100))

    monkeypatch.setattr(rejected, "KEEP", 10)
    body = ("ticker,date,adjclose\n" + "bad\n" * 99 + GOOD.partition("\n")[2]).encode()
    taken = intake.Intake(tmp_path, 1, Rules(tolerance=1))
    taken.read(Source("prices.csv", len(body), lambda: Dribble(body)))
    assert (taken.rows, taken.bad, len(taken.kept), taken.days.sum()) == (499, 99, 10, 400)
    assert taken.shard(0)["line"].tolist() == list(range(101, 501))


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
