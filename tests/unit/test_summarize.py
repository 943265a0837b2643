import dataclasses
import datetime
import io
import json
import tarfile

import numpy as np
import pyarrow.parquet as pq
import pytest

import summarize
from common import dataset, keys, storage, working
from common.events import NamedRun
from stocks import schemas
from stocks.dataset import plan
from stocks.health.findings import Said
from stocks.reporting import charts, news
from tests.support import folding, results
from tests.support.plans import EXECUTION, OURS, draw, lead, put_verdict, run_of, upload_rows

RUN = run_of(shards=2)
AT = f"{{}}/dataset=us/run_id={RUN['run_id']}/{{}}"
MODEL = AT.format("models", "j/output/model.tar.gz")
EVENT = {
    "run": RUN,
    "execution_arn": OURS,
    "execution_started": "2026-11-23T03:40:00.123Z",
    "model_uri": f"s3://lake/{MODEL}",
    "train_seconds": 61,
    "endpoint_seconds": 200.5,
    "inference_digest": "",
}
EVIDENCE = results.facts().evidence
CUTS = {"validation_from": "2020-09-01", "decision_from": "2020-10-01", "test_from": "2020-12-30"}
DATA = {"rows": 950, "rejected_rows": 3, "tickers": 3, "cuts": CUTS, "table_hash": "ab" * 32, "previous": ""}
READING = results.READING | {"ticker_from": "file name"}


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


def told_of(shard, number):
    """What Publish tells of a shard's tickers."""
    short = f"NEW{1 - number}"
    status = dict.fromkeys(shard.tickers.tolist(), "forecast") | {short: "skipped"}
    left_out = [{"ticker": short, "reason": f"6{number} rows"}]
    return {"left_out": left_out, "status": status, "rescaled": [], "corrected": {}, "health": {}}


def rows_of(shard):
    """The shard's rows as Merge leaves them."""
    ticker = np.repeat(np.arange(len(shard), dtype=np.int32), np.diff(shard.offsets))
    return {"tickers": shard.tickers, "ticker": ticker, "day": shard.days, "adjclose": shard.adjclose}


@pytest.fixture
def run(s3):
    """The buckets as Publish leaves them."""
    rows = upload_rows(KO=folding.walked(1, 10).file(0, 10))
    uploads = [put_verdict(rows, name, second) for second, name in enumerate(("old.csv", "KO.csv"))]
    for upload in uploads:
        read = dataclasses.replace(upload, reading=READING, rejected_rows=1)
        storage.put("lake", keys.verdict("us", upload.upload.id), read.to_json())
    base = draw(uploads[0], execution=f"{EXECUTION}before")
    new = (uploads[1].upload.id,)
    lead(draw(*uploads, base=base, shards=2, new_files=new, missing=("incoming/us/late.csv",), earlier=("gone",)))
    working.put_json(RUN, "data", DATA)
    storage.put("lake", MODEL, model())
    for number, shard in enumerate(results.shards()):
        rows = results.rows(shard, forecast=1.0)
        ahead = {name: column[rows["future"]] for name, column in rows.items()}
        working.put_parquet(RUN, "future", schemas.predictions(ahead, shard.tickers), number)
        working.put_arrays(RUN, "scores", results.scores(shard, forecast=1.0), number)
        drawings = {"charts": results.drawn(shard, 3, forecast=1.0), "glances": results.glances(shard, forecast=1.0)}
        working.put_json(RUN, "charts", drawings, number)
        working.put_json(RUN, "tickers", told_of(shard, number), number)
        working.put_arrays(RUN, "rows", rows_of(shard), number)
    return s3


def read(table, name="00000.parquet"):
    return pq.read_table(io.BytesIO(storage.get("lake", AT.format(table, name)))).to_pylist()


