import datetime
import io
import json
import tarfile

import pyarrow.parquet as pq
import pytest

import summarize
from common import storage, working
from tests.support import results

RUN = {"run_id": "us-0123456789ab", "dataset": "us", "shards": 2}
MODEL = "models/dataset=us/run_id=us-0123456789ab/j/output/model.tar.gz"
EVENT = {
    "run": RUN,
    "execution_arn": "arn:ours",
    "execution_started": "2026-11-23T03:40:00.123Z",
    "model_uri": f"s3://lake/{MODEL}",
    "train_seconds": 61,
    "endpoint_seconds": 200.5,
}
AT = "{}/dataset=us/run_id=us-0123456789ab/{}"
MANIFEST = {
    "run_id": "us-0123456789ab",
    "dataset": "us",
    "source": {"bucket": "incoming", "key": "incoming/us/prices.csv", "version_id": "v1"},
    "started": "2026-11-23T03:40:01Z",
    "uploaded": "2026-11-23T03:39:59+00:00",
    "shards": 2,
    "rows": 950,
    "rejected_rows": 1,
    "cuts": {"validation_from": "2020-09-01", "decision_from": "2020-10-01", "test_from": "2020-12-30"},
    "reading": results.READING | {"ticker_from": "file name"},
}
EVIDENCE = results.facts().evidence
DATA = {"rows": 950, "rejected_rows": 3, "tickers": 3, "skipped": [{"ticker": "NEW", "reason": "61 rows"}]}


