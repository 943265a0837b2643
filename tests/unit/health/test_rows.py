"""Prices that stand still, bars that contradict themselves, volumes in another unit."""

import dataclasses

import numpy as np
import pytest

from stocks.health import rows
from tests.support import shards as made

ROWS, AT = 300, 150


def walk(seed=1):
    return np.round(100 * np.exp(np.random.default_rng(seed).normal(0, 0.02, ROWS).cumsum()), 2)


def day(row):
    return str(made.weekdays(ROWS)[row].astype("datetime64[D]"))


def texts(search, prices, **columns):
    return [one.text for one in search(dataclasses.replace(made.shard({"A": prices}), **columns))]


@pytest.mark.parametrize("many", [9, 10, 40])
def test_ten_equal_prices_in_a_row(many):
    prices = walk()
    prices[AT - 1 : AT + many + 1] = np.arange(many + 2) + 50
    prices[AT : AT + many] = 77
    expected = [f"{day(AT)}: {many} equal values of price in a row, until {day(AT + many - 1)}"] if many > 9 else []
    assert texts(rows.equal, prices) == expected


def test_equal_values_of_close_beside_an_adjclose_that_moves():
    prices = walk()
    close = prices.copy()
    close[AT : AT + 10] = 77
    assert texts(rows.equal, prices, close=close) == [
        f"{day(AT)}: 10 equal values of close in a row, until {day(AT + 9)}"
    ]


def test_a_penny_stock_stands_still_and_so_says_nothing():
    ticks = np.random.default_rng(7).random(ROWS) < 0.05
    prices = 0.1 + 0.01 * ticks.cumsum()
    prices[AT : AT + 14] = prices[AT]
    assert texts(rows.equal, prices) == []


def test_a_fund_that_never_moves_and_one_that_is_priced_once_a_month():
    assert texts(rows.equal, np.ones(ROWS)) == []
    assert texts(rows.equal, np.repeat(walk()[: ROWS // 20], 20)) == []


def test_a_run_ends_where_the_ticker_does():
    prices = walk()
    prices[-5:] = 50
    shard = made.shard({"A": prices, "B": np.concatenate([np.full(5, 50.0), walk(2)[5:]])})
    assert list(rows.equal(shard)) == []


def test_high_below_low_and_a_close_outside_them():
    prices = walk()
    shard = made.shard({"A": prices})
    high, low, close = shard.high.copy(), shard.low.copy(), shard.close.copy()
    high[AT], low[AT] = low[AT], high[AT]
    close[AT + 1] = high[AT + 1] * 1.1
    close[AT + 3] = low[AT + 3] * 0.8
    found = texts(rows.bars, prices, high=high, low=low, close=close)
    assert [text.split(", by")[0] for text in found] == [
        f"{day(AT)}: high is below low on this day",
        f"{day(AT + 1)}: close is outside low to high on 2 days from here on",
    ]


def test_what_rounding_explains_is_no_contradiction():
    prices = np.round(walk() / 50, 2)
    assert texts(rows.bars, prices, high=prices - 0.01, low=prices - 0.01) == []
    assert len(texts(rows.bars, prices, high=prices - 0.02, low=prices - 0.02)) == 1


def test_missing_columns_contradict_nothing():
    none = np.zeros(ROWS)
    assert texts(rows.bars, walk(), high=none, low=none) == []
    assert texts(rows.bars, walk(), close=none) == []
    assert texts(rows.volumes, walk(), volume=none) == []


def test_a_volume_in_thousands_from_a_day_on():
    volume = np.random.default_rng(1).integers(500_000, 2_000_000, ROWS).astype(float)
    assert texts(rows.volumes, walk(), volume=volume) == []
    later = np.where(np.arange(ROWS) >= AT, volume / 1000, volume)
    (text,) = texts(rows.volumes, walk(), volume=later)
    assert text.startswith(f"{day(AT)}: the volume is 1/")
    (text,) = texts(rows.volumes, walk(), volume=1e9 / later)
    assert text.startswith(f"{day(AT)}: the volume is ")


def test_a_busy_day_and_an_illiquid_share_are_no_jump():
    volume = np.full(ROWS, 1e6)
    volume[AT] = 1e9
    assert texts(rows.volumes, walk(), volume=volume) == []
    thin = np.exp(np.random.default_rng(2).normal(5, 3, ROWS)).round()
    assert texts(rows.volumes, walk(), volume=thin) == []