def test_the_runs_row_says_what_was_done(run, context):
    summarize.handler(EVENT, context)
    (row,) = read("runs")
    finished = row.pop("finished")
    drawn = dataset.planned(RUN)
    assert row == {
        "term": 2,
        "inputs": drawn.inputs,
        "files": 2,
        "new_files": list(drawn.new_files),
        "missing": ["incoming/us/late.csv"],
        "base_run": drawn.base,
        "settings": "",
        "table_hash": "ab" * 32,
        "code": "code",
        "training_image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2",
        "inference_image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2",
        "seed": 1,
        "parameters": (
            '{"bad_row_tolerance": 0.01, "batch_size": 512, "endpoint_instance_count": 1, "epochs": 6, "keras": "3",'
            ' "learning_rate": 0.001, "numpy": "2", "random_forest_seed": 7, "random_forest_trees": 30,'
            ' "shard_kilobytes": 16384, "tensorflow": "2.21", "test_fraction": 0.2}'
        ),
        "source_key": "incoming/us/KO.csv",
        "source_version": "v1",
        "uploaded": datetime.datetime(2026, 11, 24, 12, 0, 1),
        "started": datetime.datetime(2026, 11, 23, 3, 40, 0, 123_000),
        "rows": 950,
        "rejected_rows": 3,
        "tickers": 3,
        "shards": 2,
        "train_seconds": 61.0,
        "endpoint_seconds": 200.5,
        "training_instance_type": "ml.m5.large",
        "endpoint_instance_type": "ml.m5.large",
        "cost_usd": pytest.approx((61 + 200.5) * 0.115 / 3600, abs=1e-4),
        "model_uri": EVENT["model_uri"],
        "gates": [0.25, 0.0, 0.0],
        "light_live": None,
        "light_backtest": None,
        "schema": 2,
    }
    assert abs(datetime.datetime.now(datetime.UTC).replace(tzinfo=None) - finished) < datetime.timedelta(minutes=5)


def test_the_digest_of_the_container_that_served_stands_among_the_parameters_and_in_the_report(run, context):
    digest = "sha256:" + "0f" * 32
    summarize.handler(EVENT | {"inference_digest": digest}, context)
    assert json.loads(read("runs")[0]["parameters"])["inference_digest"] == digest
    page = storage.get("lake", AT.format("reports", "report.html")).decode()
    assert f"tensorflow-inference:2 {digest}" in page
    assert "tensorflow-training:2" in page


def test_the_metrics_pool_all_shards(run, context):
    returned = summarize.handler(EVENT, context)
    rows = {(row["ticker"], row["model"], row["horizon"]): row for row in read("metrics")}
    assert len(rows) == 4 * 5 * 3
    assert rows["*", "forecast", 1]["n"] == 59 + 39 + 59
    assert rows["*", "random_forest", 1]["rmse_vs_naive"] > 2
    assert returned["rmse_vs_naive"] == rows["*", "forecast", 1]["rmse_vs_naive"] == 1.0


def report_data():
    """What the report's script reads."""
    text = storage.get("lake", AT.format("reports", "report.html")).decode()
    return json.loads(text.partition('id="data">')[2].partition("</script>")[0])


def test_the_page_of_very_many_tickers_has_all_in_its_table_and_charts_of_the_widest_and_the_named(
    run, context, monkeypatch
):
    """The message names all three as widest; of the charts there is room for one, so two are there since it does."""
    monkeypatch.setattr(charts, "MOST_CHARTS", 1)
    summarize.handler(EVENT, context)
    assert [chart["ticker"] for chart in report_data()["charts"]] == ["AAA", "BBB", "JAJIL.CQ"]
    monkeypatch.setattr(news, "SHOWN", 0)
    summarize.handler(EVENT, context)
    assert [chart["ticker"] for chart in report_data()["charts"]] == ["AAA"]
    assert [row[0] for row in report_data()["table"]] == ["AAA", "BBB", "JAJIL.CQ"]
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
    page = storage.get("lake", AT.format("reports", "report.html")).decode()
    for words in ("JAJIL.CQ", "BBB", "61 rows", "12 %", "KO.csv", "from the file&#39;s name", "late.csv"):
        assert words in page
    assert page.index("NEW0") < page.index("NEW1")
    assert "incoming/us/KO.csv was read as" in page
    assert "incoming/us/old.csv was read as" not in page
    assert "2 files, 1 of them new" in page


