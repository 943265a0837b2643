"""The benchmark's own arithmetic, on a few rows; what it measures is the product's code and tested there."""

import numpy as np
import pytest

from benchmarks import rivals, walk
from stocks import series
from stocks.contract import COLUMNS


def a_file(first="2019-01-01", last="2022-06-30"):
    """The rows of one ticker on every calendar day, as Split writes them."""
    days = np.arange(series.day_of(first), series.day_of(last) + 1, dtype=np.int32)
    price = np.exp(np.random.default_rng(5).normal(0, 0.01, len(days)).cumsum())
    counted = {"ticker": np.zeros(len(days), np.int32), "line": np.arange(len(days)) + 2, "day": days}
    return {"tickers": np.array(["A"])} | counted | dict.fromkeys(COLUMNS, price)


def test_a_test_year_is_that_year_and_nothing_later_is_known():
    shard, cuts = walk.shard_of(a_file(), 2021)
    assert cuts["test_from"] == "2021-01-01"
    assert series.iso(shard.days[-1]) == "2021-12-31"
    assert shard.bounds[0, 3] - shard.bounds[0, 2] == 365


def test_a_year_without_rows_is_refused():
    with pytest.raises(ValueError, match="no rows of 2023"):
        walk.shard_of(a_file(), 2023)


def test_the_constant_random_walk_takes_its_quantiles_from_before_the_test_year():
    shard, _ = walk.shard_of(a_file(), 2021)
    before = int(shard.bounds[0, 2])
    origins = {"offsets": np.array([0, 1]), "origin": np.array([before + 9])}
    found = rivals.constant(shard, origins)[0, 0] / shard.adjclose[before + 9]
    changes = np.diff(np.log(shard.adjclose[:before]))
    assert found[0] == 1
    np.testing.assert_allclose(np.log(found[1:]), np.quantile(changes, rivals.LEVELS), atol=1e-12)
    assert found[1] < found[2] < found[3] < found[4] < found[5]
