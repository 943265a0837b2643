"""Steps like missing splits and wrong units, beside what the market does by itself."""

import dataclasses

import numpy as np
import pytest

from benchmarks import health, wild
from stocks.health import check, levels
from tests.support import shards as made

ROWS, AT = 300, 150


def walk(seed=1, rows=ROWS, noise=0.02, start=100.0):
    return start * np.exp(np.random.default_rng(seed).normal(0, noise, rows).cumsum())


def found(prices, **columns):
    """Kind and text of what is found of one ticker; columns take the place of the shard's."""
    shard = dataclasses.replace(made.shard({"A": prices}), **columns)
    return [(one.kind, one.text) for one in check.find(shard, {})]


def kinds(prices, **columns):
    return [kind for kind, _ in found(prices, **columns)]


def day(row):
    return str(made.weekdays(ROWS)[row].astype("datetime64[D]"))


@pytest.mark.parametrize("seed", range(20))
def test_good_prices_have_no_findings(seed):
    assert found(walk(seed)) == []


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (7, "1/7 of the day before; is a split of 7:1 missing?"),
        (1.5, "2/3 of the day before; is a split of 3:2 missing?"),
        (1 / 25, "25 times the day before; is a reverse split of 1:25 missing?"),
    ],
)
def test_a_missing_split_is_named_with_its_day_and_ratio(ratio, words):
    prices = walk()
    prices[:AT] *= ratio
    assert found(prices) == [("step", f"{day(AT)}: the price stepped to {words}")]


def test_a_crash_is_no_split_though_it_has_the_size_of_one():
    """Its volume and range are those of an event, and the days after it are wild."""
    prices = walk()
    prices[AT:] /= 2
    quiet = made.shard({"A": prices})
    assert kinds(prices) == ["step"]
    event = np.arange(ROWS) == AT
    volume, low = np.where(event, 20, 1) * quiet.volume, np.where(event, 0.85, 1) * quiet.low
    assert kinds(prices, volume=volume, low=low) == []
    assert kinds(prices, volume=volume) == ["step"], "volume alone is no proof"


def test_of_one_price_alone_a_wild_ticker_proves_less():
    none = dict.fromkeys(("open", "high", "low", "close", "volume"), np.zeros(ROWS))
    for noise, expected in ((0.02, ["step"]), (0.07, [])):
        prices = walk(noise=noise)
        prices[AT:] /= 1.5
        assert kinds(prices, **none) == expected


def test_a_fall_that_is_made_good_within_days_is_no_split():
    prices = walk()
    prices[AT : AT + 3] /= np.array([2, 1.5, 1.2])
    assert found(prices) == []


def test_a_step_of_no_splits_size_is_not_named():
    prices = walk(noise=0.002)
    prices[AT:] /= 1.75
    assert found(prices) == []


def test_a_split_in_close_beside_an_adjusted_price_is_right():
    prices = walk()
    raw = np.where(np.arange(ROWS) < AT, 4, 1) * prices
    assert found(prices, close=raw, open=raw, high=raw * 1.01, low=raw * 0.99) == []


@pytest.mark.parametrize(("first", "rows"), [(AT, 1), (AT, 3), (ROWS - 1, 1), (1, 1), (AT, ROWS)])
@pytest.mark.parametrize("factor", [100.0, 0.01])
def test_pence_among_pounds(first, rows, factor):
    prices = walk()
    prices[first : first + rows] *= factor
    (one,) = found(prices)
    assert one[0] == "hundred"
    assert one[1].startswith(f"{day(first)}: the price ")
    assert one[1].endswith("pence and pounds?")
    assert ("100 times" if factor > 1 else "1/100 of") in one[1]


def test_a_long_stretch_in_pence_has_two_findings_one_for_each_end():
    prices = walk()
    prices[AT : AT + 40] *= 100
    assert [text[:10] for _, text in found(prices)] == [day(AT), day(AT + 40)]


def test_one_row_of_close_in_pence_beside_a_good_adjclose():
    prices = walk()
    close = np.where(np.arange(ROWS) == AT, 100, 1) * prices
    assert [text for kind, text in found(prices, close=close) if kind == "hundred"] == [
        f"{day(AT)}: close is 100 times that around it; pence and pounds?"
    ]


def test_prices_of_a_few_ticks_halve_by_themselves():
    ticks = np.random.default_rng(3).integers(1, 4, ROWS)
    assert found(ticks / 100) == []
    assert found(ticks * 1e-8) == []


def test_a_tiny_price_with_decimals_enough_is_judged_like_any_other():
    prices = walk(start=3.4e-6)
    prices[:AT] *= 10
    assert kinds(prices) == ["step"]


def test_a_coin_that_doubles_by_itself_has_no_split():
    """A fifth a day up or down: double is within its noise."""
    assert found(walk(4, noise=0.2)) == []


def test_a_price_after_a_long_silence_proves_nothing():
    days = made.weekdays(ROWS)
    days[AT:] += 200
    prices = walk()
    prices[:AT] *= 2
    shard = made.shard({"A": prices}, days={"A": days})
    assert [one.kind for one in check.find(shard, {})] == ["gap"]


def test_many_wrong_rows_are_counted_and_the_newest_are_told():
    prices = walk()
    prices[20:280:20] *= 100
    shard = made.shard({"A": prices, "B": walk(2)})
    told = check.by_ticker(shard, check.find(shard, {}))
    assert list(told) == ["A"]
    assert told["A"][0] == ("more", "5 older findings")
    assert [one.text[:10] for one in told["A"][1:]] == [day(row) for row in range(120, 280, 20)]


@pytest.mark.parametrize("rows", [1, 2, 3, 6])
def test_the_shortest_series(rows):
    prices = np.full(rows, 10.0)
    prices[-1] = 1000
    assert kinds(prices) == (["hundred"] if rows > 1 else [])


def test_no_ticker_no_finding():
    assert check.find(made.shard({}), {}) == []


@pytest.mark.parametrize("kept", [dict, health.alone])
def test_wild_prices_are_not_taken_for_missing_splits(kept):
    """A tenth of such tickers was flagged, a quarter where there is nothing beside adjclose."""
    flagged = {one.at for one in levels.find(health.shard_of(kept(wild.prices(3.0, 0.1))))}
    assert len(flagged) <= wild.TICKERS // 100


def test_a_split_that_is_missing_is_found_in_wild_prices_too():
    prices = walk(noise=0.08)
    prices[AT:] /= 20
    assert kinds(prices) == ["step"]
