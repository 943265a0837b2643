"""How far a price moved on a day: what `training/volatility.py` forecasts, and so what its forecast is measured by."""

import math

import numpy as np

from stocks.contract import WINDOW
from stocks.series import Shard

EPSILON = 1e-8  # of a variance
CAP = 16.0  # a day's range counts at most so many times its return and the usual one
FILL_DAYS = 22  # returns that stand in for a range that is missing


def daily_variance(shard: Shard) -> np.ndarray:
    """float64[n]: of each row the greater of its squared log return and its range (Parkinson 1980); 0 of a first row.

    A range is capped, and made up where high or low is missing, as `measure` in training/volatility.py says.
    """
    variance = np.zeros(len(shard.days))
    for ticker, begin, end in zip(shard, shard.offsets[:-1], shard.offsets[1:], strict=True):
        prices, high, low = (ticker.rows[name] for name in ("adjclose", "high", "low"))
        squares = np.diff(np.log(prices)) ** 2
        ranged = ((low > 0) & (high > low))[1:]
        span = np.log(np.where(ranged, high[1:], 1.0) / np.where(ranged, low[1:], 1.0))
        capped = np.minimum(span**2 / (4 * math.log(2)), CAP * (squares + _running_mean(squares, WINDOW - 1)))
        fill = (squares + _running_mean(squares, FILL_DAYS)) / 2
        variance[begin + 1 : end] = np.maximum(squares, np.where(ranged, capped, fill))
    return variance


def realised(variance: np.ndarray, row: np.ndarray, horizon: int) -> np.ndarray:
    """float64[m]: the mean of the daily variance over the `horizon` rows after each."""
    sums = np.concatenate([[0.0], variance.cumsum()])
    return (sums[row + horizon + 1] - sums[row + 1]) / horizon


def qlike(realised: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """float64[m]: the loss of a variance forecast that noise in what it is measured by does not bias (Patton 2011)."""
    ratio = (realised + EPSILON) / (forecast + EPSILON)
    return ratio - np.log(ratio) - 1


def _running_mean(values: np.ndarray, days: int) -> np.ndarray:
    """float64[n]: at each place the mean of the last `days` up to it, of those there are."""
    sums = np.concatenate([[0.0], values.cumsum()])
    end = np.arange(1, len(values) + 1)
    begin = np.maximum(end - days, 0)
    return (sums[end] - sums[begin]) / (end - begin)