def model(name="evidence.json", gates=None):
    """A model.tar.gz with its evidence."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as archive:
        for member, text in (
            ("1/saved_model.pb", "graph"),
            (name, json.dumps(EVIDENCE | {"gates": gates or {"1": 0.25, "5": 0, "20": 0}})),
        ):
            info = tarfile.TarInfo(member)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return body.getvalue()


@pytest.fixture
def run(buckets):
    """The buckets as Publish leaves them."""
    storage.put("work", "runs/us-0123456789ab/claim.json", json.dumps({"execution_arn": "arn:ours"}))
    working.put_json(RUN, "manifest", MANIFEST)
    working.put_json(RUN, "data", DATA)
    storage.put("lake", MODEL, model())
    for number, shard in enumerate(results.shards()):
        working.put_arrays(RUN, "scores", results.scores(shard, forecast=1.0), number)
        working.put_json(RUN, "charts", {"charts": results.drawn(shard, 3, forecast=1.0)}, number)
    return buckets


def read(table, name="00000.parquet"):
    return pq.read_table(io.BytesIO(storage.get("lake", AT.format(table, name)))).to_pylist()


def test_the_runs_row_says_what_was_done(run, context):
    summarize.handler(EVENT, context)
    (row,) = read("runs")
    finished = row.pop("finished")
    assert row == {
        "source_key": "incoming/us/prices.csv",
        "source_version": "v1",
        "uploaded": datetime.datetime(2026, 11, 23, 3, 39, 59),
        "started": datetime.datetime(2026, 11, 23, 3, 40, 0, 123_000),
        "rows": 950,
        "rejected_rows": 3,
        "tickers": 3,
        "skipped": ["NEW"],
        "shards": 2,
        "train_seconds": 61.0,
        "endpoint_seconds": 200.5,
        "training_instance_type": "ml.m5.large",
        "endpoint_instance_type": "ml.m5.large",
        "cost_usd": pytest.approx((61 + 200.5) * 0.115 / 3600, abs=1e-4),
        "model_uri": EVENT["model_uri"],
        "gates": [0.25, 0.0, 0.0],
        "schema": 2,
    }
    assert abs(datetime.datetime.now(datetime.UTC).replace(tzinfo=None) - finished) < datetime.timedelta(minutes=5)


def test_the_metrics_pool_all_shards(run, context):
    returned = summarize.handler(EVENT, context)
    rows = {(row["ticker"], row["model"], row["horizon"]): row for row in read("metrics")}
    assert len(rows) == 4 * 5 * 3
    assert rows["*", "forecast", 1]["n"] == 59 + 39 + 59
    assert rows["*", "random_forest", 1]["rmse_vs_naive"] > 2
    assert returned["rmse_vs_naive"] == rows["*", "forecast", 1]["rmse_vs_naive"] == 1.0


def test_the_page_of_very_many_tickers_is_made_of_the_first_ones(run, context, monkeypatch):
    monkeypatch.setattr(summarize, "REPORTED_ROWS", 30)
    summarize.handler(EVENT, context)
    assert "2 more are in the metrics table" in storage.get("lake", AT.format("reports", "report.html")).decode()
    assert len(read("metrics")) == 4 * 5 * 3


def test_the_answer_is_what_the_machine_passes_on(run, context):
    returned = summarize.handler(EVENT, context)
    assert set(returned) == {"finished", "report_uri", "headline", "tickers", "rmse_vs_naive"}
    assert returned["report_uri"] == "s3://lake/" + AT.format("reports", "report.html")
    assert returned["headline"].startswith("3 tickers: forecast error 1.000 x naive one day ahead (LSTM 1.0")
    assert returned["tickers"] == 3
    assert json.dumps(returned)


def test_the_report_is_a_page_that_browsers_open(run, context):
    summarize.handler(EVENT, context)
    report = run.get_object(Bucket="lake", Key=AT.format("reports", "report.html"))
    assert report["ContentType"] == "text/html; charset=utf-8"
    page = report["Body"].read().decode()
    for words in ("JAJIL.CQ", "BBB", "61 rows", "12 %", "prices.csv", "from the file&#39;s name"):
        assert words in page


def test_the_runs_row_is_written_last_and_before_the_instant_that_the_crawl_must_follow(run, context, monkeypatch):
    written, clock = [], iter(range(100))
    monkeypatch.setattr(
        summarize,
        "now",
        lambda: datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=next(clock)),
    )
    put = storage.put

    def record(bucket, key, *rest):
        table = "summary" if key.endswith("/summary.json") else key.partition("/")[0]
        written.append((table, next(clock)))
        return put(bucket, key, *rest)

    monkeypatch.setattr(storage, "put", record)
    finished = summarize.handler(EVENT, context)["finished"]
    assert [table for table, _ in written] == ["metrics", "reports", "summary", "runs"]
    assert datetime.datetime.fromisoformat(finished).second > written[-1][1]


def test_a_run_that_cannot_be_reported_is_not_published(run, context, monkeypatch):
    monkeypatch.setattr(summarize.page, "render", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        summarize.handler(EVENT, context)
    assert run.list_objects_v2(Bucket="lake", Prefix="runs/")["KeyCount"] == 0


def test_what_an_earlier_try_left_is_deleted_and_other_runs_are_kept(run, context):
    stale = [
        AT.format("metrics", "00001.parquet"),
        AT.format("reports", "old.html"),
        AT.format("runs", "00001.parquet"),
    ]
    kept = "metrics/dataset=us/run_id=us-ffffffffffff/00000.parquet"
    for key in [*stale, kept]:
        storage.put("lake", key, b"x")
    summarize.handler(EVENT, context)
    summarize.handler(EVENT, context)
    keys = {listed["Key"] for listed in run.list_objects_v2(Bucket="lake")["Contents"]}
    assert not keys & set(stale)
    assert kept in keys
    assert len(read("runs")) == 1


def test_the_metrics_name_the_dataset_and_the_horizon(run, context, capsys):
    summarize.handler(EVENT, context)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "CloudWatchMetrics" in line]
    (recorded,) = [line for line in lines if "RmseVsNaive1" in line]
    assert recorded["RmseVsNaive1"] == [1.0]
    assert {"RmseVsNaive5", "RmseVsNaive20"} <= set(recorded)
    assert recorded["dataset"] == "us"


@pytest.mark.parametrize("name", ["evidence.json", "./evidence.json"])
def test_the_gates_are_those_of_the_models_evidence(run, context, name):
    storage.put("lake", MODEL, model(name, {"20": 0.5, "5": 0.1, "1": 0.3}))
    summarize.handler(EVENT, context)
    assert read("runs")[0]["gates"] == [0.3, 0.1, 0.5]


def test_a_model_without_evidence_is_an_error(buckets):
    storage.put("lake", "m.tar.gz", model("else.json"))
    with pytest.raises(FileNotFoundError, match=r"m.tar.gz holds no evidence.json"):
        summarize.read_evidence("s3://lake/m.tar.gz")


def test_a_run_that_another_execution_has_taken_over_is_not_committed(run, context):
    storage.put("work", "runs/us-0123456789ab/claim.json", json.dumps({"execution_arn": "arn:other"}))
    with pytest.raises(RuntimeError, match="no longer belongs to arn:ours"):
        summarize.handler(EVENT, context)
    with pytest.raises(storage.aws.client("s3").exceptions.NoSuchKey):
        read("runs")
