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


def test_the_typical_expected_move_is_the_median_over_tickers():
    moves = ([0.01, 0.02, 0.04], [0.03, 0.05, 0.09], [0.02, 0.09, 0.05], [])
    assert charts.expected_moves([{"expected": move} for move in moves]) == [0.02, 0.05, 0.05]
    assert charts.expected_moves([]) == [None, None, None]


def test_charts_of_all_shards_are_sorted_by_ticker():
    shards = [results.drawn(shard, 3) for shard in results.shards()]
    assert [chart["ticker"] for chart in charts.collect(shards, 3)] == ["AAA", "BBB", "JAJIL.CQ"]


def test_a_ticker_that_ended_before_the_test_period_has_a_fan_only():
    ended = made.shard({"A": walk(1, 300), "ENDED": walk(2, 261)})
    chart = results.drawn(ended, 2)[1]
    assert (chart["actual"], chart["day"], chart["gaps"]) == ([], None, [])
    assert len(chart["ahead"]) == 3


def test_shards_are_read_only_as_far_as_there_is_room(monkeypatch):
    monkeypatch.setattr(charts, "MOST_ROWS", 130)

    def shards():
        yield results.drawn(results.shards()[0], 9)
        raise AssertionError("the second shard was read")

    assert len(charts.collect(shards(), 9)) == 2


def test_a_shard_has_no_more_charts_than_the_page_has_room_for(monkeypatch):
    monkeypatch.setattr(charts, "MOST_ROWS", 70)
    assert [chart["ticker"] for chart in results.drawn(results.shards()[0], 9)] == ["AAA"]


def test_a_chart_is_json_as_it_is(shard):
    chart = only(results.drawn(shard, 1))
    assert json.loads(json.dumps(chart, allow_nan=False)) == chart


def test_many_tickers_show_their_last_days_only(shard, monkeypatch):
    monkeypatch.setattr(charts, "MOST_ROWS", 20)
    monkeypatch.setattr(charts, "FEWEST_DAYS", 5)
    chart = only(results.drawn(shard, 1))
    assert chart["actual"] == pytest.approx(shard.adjclose[-20:], rel=1e-5)
    assert chart["before"] == pytest.approx(shard.adjclose[-21:-20], rel=1e-5)


@pytest.mark.parametrize(
    ("tickers", "expected"), [(10, (10, 25_000)), (1000, (1000, 250)), (50_000, (4166, 60)), (0, (0, 250_000))]
)
def test_the_page_has_room_for_so_many(tickers, expected):
    assert charts.room(tickers) == expected


def test_no_shards_make_no_charts():
    assert charts.collect([], 0) == []
