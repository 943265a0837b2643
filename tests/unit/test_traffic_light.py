"""The traffic light against binomial sums, and on prices that it was not built on."""

import math

import numpy as np
import pytest

from stocks import traffic_light
from stocks.contract import HORIZONS
from stocks.traffic_light import DAYS, judge

ONE = np.ones(DAYS, np.int64)


def tail(breaches: int, prices: int) -> float:
    """How often so many prices have as many breaches, or more: 1 minus the binomial's terms below."""
    return 1 - sum(math.comb(prices, k) * 0.05**k * 0.95 ** (prices - k) for k in range(breaches))


def spread(breaches: int, tickers: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Days of so many tickers, the first of which have a breach of each ticker."""
    return tickers * ONE, tickers * (np.arange(DAYS) < breaches)


@pytest.mark.parametrize("prices", [1, 20, 250, 900])
@pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.3])
def test_the_tail_is_the_binomials(prices, share):
    breaches = max(1, round(share * prices))
    assert traffic_light.as_many(breaches, prices) == pytest.approx(tail(breaches, prices), rel=1e-6, abs=1e-13)


def test_no_breach_is_as_many_as_always():
    assert traffic_light.as_many(0, 250) == 1


def test_one_ticker_has_basels_count_with_the_edges_of_a_share_of_5_in_100():
    assert tail(19, DAYS) > 0.04 >= tail(20, DAYS)
    assert tail(27, DAYS) > 1e-4 >= tail(28, DAYS)
    found = [judge(*spread(breaches)) for breaches in (0, 12, 19, 20, 27, 28, 250)]
    assert [one.light for one in found] == ["green"] * 3 + ["yellow"] * 2 + ["red"] * 2
    assert {(one.yellow, one.red, round(one.independent, 9)) for one in found} == {(20, 28, 250)}


@pytest.mark.parametrize("breaches", [19, 20, 27, 28])
def test_five_hundred_tickers_that_do_as_one_are_one(breaches):
    alone, many = judge(*spread(breaches)), judge(*spread(breaches, 500))
    assert many.light == alone.light
    assert many.independent == pytest.approx(DAYS)
    assert (many.breaches, many.prices) == (500 * breaches, 500 * DAYS)


def test_tickers_that_breach_by_themselves_count_each():
    breaches = np.random.default_rng(3).binomial(100, 0.05, DAYS)
    found = judge(100 * ONE, breaches)
    assert found.independent > 0.8 * 100 * DAYS
    assert (found.yellow - found.prices * 0.05) / found.prices < 0.003


def test_breaches_that_share_days_are_worth_less_than_as_many_that_do_not():
    """8 of 100 prices either way: beyond doubt if each day has them, little if a few days have all."""
    even, crowded = np.full(DAYS, 8), np.where(np.arange(DAYS) < 20, 100, 0)
    assert judge(100 * ONE, even).light == "red"
    found = judge(100 * ONE, crowded)
    assert (found.breaches, found.light) == (even.sum(), "yellow")


def test_fewer_than_250_days_have_no_light_and_days_without_prices_are_none():
    assert judge(ONE[1:], ONE[1:]).light is None
    prices = np.append(ONE[1:], [0, 0])
    found = judge(prices, prices)
    assert (found.light, found.days) == (None, DAYS - 1)
    assert judge(np.append(prices, 1), np.append(prices, 1)).light == "red"


def test_only_the_last_250_days_count():
    prices, breaches = np.ones(2 * DAYS, np.int64), np.repeat([1, 0], DAYS)
    assert judge(prices, breaches).light == "green"
    assert judge(prices, breaches[::-1]).light == "red"


def test_nothing_is_judged_without_prices():
    found = judge(ONE[:0], ONE[:0])
    assert (found.light, found.days, found.prices, found.breaches) == (None, 0, 0, 0)


def test_without_breaches_days_count_once_and_the_light_is_green():
    found = judge(40 * ONE, 0 * ONE)
    assert (found.light, found.independent) == ("green", DAYS)
    assert 40 * 19 < found.yellow <= 40 * 20


def test_prices_that_stood_still_hide_no_breaches_of_the_others():
    """17 of 100 moving prices lie beyond; nine in ten prices are of halted tickers, whose ranges have no width."""
    moving, still = 10 * ONE, 90 * ONE
    beyond = np.random.default_rng(4).binomial(10, 0.17, DAYS)
    by_horizon = dict.fromkeys(HORIZONS, (moving + still, beyond))
    assert traffic_light.held(by_horizon, 0 * ONE).verdict.light == "green"
    found = traffic_light.held(by_horizon, still)
    assert found.verdict == judge(moving, beyond)
    assert found.verdict.light == "red"
    assert traffic_light.held(by_horizon, moving + still).verdict.light is None, "nothing moved"


def lights(
    share: float, scale: float, tickers: int, rng: np.random.Generator, windows: int = 200
) -> list[traffic_light.Light | None]:
    """Days whose share of breaches is itself drawn, from a beta distribution of this concentration."""
    found = []
    for _ in range(windows):
        breaches = rng.binomial(tickers, rng.beta(share * scale, (1 - share) * scale, DAYS))
        found.append(judge(tickers * ONE, breaches).light)
    return found


@pytest.mark.parametrize(("scale", "tickers"), [(1.0, 30), (3.0, 200), (50.0, 2000), (0.3, 1000)])
def test_ranges_that_are_right_are_green_and_too_narrow_ones_red(scale, tickers):
    """Days on which 5 or 17 of 100 prices lie beyond, by a law that no simulation of the benchmark has."""
    rng = np.random.default_rng(11)
    right, narrow = (lights(share, scale, tickers, rng) for share in (0.05, 0.17))
    assert right.count("green") >= 0.93 * len(right)
    assert right.count("red") <= 1
    assert narrow.count("red") >= 0.9 * len(narrow)


def test_an_interval_holds_its_share_and_is_wider_for_more_days_ahead():
    prices = np.full(500, 10)
    inside = np.random.default_rng(2).binomial(10, 0.95, 500)
    widths = []
    for horizon in (1, 5, 20):
        low, high = traffic_light.interval(prices, inside, horizon)
        assert 0 <= low < inside.sum() / prices.sum() < high <= 1
        widths.append(high - low)
    assert widths == sorted(widths)
    assert widths[2] > 3 * widths[0]


def test_the_interval_of_independent_prices_is_wilsons():
    """Newcombe (1998), table I: 81 of 263 is .2553 to .3662, on days of one ticker; Student's t widens it a little."""
    low, high = traffic_light.interval(np.ones(263, int), (np.arange(263) < 81).astype(int), 1)
    assert (low, high) == pytest.approx((0.2553, 0.3662), abs=1e-3)


def test_an_interval_of_ranges_that_held_always_still_has_a_width():
    low, high = traffic_light.interval(np.full(30, 100), np.full(30, 100), 1)
    assert 0.8 < low < 0.95
    assert high == 1


@pytest.mark.parametrize(("days", "horizon", "known"), [(3, 1, False), (4, 1, True), (79, 20, False), (80, 20, True)])
def test_a_few_stretches_of_days_have_no_interval(days, horizon, known):
    found = traffic_light.interval(np.ones(days, int), np.ones(days, int), horizon)
    assert (found is not None) == known
