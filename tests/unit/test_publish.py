"""Publish, and the path forecast, calibrate, publish in one process with a small causal model as the endpoint."""

import dataclasses
import datetime
import io
import itertools
import json
import types

import numpy as np
import pyarrow.compute as pc
import pytest

from common import aws, storage, working
from stocks import baseline as models
from stocks import metrics
from stocks.contract import MODELS, OUTPUTS, QUANTILES
from stocks.dataset.table import FILLED, Facts, Rescaled
from stocks.reporting import charts
from tests.support import shards as made
from tests.support.exchanges import written
from tests.support.prices import walk
from tests.support.publishing import LAKE, RUN, facts_of, follow, part, pooled, two_shards

FORECASTS = (*MODELS, *QUANTILES, "expected_move")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Five trees, and an endpoint that answers at once."""
    monkeypatch.setattr(models, "TREES", 5)
    client = aws.client
    runtime = types.SimpleNamespace(answer=made.answer)
    runtime.invoke_endpoint = lambda **request: {"Body": io.BytesIO(runtime.answer(request["Body"].decode()))}
    monkeypatch.setattr(aws, "client", lambda name: runtime if name == "sagemaker-runtime" else client(name))
    return runtime


@pytest.fixture(autouse=True)
def cloud(s3):
    return s3


NONE = made.shard({})


def test_a_shard_becomes_predictions_prices_and_scores(context):
    shards = two_shards()
    skipped = made.shard({"ZZ": [1.0, 2.0]}, test_from=10**6)
    (first, second), returned = follow(shards, skipped, context)
    expected = [(39 + 35 + 20) + (29 + 25 + 10) + 6, (39 + 35 + 20) + 3]
    assert returned == [{"shard": 0, "rows": expected[0]}, {"shard": 1, "rows": expected[1]}]
    assert [first.num_rows, second.num_rows] == expected
    assert set(second["ticker"].to_pylist()) == {"B"}
    assert part("prices", 0)["ticker"].to_pylist() == ["A"] * 300 + ["C"] * 290 + ["ZZ"] * 2
    rows = {(r["ticker"], r["model"], r["horizon"]): r for r in metrics.rows(metrics.columns(pooled(2)))}
    for model in MODELS:
        assert rows["*", model, 1]["n"] == 39 + 29 + 39
        assert rows["ENDED", model, 1]["n"] == 0
    assert rows["*", "forecast", 1]["rmse_vs_naive"] == pytest.approx(1.0, abs=0.02)
    assert rows["*", "lstm", 1]["rmse_vs_naive"] != rows["*", "forecast", 1]["rmse_vs_naive"]
    assert rows["*", "random_forest", 1]["rmse_vs_naive"] > 1.02


def test_actual_is_null_only_in_future_rows_and_everything_else_is_known(context):
    (table, _), _ = follow(two_shards(), NONE, context)
    future = pc.equal(table["split"], "future")
    assert table["actual"].is_null().to_pylist() == future.to_pylist()
    assert pc.sum(future).as_py() == 6
    assert all(table[name].null_count == 0 for name in table.column_names if name != "actual")
    for name in FORECASTS:
        assert np.isfinite(table[name].to_numpy()).all()
    for low, high in itertools.pairwise(QUANTILES):
        assert (table[low].to_numpy() <= table[high].to_numpy()).all()


def test_where_no_lstm_was_trained_its_column_is_null_and_everything_else_is_as_with_one(context, quick):
    (with_one, _), _ = follow(two_shards(), NONE, context)
    quick.answer = lambda body: made.answer(body, trained=False)
    (table, _), _ = follow(two_shards(), NONE, context)
    assert table["lstm"].null_count == table.num_rows
    assert (table["forecast"].to_numpy() == table["naive"].to_numpy()).all()
    for name in {*table.column_names} - {"lstm", "forecast"}:
        assert table[name].equals(with_one[name]), name
    rows = {(r["ticker"], r["model"], r["horizon"]): r for r in metrics.rows(metrics.columns(pooled(2)))}
    assert (rows["*", "lstm", 1]["n"], rows["*", "forecast", 1]["n"]) == (0, 39 + 29 + 39)


def test_naive_is_the_adjclose_of_prices_to_the_last_bit(context):
    (table, _), _ = follow(two_shards(), NONE, context)
    prices = part("prices", 0)
    adjclose = {(row["ticker"], row["date"]): row["adjclose"] for row in prices.to_pylist()}
    for row in table.to_pylist():
        assert row["naive"] == adjclose[row["ticker"], row["origin_date"]]
        if row["split"] == "test":
            assert row["actual"] == adjclose[row["ticker"], row["target_date"]]


def test_the_intervals_are_stretched_by_the_pooled_calibration(context):
    (table, _), _ = follow(two_shards(), NONE, context)
    calibration = working.get_arrays(RUN, "calibration")
    row = table.filter(pc.and_(pc.equal(table["split"], "future"), pc.equal(table["horizon"], 5))).to_pylist()[0]
    forecasts = working.get_arrays(RUN, "forecasts", 0)
    served = dict(zip(OUTPUTS, forecasts["outputs"][forecasts["offsets"][1] - 1, 1], strict=True))
    stretch = calibration["stretch"][-1, 1]
    assert stretch[0] != 1
    for name in ("lstm", "forecast", "expected_move"):
        assert row[name] == served[name]
    median = served["p50"]
    assert row["p50"] == pytest.approx(median)
    assert row["p90"] == pytest.approx(median + stretch[0] * (served["p90"] - median))
    assert row["p025"] == pytest.approx(median - stretch[1] * (median - served["p025"]))


def test_changing_every_price_after_a_day_changes_no_forecast_issued_by_then(context):
    shards = two_shards()
    day = made.weekdays(281)[-1]
    before, _ = follow(shards, NONE, context)
    after, _ = follow([made.changed_after(shard, day) for shard in shards], NONE, context)
    moved = 0
    for old, new in zip(before, after, strict=True):
        origin_day = old["origin_date"].cast("int32").to_numpy()
        issued = origin_day <= day
        assert issued.any()
        for name in ("ticker", "origin_date", "target_date", "horizon", "split", *FORECASTS):
            assert old[name].filter(issued).equals(new[name].filter(issued)), name
        moved += sum(not old[name].filter(~issued).equals(new[name].filter(~issued)) for name in FORECASTS)
    assert moved == 2 * len(FORECASTS)


def test_the_shard_count_changes_no_prediction(context):
    series = {"A": walk(1, 300), "B": walk(3, 300), "C": walk(2, 290)}
    (whole,), _ = follow([made.shard(series)], NONE, context)
    parts, _ = follow([made.shard({name: series[name]}) for name in "ABC"], NONE, context)
    for name in whole.column_names:
        assert whole[name].to_pylist() == [value for part in parts for value in part[name].to_pylist()]


@pytest.mark.parametrize(
    "prices", [np.full(300, 42.5), walk(5, 300, start=1e-4), walk(6, 300, start=1e6), walk(7, 261)]
)
def test_degenerate_series_are_published(context, prices):
    (table,), _ = follow([made.shard({"A": prices})], NONE, context)
    assert table.num_rows >= 3
    assert (table["p025"].to_numpy() > 0).all()


def drawn(number):
    return working.get_json(RUN, "charts", number)["charts"]


def test_the_charts_of_a_shard_draw_what_is_published(context):
    (table, _), _ = follow(two_shards(), NONE, context)
    assert [chart["ticker"] for chart in drawn(0)] == ["A", "C"]
    assert [chart["ticker"] for chart in drawn(1)] == ["B"]
    chart = drawn(0)[1]
    one_day = pc.and_(pc.equal(table["ticker"], "C"), pc.equal(table["horizon"], 1))
    test = table.filter(pc.and_(one_day, pc.equal(table["split"], "test")))
    assert len(chart["actual"]) == 29
    assert chart["actual"] == pytest.approx(test["actual"].to_numpy(), rel=1e-5)
    of_naive = 1 + np.array(chart["forecast"]) / charts.STEPS
    assert of_naive == pytest.approx(test["forecast"].to_numpy() / test["naive"].to_numpy(), abs=1e-5)
    (future,) = table.filter(pc.and_(one_day, pc.equal(table["split"], "future"))).to_pylist()
    assert chart["ahead"][0][1] == pytest.approx(future["forecast"], rel=1e-5)


def test_the_room_for_charts_is_that_of_the_whole_run(context, monkeypatch):
    monkeypatch.setattr(charts, "MOST_TEST_DAYS", 40)
    monkeypatch.setattr(charts, "MOST_EARLIER_DAYS", 12)
    follow(two_shards(), NONE, context)
    assert [len(chart["actual"]) for chart in drawn(0)] == [10, 10]
    assert [len(chart["earlier"][0]) for chart in drawn(0)] == [3, 3]


def test_the_first_table_has_a_row_of_each_ticker(context):
    (table, _), _ = follow(two_shards(), NONE, context)
    glances = working.get_json(RUN, "charts", 0)["glances"]
    assert [one["ticker"] for one in glances] == ["A", "C"]
    future = table.filter(pc.and_(pc.equal(table["ticker"], "C"), pc.equal(table["split"], "future"))).to_pylist()
    last = future[0]["naive"]
    assert glances[1]["price"] == pytest.approx(last)
    assert glances[1]["ahead"] == [
        pytest.approx([row["expected_move"], row["p10"] / last - 1, row["p90"] / last - 1], abs=1e-4) for row in future
    ]


def test_an_empty_shard_is_published_empty(context):
    (empty, _), returned = follow([NONE, two_shards()[0]], NONE, context)
    assert empty.num_rows == 0
    assert drawn(0) == []
    assert returned[0] == {"shard": 0, "rows": 0}


def tickers(number=0):
    return {row.pop("ticker"): row for row in part("tickers", number).to_pylist()}


def test_the_table_of_tickers_has_every_ticker_and_what_became_of_it(context):
    skipped = made.shard({"ZZ": [1.0, 2.0]}, test_from=10**6)
    follow(two_shards(), skipped, context)
    first, second = tickers(0), tickers(1)
    assert {name: row["status"] for name, row in (first | second).items()} == {
        "A": "forecast", "B": "forecast", "C": "forecast", "ENDED": "stale", "ZZ": "skipped",
    }  # fmt: skip
    assert first["ZZ"]["reason"] == "2 rows before the test period"
    last, newest = made.weekdays(300)[[179, 299]].astype("datetime64[D]")
    assert second["ENDED"]["reason"] == f"its last day is {last}, the dataset's is {newest}"
    assert second["ENDED"]["notes"] == [f"health: {second['ENDED']['reason']}"]
    assert first["ZZ"]["notes"] == ["health: its name is like zz; the same ticker twice?"]
    assert working.get_json(RUN, "tickers", 1)["health"]["ENDED"] == [["end", second["ENDED"]["reason"]]]
    assert (first["A"]["reason"], first["A"]["calendar"], first["ZZ"]["calendar"]) == ("", "Mon-Fri", "")
    assert (first["A"]["rows"], first["A"]["first_day"]) == (300, datetime.date(2020, 1, 1))
    assert working.get_json(RUN, "tickers", 1)["missed"] == {}  # who has ended misses nothing any more
    assert working.get_json(RUN, "tickers", 0)["left_out"] == [{"ticker": "ZZ", "reason": first["ZZ"]["reason"]}]
    assert [one["ticker"] for one in working.get_json(RUN, "tickers", 1)["left_out"]] == ["ENDED", "ZZ"]


def test_what_is_known_of_a_ticker_is_published_and_kept_for_the_run_that_takes_this_one_as_its_base(context):
    shard = made.shard({"A": walk(1, 300)})
    (plain,) = facts_of(shard)
    rescaled = [Rescaled("u1", 0.5, 7), Rescaled("u2", 0.98, 9)]
    given = dataclasses.replace(
        plain, corrections=2, rescaled=tuple(rescaled), basis=0.49, price_column=FILLED, notes=("x",), filled=((3, 9),)
    )
    follow([shard], NONE, context, [given], health={"A": [["gap", "2020-03-02: a gap"]]})
    row = tickers()["A"]
    assert row["rescaled"] == [{"upload": "u1", "ratio": 0.5, "days": 7}, {"upload": "u2", "ratio": 0.98, "days": 9}]
    assert (row["corrections"], row["basis"], row["price_column"], row["notes"]) == (
        2,
        0.49,
        FILLED,
        ["x", "health: 2020-03-02: a gap"],
    )
    (kept,) = json.loads(storage.get("lake", LAKE.format("facts", "00000.json")))
    assert Facts.of(kept) == given, "what is found anew in each run is no fact of the next one's base"


def test_whether_a_ticker_has_ended_is_counted_in_sessions_of_its_own_calendar(context):
    """Ten sessions after its last day a ticker still counts; a coin's days beside it are no sessions of a share."""
    shard = made.shard({"A": walk(1, 300)})
    last = int(shard.days[-1])
    for days, status in ((14, "forecast"), (15, "stale")):
        assert np.busday_count(np.datetime64(last, "D"), np.datetime64(last + days, "D")) == 10 + (days == 15)
        follow([shard], NONE, context, newest_day=last + days)
        assert tickers()["A"]["status"] == status


@pytest.mark.parametrize(
    ("votes", "calendar"), [({}, "XPAR"), ({"XETR": 5, "XPAR": 4}, "XETR"), ({"XMIL": 5, "XNYS": 9}, "XMIL")]
)
def test_the_votes_of_the_dataset_decide_between_exchanges(context, votes, calendar):
    own = written("XPAR", last="2024-07-03")
    follow([made.shard({"A": walk(1, len(own))}, int(own[-30]), {"A": own})], NONE, context, votes=votes)
    assert tickers()["A"]["calendar"] == calendar
