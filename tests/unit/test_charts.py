import json

import numpy as np
import pytest

from stocks.reporting import charts
from tests.support import results
from tests.support import shards as made
from tests.support.prices import walk


def only(chart_list):
    (chart,) = chart_list
    return chart


@pytest.fixture
def shard():
    return made.shard({"A": walk(1, 300)})


def test_a_chart_holds_the_test_days_one_day_ahead(shard):
    chart = only(results.drawn(shard, 1))
    prices = shard.adjclose[260:]
    assert chart["ticker"] == "A"
    assert chart["actual"] == pytest.approx(prices[1:], rel=1e-5)
    assert chart["before"] == pytest.approx(prices[:1], rel=1e-5)
    assert chart["day"] == shard.days[261]
    assert np.cumsum([chart["day"], *chart["gaps"]]).tolist() == shard.days[261:].tolist()


def test_forecasts_are_hundred_thousandths_of_naive(shard):
    chart = only(results.drawn(shard, 1, forecast=1.001, lstm=0.998, forest=0.8))
    assert set(chart["forecast"]) == {100}
    assert set(chart["lstm"]) == {-200}
    assert set(chart["forest"]) == {-20_000}
    assert set(chart["low"]) == {-1280}
    assert set(chart["high"]) == {1280}


def test_the_fan_starts_at_the_last_price_and_has_a_row_for_each_horizon(shard):
    chart = only(results.drawn(shard, 1, forecast=1.0, lstm=1.002))
    last = shard.adjclose[-1]
    assert chart["last"] == [shard.days[-1], pytest.approx(last, rel=1e-5)]
    weekdays = np.busday_offset(np.datetime64(int(shard.days[-1]), "D"), (1, 5, 20))
    assert [row[0] for row in chart["ahead"]] == weekdays.astype(int).tolist()
    assert chart["ahead"][0][1:] == pytest.approx(
        [last, last * 1.002, last * 0.98, last * 0.9872, last * 1.0128, last * 1.02], rel=1e-5
    )
    assert chart["expected"] == [0.01, 0.02, 0.04]


def test_without_an_lstm_its_series_is_empty(shard):
    chart = only(results.drawn(shard, 1, forecast=1.0, lstm=0.0))
    assert chart["lstm"] == []
    assert [row[2] for row in chart["ahead"]] == [None] * 3
    assert len(chart["forecast"]) == len(chart["actual"])
    assert json.loads(json.dumps(chart, allow_nan=False)) == chart


def test_a_ticker_that_ended_before_the_test_period_has_a_fan_only():
    ended = made.shard({"A": walk(1, 300), "ENDED": walk(2, 261)})
    chart = results.drawn(ended, 2)[1]
    assert (chart["actual"], chart["day"], chart["gaps"]) == ([], None, [])
    assert len(chart["ahead"]) == 3


def chart(ticker, move):
    return {"ticker": ticker, "expected": [0.01, 0.02, move] if move else []}


def test_the_widest_have_a_chart_and_those_that_are_named_the_widest_first(monkeypatch):
    monkeypatch.setattr(charts, "MOST_CHARTS", 2)
    every = [chart("A", 0.1), chart("ENDED", 0), chart("B", 0.3), chart("C", 0.2), chart("D", 0.3), chart("E", 0.05)]
    assert [one["ticker"] for one in charts.chosen(every, set())] == ["B", "D"]
    assert [one["ticker"] for one in charts.chosen(every, {"E", "ENDED", "gone"})] == ["B", "D", "E", "ENDED"]


def test_charts_of_shards_may_come_one_shard_after_the_other(monkeypatch):
    monkeypatch.setattr(charts, "MOST_CHARTS", 3)
    every = [chart(f"T{number}", 1 + number * 7 % 10) for number in range(10)]
    kept = []
    for at in range(0, 10, 2):
        kept = charts.chosen([*kept, *every[at : at + 2]], {"T0"})
    assert kept == charts.chosen(every, {"T0"})
    assert len(kept) == 4


def test_the_days_before_the_test_period_are_the_tickers_history(shard):
    days, prices = only(results.drawn(shard, 1))["earlier"]
    assert days == shard.days[:261].tolist()
    assert prices == pytest.approx(shard.adjclose[:261], rel=1e-5)


def test_a_long_history_is_thinned_out_and_keeps_its_ends(shard, monkeypatch):
    monkeypatch.setattr(charts, "MOST_EARLIER_DAYS", 27)
    days, prices = only(results.drawn(shard, 1))["earlier"]
    assert len(days) == len(prices) == 27
    assert (days[0], days[-1]) == (shard.days[0], shard.days[260])
    assert prices[-1] == only(results.drawn(shard, 1))["before"][0]
    steps = np.diff(np.searchsorted(shard.days, days))
    assert set(steps.tolist()) == {10}


def test_a_chart_is_json_as_it_is(shard):
    chart = only(results.drawn(shard, 1))
    assert json.loads(json.dumps(chart, allow_nan=False)) == chart


def test_many_tickers_show_their_last_days_only(shard, monkeypatch):
    monkeypatch.setattr(charts, "MOST_TEST_DAYS", 20)
    chart = only(results.drawn(shard, 1))
    assert chart["actual"] == pytest.approx(shard.adjclose[-20:], rel=1e-5)
    assert chart["before"] == pytest.approx(shard.adjclose[-21:-20], rel=1e-5)


@pytest.mark.parametrize(
    ("tickers", "expected"),
    [(10, (12_500, 7_500)), (500, (250, 150)), (50_000, (250, 150)), (0, (125_000, 75_000))],
)
def test_a_chart_has_room_for_so_many_days(tickers, expected):
    assert charts.room(tickers) == expected


def test_no_shards_make_no_charts():
    assert charts.chosen([], {"A"}) == []
