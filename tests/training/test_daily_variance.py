"""The variance that the metrics measure by is the one that the model learns to forecast."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import volatility
from stocks import volatility as measured_by
from tests.support import prices, shards

ROWS = 400


def ordinary():
    made = prices.bars(3, ROWS)
    return made["adjclose"], made["high"], made["low"]


def close_only():
    adjclose, _, _ = ordinary()
    return adjclose, np.zeros(ROWS), np.zeros(ROWS)


def some_missing():
    adjclose, high, low = ordinary()
    drawn = np.random.default_rng(1).random((2, ROWS))
    return adjclose, np.where(drawn[0] < 0.3, 0.0, high), np.where(drawn[1] < 0.3, 0.0, low)


def crossed():
    adjclose, high, low = ordinary()
    return adjclose, low, high


def halted():
    """Longer than the memory, with a range on some of the days, and then it moves again."""
    adjclose, high, low = ordinary()
    still = slice(100, 250)
    adjclose[still], high[still], low[still] = adjclose[100], adjclose[100], adjclose[100]
    high[200:210] *= 1.01
    return adjclose, high, low


def false_low():
    adjclose, high, low = ordinary()
    low[[60, 200, 201]] /= [10, 10, 1000]
    return adjclose, high, low


def constant():
    return np.full(ROWS, 12.34), np.full(ROWS, 12.34), np.full(ROWS, 12.34)


def short():
    adjclose, high, low = ordinary()
    return adjclose[:20], high[:20], low[:20]


SERIES = (ordinary, close_only, some_missing, crossed, halted, false_low, constant, short)


@pytest.mark.parametrize("series", SERIES, ids=lambda series: series.__name__)
def test_the_daily_variance_is_that_of_training(series):
    adjclose, high, low = (column.astype(np.float32).astype(np.float64) for column in series())
    shard = dataclasses.replace(shards.shard({"A": adjclose}, test_from=10**6), high=high, low=low)
    learnt = volatility.measure(*(tf.constant(column) for column in (adjclose, high, low)), tf.range(len(adjclose)))
    found = measured_by.daily_variance(shard)
    np.testing.assert_allclose(found, learnt.variance.numpy(), rtol=1e-9, atol=1e-15)
    assert (found[1:] > 0).any() == (series is not constant)


def test_the_constants_are_those_of_training():
    ours = (measured_by.WINDOW - 1, measured_by.EPSILON, measured_by.CAP, measured_by.FILL_DAYS)
    assert ours == (volatility.MEMORY, volatility.EPSILON, volatility.CAP, volatility.FILL_DAYS)
