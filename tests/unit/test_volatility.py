"""What a day's variance counts, by hand; tests/training/test_daily_variance.py holds it to what the model learns."""

import dataclasses
import math

import numpy as np
import pytest

from stocks import volatility
from tests.support import shards
from tests.support.prices import walk

UP = math.log(1.1)  # a return


def ticker(prices, high=None, low=None):
    """A shard of one ticker; high and low are 0 where they are not given."""
    made = shards.shard({"A": prices}, test_from=10**6)
    given = {name: np.zeros(len(prices)) for name in ("high", "low")}
    given |= {name: np.array(values, float) for name, values in (("high", high), ("low", low)) if values is not None}
    return dataclasses.replace(made, **given)


def test_a_day_counts_its_return_or_its_range_whichever_is_greater():
    made = ticker([100, 110, 110, 110], high=[100, 111, 112, 110], low=[100, 109, 100, 109.9])
    parkinson = [math.log(high / low) ** 2 / (4 * math.log(2)) for high, low in ((112, 100), (110, 109.9))]
    assert parkinson[0] < 16 * UP**2 / 2  # the cap is elsewhere
    assert volatility.daily_variance(made) == pytest.approx([0, UP**2, *parkinson])


def test_a_false_low_counts_sixteen_times_the_return_and_the_usual_one_at_most():
    made = ticker([100, 110, 110, 110], high=[100, 110, 110, 110], low=[100, 100, 1, 100])
    assert volatility.daily_variance(made)[2] == pytest.approx(16 * UP**2 / 2)


def test_what_is_usual_is_the_mean_of_119_days_and_of_22_where_the_range_is_missing():
    prices = [100.0] + [110.0, 100.0] * 100
    prices += [100.0] * 130
    high, low = np.full(331, 400.0), np.full(331, 100.0)
    capped = volatility.daily_variance(ticker(prices, high, low))
    assert capped[200 + 100] == pytest.approx(16 * UP**2 * 19 / 119)
    assert capped[200 + 119] == pytest.approx(0, abs=1e-12)
    filled = volatility.daily_variance(ticker(prices))
    assert filled[200] == pytest.approx(UP**2)
    assert filled[200 + 10] == pytest.approx(UP**2 * 12 / 22 / 2)
    assert filled[200 + 22] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("high", "low"), [(0, 99), (101, 0), (99, 101), (100, 100), (0, 0)])
def test_a_range_that_is_none_is_as_good_as_missing(high, low):
    prices = walk(1, 30)
    expected = volatility.daily_variance(ticker(prices))
    assert (expected[1:] > 0).all()
    made = ticker(prices, high=np.full(30, high), low=np.full(30, low))
    assert np.array_equal(volatility.daily_variance(made), expected)


def test_tickers_of_a_shard_do_not_touch():
    series = {"A": walk(1, 150), "B": walk(2, 40, start=5.0), "C": [7.0]}
    alone = [volatility.daily_variance(shards.shard({name: prices}, 10**6)) for name, prices in series.items()]
    assert np.array_equal(volatility.daily_variance(shards.shard(series, 10**6)), np.concatenate(alone))
    assert volatility.daily_variance(shards.shard({})).shape == (0,)


def test_a_later_price_moves_no_earlier_variance():
    made = shards.shard({"A": walk(1, 300)})
    changed = shards.changed_after(made, made.days[200])
    before, after = volatility.daily_variance(made), volatility.daily_variance(changed)
    assert np.array_equal(before[:201], after[:201])
    assert (before[201:] != after[201:]).mean() > 0.9


def test_realised_is_the_mean_of_the_days_ahead():
    variance = np.arange(10.0) ** 2
    assert volatility.realised(variance, np.array([0, 3, 8]), 1).tolist() == [1, 16, 81]
    assert volatility.realised(variance, np.array([0, 4]), 5) == pytest.approx([11.0, 51.0])


def test_qlike_by_hand():
    """Patton (2011): ratio - log(ratio) - 1, least and 0 where the forecast is what happened."""
    assert volatility.qlike(np.array([4e-4]), np.array([2e-4])) == pytest.approx([2 - math.log(2) - 1], rel=1e-4)
    assert volatility.qlike(np.array([2e-4]), np.array([4e-4])) == pytest.approx([0.5 + math.log(2) - 1], rel=1e-4)
    assert volatility.qlike(np.array([2e-4, 0.0]), np.array([2e-4, 0.0])).tolist() == [0, 0]
    assert np.isfinite(volatility.qlike(np.array([0.0, 1.0]), np.array([1.0, 0.0]))).all()


def test_qlike_of_a_noisy_measure_is_least_at_its_mean():
    noisy = 2e-4 * np.random.default_rng(0).chisquare(1, 20_000)
    tried = np.linspace(1e-4, 4e-4, 61)
    losses = [volatility.qlike(noisy, np.full(len(noisy), forecast)).mean() for forecast in tried]
    assert tried[np.argmin(losses)] == pytest.approx(noisy.mean(), abs=5e-6)