def test_the_report_is_stored_as_what_browsers_open(run, context, monkeypatch):
    put, types = run.put_object, {}
    monkeypatch.setattr(
        run, "put_object", lambda **asked: types.update({asked["Key"]: asked["ContentType"]}) or put(**asked)
    )
    summarize.handler(EVENT, context)
    assert types[AT.format("reports", "report.html")] == "text/html; charset=utf-8"


def test_the_future_rows_of_all_shards_are_one_file(run, context):
    summarize.handler(EVENT, context)
    rows = read("predictions", "future-00000.parquet")
    assert [row["ticker"] for row in rows] == ["AAA"] * 3 + ["JAJIL.CQ"] * 3 + ["BBB"] * 3
    assert {row["split"] for row in rows} == {"future"}


def test_a_shard_without_a_forecast_adds_no_row_to_the_future(run, context):
    none = {name: column[:0] for name, column in results.rows(results.shards()[1]).items()}
    working.put_parquet(RUN, "future", schemas.predictions(none, np.array([], str)), 1)
    summarize.handler(EVENT, context)
    assert [row["ticker"] for row in read("predictions", "future-00000.parquet")] == ["AAA"] * 3 + ["JAJIL.CQ"] * 3


def test_later_plans_learn_what_was_published(run, context):
    summarize.handler(EVENT, context)
    (left,) = dataset.runs("us")
    drawn = dataset.planned(RUN)
    assert left == plan.Run(
        run_id=drawn.run_id,
        term=2,
        finished=left.finished,
        uploads=tuple(one.id for one in drawn.uploads),
        earlier=("gone",),
        rows=950,
        inputs=drawn.inputs,
        settings=drawn.settings.effective,
        table_hash="ab" * 32,
        fold="fold",
        code="code",
    )
    assert abs(datetime.datetime.now(datetime.UTC) - left.finished) < datetime.timedelta(minutes=5)


def test_the_runs_row_is_written_last_and_before_the_instant_that_the_crawl_must_follow(run, context, monkeypatch):
    written, clock = [], iter(range(100))
    monkeypatch.setattr(
        summarize,
        "now",
        lambda: datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=next(clock)),
    )
    put = storage.put

    def record(bucket, key, *rest):
        if bucket == "lake":
            written.append((key.partition("/")[0], next(clock)))
        return put(bucket, key, *rest)

    monkeypatch.setattr(storage, "put", record)
    finished = summarize.handler(EVENT, context)["finished"]
    assert [table for table, _ in written] == ["predictions", "metrics", "reports", "published", "runs"]
    assert datetime.datetime.fromisoformat(finished).second > written[-1][1]


