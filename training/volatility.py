"""How far prices move: the graph that turns a series into what the ranges are made of. Training and serving share it.

Heterogeneous autoregression (Corsi 2009) on the log of realised volatility, with Parkinson's daily range (1980). Each
row depends on the 120 rows up to itself and on no other, however long the series is. Computed in float64: sums of
squares span many orders of magnitude.
"""

import math
from typing import NamedTuple

import tensorflow as tf

MEMORY = 119  # returns a forecast of the volatility reads
RANGE_DAYS = (1, 5, 22, 66, 119)
RETURN_DAYS = (5, 22, 66, 119)
TREND_DAYS = (1, 5, 22, 66)
FEATURES = 1 + len(RANGE_DAYS) + len(RETURN_DAYS) + len(TREND_DAYS)
# Those in logs of volatility, of which a level can be taken; the first feature is 1, the last ones are trends.
LEVELLED = slice(1, 1 + len(RANGE_DAYS) + len(RETURN_DAYS))
LEVEL = 1 + len(RANGE_DAYS) + RETURN_DAYS.index(MEMORY)  # the feature that is the series' own level
EPSILON = 1e-8  # of a variance: a logarithm is never taken of less
CAP = 16.0  # a day's range counts at most so many times its return and the usual one: one false low spoils 119 days
FILL_DAYS = 22  # returns that stand in for a range that is missing
STEEPEST = 4.0  # standard deviations that a trend counts at most


class Measures(NamedTuple):
    """Of one series of T rows: features float64 [T, 14] and, float64 [T] each, variance, largest.

    features: 1; log volatility by ranges over the last 1, 5, 22, 66, 119 days and by returns over 5, 22, 66, 119; mean
    return over 1, 5, 22, 66 days in standard errors. variance: the day's own, the greater of squared return and range.
    largest: the greatest |log return| of the last 119; 0 where the price stood still.
    """

    features: tf.Tensor
    variance: tf.Tensor
    largest: tf.Tensor


def measure(adjclose: tf.Tensor, high: tf.Tensor, low: tf.Tensor, rows: tf.Tensor) -> Measures:
    """Measures at `rows` [m] of one series, [T] each with 0 for missing; a row may lie at most 1e6 rows in."""
    adjclose, high, low = (tf.cast(column, tf.float64) for column in (adjclose, high, low))
    previous = tf.concat([tf.zeros(1, tf.float64), adjclose[:-1]], 0)
    known = (adjclose > 0) & (previous > 0)
    ranged = (low > 0) & (high > low)
    returns = _look_back(_log_ratio(adjclose, previous, known), rows)
    ranges = _look_back(_log_ratio(high, low, ranged), rows)
    weight = _look_back(tf.cast(known, tf.float64), rows)

    squares = returns**2
    usual = _mean(squares, weight, MEMORY)
    fill = (squares + _running_mean(squares, weight)) / 2
    capped = tf.minimum(ranges**2 / (4 * math.log(2)), CAP * (squares + usual))
    daily = weight * tf.where(_look_back(tf.cast(ranged, tf.float64), rows) > 0, capped, fill)

    by_ranges = [_log_volatility(_mean(daily, weight, days)) for days in RANGE_DAYS]
    by_returns = [_log_volatility(_mean(squares, weight, days)) for days in RETURN_DAYS]
    trends = [_trend(returns, weight, days, by_returns[-1]) for days in TREND_DAYS]
    return Measures(
        tf.concat([tf.ones_like(usual), *by_ranges, *by_returns, *trends], 1),
        tf.maximum(squares[:, -1], daily[:, -1]),
        tf.reduce_max(tf.abs(returns), 1),
    )


def _look_back(values: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    """The last 119 values up to each of `rows` [m], oldest first: [T] becomes [m, 119]; before the first is 0."""
    padded = tf.concat([tf.zeros(MEMORY - 1, values.dtype), values], 0)
    return tf.gather(padded, rows[:, None] + tf.range(MEMORY))


def _log_ratio(above: tf.Tensor, below: tf.Tensor, known: tf.Tensor) -> tf.Tensor:
    """log(above / below) where both are known, else 0."""
    one = tf.ones_like(above)
    return tf.math.log(tf.where(known, above, one) / tf.where(known, below, one))


def _mean(values: tf.Tensor, weight: tf.Tensor, days: int) -> tf.Tensor:
    """[m, 1]: the mean of the last `days` of [m, 119], over those that are known; 0 of none."""
    total = tf.reduce_sum((weight * values)[:, -days:], 1, keepdims=True)
    return tf.math.divide_no_nan(total, tf.reduce_sum(weight[:, -days:], 1, keepdims=True))


def _running_mean(values: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    """[m, 119]: at each place the mean of the 22 up to it, of those that are known and in the window."""
    total, count = (_running_sum(one) for one in (weight * values, weight))
    return tf.math.divide_no_nan(total, count)


def _running_sum(values: tf.Tensor) -> tf.Tensor:
    """[m, 119]: at each place the sum of the 22 up to it."""
    sums = tf.cumsum(tf.pad(values, [[0, 0], [FILL_DAYS, 0]]), 1)
    return sums[:, FILL_DAYS:] - sums[:, :-FILL_DAYS]


def _log_volatility(variance: tf.Tensor) -> tf.Tensor:
    return tf.math.log(variance + EPSILON) / 2


def _trend(returns: tf.Tensor, weight: tf.Tensor, days: int, level: tf.Tensor) -> tf.Tensor:
    """[m, 1]: the mean return in standard errors, clipped."""
    return tf.clip_by_value(math.sqrt(days) * _mean(returns, weight, days) / tf.exp(level), -STEEPEST, STEEPEST)
