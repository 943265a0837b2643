import dataclasses
import datetime
import io
import json
import re

import numpy as np
import pyarrow.parquet as pq
import pytest

import summarize
from common import dataset, models, storage, working
from stocks import metrics, schemas, series
from stocks.dataset import plan, retraining
from stocks.reporting import charts, news
from tests.support import results
from tests.support.memory_s3 import tag
from tests.support.plans import EXECUTION, OURS, lead
from tests.support.summarized import AT, DATA, EVENT, MODEL, RUN, model, read


def test_the_runs_row_says_what_was_done(run, context):
    summarize.handler(EVENT, context)
    (row,) = read("runs")
    finished, _ = row.pop("finished"), row.pop("parameters")
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
        "model_run": RUN["run_id"],
        "model_reason": "every run trains",
    }
    assert abs(datetime.datetime.now(datetime.UTC).replace(tzinfo=None) - finished) < datetime.timedelta(minutes=5)


def test_the_runs_row_has_the_parameters_sorted_by_name(run, context):
    summarize.handler(EVENT, context)
    assert read("runs")[0]["parameters"] == (
        '{"bad_row_tolerance": 0.01, "batch_size": 512, "endpoint_instance_count": 1, "epochs": 6, "keras": "3",'
        ' "learning_rate": 0.001, "numpy": "2", "random_forest_seed": 7, "random_forest_trees": 30,'
        ' "retrain_after_sessions": 1, "shard_kilobytes": 16384, "tensorflow": "2.21",'
        ' "test_fraction": 0.2, "training_instance_count": 1}'
    )


def test_every_instance_that_trained_is_paid(run, context, monkeypatch):
    monkeypatch.setenv("TRAINING_INSTANCE_COUNT", "4")
    summarize.handler(EVENT, context)
    (row,) = read("runs")
    assert row["cost_usd"] == pytest.approx((4 * 61 + 200.5) * 0.115 / 3600, abs=1e-4)
    assert json.loads(row["parameters"])["training_instance_count"] == 4


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


def test_a_table_of_many_tickers_is_written_in_pieces_and_is_the_same(run, context, monkeypatch):
    def written():
        summarize.handler(EVENT, context)
        page = storage.get("lake", AT.format("reports", "report.html")).decode()
        body = storage.get("lake", AT.format("metrics", "00000.parquet"))
        groups = pq.read_metadata(io.BytesIO(body)).num_row_groups
        return groups, read("metrics"), re.sub(r"2\d{3}-\d\d-\d\d[T ]\d\d:\d\d:\d\d", "", page)

    whole = written()
    monkeypatch.setattr(schemas, "ROW_GROUP", 3 * metrics.ROWS)  # all tickers pooled and two more
    assert written() == (2, *whole[1:])


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
        model=plan.Model(
            run_id=drawn.run_id,
            uri=EVENT["model_uri"],
            etag=tag(storage.get("lake", MODEL)),
            made_by=retraining.made_by("code", drawn.settings, 1),
            newest_day=18_700,
            test_from=series.day_of("2020-12-30"),
            rows=950,
        ),
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
    with pytest.raises(FileNotFoundError, match=r"m.tar.gz holds no evidence.json"):
        models.read_evidence(model("else.json"), "s3://lake/m.tar.gz")


def take_model(**changed) -> plan.Model:
    """The model of an earlier run, which Check data has chosen."""
    uri, etag = "s3://lake/models/dataset=us/run_id=us-older/m.tar.gz", tag(model())
    held = dataclasses.replace(plan.Model("us-older", uri, etag, "made", 18_690, 18_600, 900), **changed)
    storage.put("lake", "models/dataset=us/run_id=us-older/m.tar.gz", model())
    working.put_json(RUN, "data", DATA | {"model": dataclasses.asdict(held), "model_reason": "it is young"})
    return held


def test_a_run_that_takes_a_model_names_the_run_that_trained_it(run, context):
    held = take_model()
    summarize.handler(EVENT | {"model_uri": held.uri, "train_seconds": 0}, context)
    (row,) = read("runs")
    assert (row["model_run"], row["model_uri"], row["model_reason"]) == ("us-older", held.uri, "it is young")
    assert dataset.runs("us")[-1].model == held
    assert "no model was trained: it is young" in working.get_json(RUN, "message")["lines"][-1]
    page = storage.get("lake", AT.format("reports", "report.html")).decode()
    assert "none; it is young" in page


@pytest.mark.parametrize("changed", [{"etag": tag(b"another")}, {"uri": "s3://lake/models/elsewhere"}])
def test_a_model_that_was_exchanged_while_the_run_took_it_publishes_nothing(run, context, changed):
    uri = take_model().uri
    take_model(**changed)
    with pytest.raises(RuntimeError, match="is not the model of us-older that this run began with; start it again"):
        summarize.handler(EVENT | {"model_uri": uri}, context)
    assert not dataset.is_published(RUN)


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