def test_a_run_that_cannot_be_reported_is_not_published(run, context, monkeypatch):
    monkeypatch.setattr(summarize.page, "render", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        summarize.handler(EVENT, context)
    assert not dataset.is_published(RUN)


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


def test_a_model_without_evidence_is_an_error(s3):
    storage.put("lake", "m.tar.gz", model("else.json"))
    with pytest.raises(FileNotFoundError, match=r"m.tar.gz holds no evidence.json"):
        summarize.read_evidence("s3://lake/m.tar.gz")


@pytest.mark.parametrize("changed", [{"holder": f"{EXECUTION}other"}, {"holder": ""}, {"term": 3}])
def test_a_run_that_no_longer_leads_is_not_committed(run, context, changed):
    lead(dataset.planned(RUN), **changed)
    with pytest.raises(RuntimeError, match=f"{OURS} no longer leads us, so {RUN['run_id']} goes no further"):
        summarize.handler(EVENT, context)
    assert not dataset.is_published(RUN)
    assert not [key for _, key in run.objects if key.startswith("published/")]


def test_tried_again_after_its_row_it_publishes_the_same_once(run, context):
    first = summarize.handler(EVENT, context)
    again = summarize.handler(EVENT, context)
    assert first | {"finished": ""} == again | {"finished": ""}
    assert len(dataset.runs("us")) == 1


def test_the_message_tells_what_may_move_most_and_what_is_new(run, context):
    """A run before this one had one ticker less, and none that has ended."""
    tickers = sorted(name for shard in results.shards() for name in shard.tickers.tolist())
    before = draw(put_verdict(upload_rows(), "old.csv"), execution=f"{EXECUTION}before")
    columns = {name: [None] * (len(tickers) - 1) for name in schemas.SCHEMAS["tickers"].names}
    gap = Said("gap", "2020-03-02: a gap")
    known = columns | {"ticker": tickers[1:], "status": ["forecast"] * (len(tickers) - 1)}
    known |= {"notes": [[gap.note]] * (len(tickers) - 1)}
    earlier: NamedRun = {"run_id": before.run_id, "dataset": "us"}
    storage.put("lake", keys.lake("tickers", earlier, keys.part(0)), schemas.to_parquet("tickers", known))
    working.put_json(RUN, "data", DATA | {"previous": before.run_id})
    first = working.get_json(RUN, "tickers", 0)
    (upload,) = dataset.planned(RUN).new_files
    ended = next(name for name in first["status"] if first["status"][name] == "forecast" and name != tickers[0])
    told = {"status": first["status"] | {ended: "stale"}, "corrected": {upload: 3}}
    told |= {"health": {tickers[1]: [gap], tickers[0]: [gap], ended: [gap, Said("end", "it ended")]}}
    working.put_json(RUN, "tickers", first | told | {"rescaled": [(ended, upload, 0.5, 9)]}, 0)
    summarize.handler(EVENT, context)
    lines = working.get_json(RUN, "message")["lines"]
    assert lines[:2] == ["Do the ranges hold?", "  Live record: no light yet, 0 of 250 days."]
    lines = lines[lines.index("Widest expected moves, 20 trading days ahead:") :]
    new = lines[lines.index("What is new:") + 1 :]
    assert new[0] == "  1 new file: KO.csv"
    assert new[1] == f"  3 new tickers: {', '.join(sorted([tickers[0], 'NEW0', 'NEW1']))}"
    assert f"  1 ticker without rows for more than ten sessions: {ended}" in new
    assert f"  older prices rescaled: {ended} by 0.5 (KO.csv)" in new
    flagged = ", ".join(sorted([f"{tickers[0]} (a gap)", f"{ended} (an end)"]))
    assert f"  data health flags 2 tickers anew: {flagged}" in new
    assert new[-1] == "  not read in time, so the next run takes them: incoming/us/late.csv"
    moves = [float(line.partition("± ")[2].partition(" %")[0]) for line in lines[1 : lines.index("")]]
    assert moves == sorted(moves, reverse=True)
    page = storage.get("lake", AT.format("reports", "report.html")).decode()
    assert "corrected 3 of its" in page
    assert "KO.csv multiplied its older prices by 0.5" in page


def test_a_red_light_is_a_metric_of_all_datasets_and_stands_in_row_message_and_report(
    run, context, monkeypatch, capsys
):
    """As if 59 days of the test period were enough, on which no price stayed in a range that is a point."""
    monkeypatch.setattr(summarize.traffic_light, "DAYS", 59)
    for number, shard in enumerate(results.shards()):
        scores = results.scores(shard, forecast=1.0)
        working.put_arrays(RUN, "scores", scores | {"day_beyond": scores["day_n"]}, number)
    summarize.handler(EVENT, context)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "CloudWatchMetrics" in line]
    (recorded,) = [line for line in lines if "RedLights" in line]
    assert recorded["RedLights"] == [1]
    assert recorded["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    assert "dataset" not in recorded
    (row,) = read("runs")
    assert (row["light_live"], row["light_backtest"]) == (None, "red")
    told = working.get_json(RUN, "message")["lines"]
    assert any(line.startswith("  Backtest: red, the ranges are too narrow. Of 157 prices") for line in told)
    assert (
        "Backtest: red, the ranges are too narrow" in storage.get("lake", AT.format("reports", "report.html")).decode()
    )


def test_without_a_red_light_the_metric_is_0(run, context, capsys):
    summarize.handler(EVENT, context)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "CloudWatchMetrics" in line]
    assert [line["RedLights"] for line in lines if "RedLights" in line] == [[0]]
