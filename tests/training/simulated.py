"""Simulated files: many at once, with volatility that clusters and tickers that move together."""

from dataclasses import dataclass

import numpy as np

WARM_UP = 130  # days before the block, from which s is known
DEGREES = 5  # of freedom of Student's t: days are as wild as real ones


@dataclass(frozen=True)
class Files:
    """`files` decision blocks of `days` days and `tickers` tickers; arrays are [days, files, tickers].

    target and scale are those of data.targets: log returns over the horizon in units of s·√h. trend: the log return of
    the last 30 days, in units of s·√30. level [files, tickers]: daily volatility in the long run. skill: what can be
    known of the target, in its units.
    """

    horizon: int
    target: np.ndarray
    scale: np.ndarray
    trend: np.ndarray
    level: np.ndarray
    skill: np.ndarray
    draw: np.random.Generator


def files(seed, horizon, days, drift, count=1000, tickers=3, skill=0.0, before=1.0):
    """`drift` is the mean daily log return over its standard deviation, half as much more or less by ticker, and
    `before` times that until the market turns, on a day of the block, of each file another; `skill` is the correlation
    of a daily return with a signal that changes from day to day."""
    draw = np.random.default_rng(seed)
    rows, shape = WARM_UP + days + horizon, (count, tickers)
    level = 0.02 * np.exp(draw.normal(0, 0.4, shape))
    (shared, _), (own, _) = garch(draw, rows, (count, 1)), garch(draw, rows, shape)
    signal = slow(draw, rows, shape, 0.7)
    turn = draw.spawn(1)[0].integers(WARM_UP, WARM_UP + days, (count, 1))
    regime = np.where(np.arange(rows)[:, None, None] < turn, before, 1)
    returns = np.sqrt(0.4) * shared + np.sqrt(0.6) * own + drift * (1 + draw.normal(0, 0.5, shape)) * regime
    returns[1:] += skill * signal[:-1]
    returns *= level
    prices = returns.cumsum(0)
    origin = np.arange(WARM_UP - 1, WARM_UP - 1 + days)
    scale = _scale(returns, prices, level)[origin]
    ahead = (prices[origin + horizon] - prices[origin]) / (scale * np.sqrt(horizon))
    known = skill * level * signal[origin] * np.sum(0.7 ** np.arange(horizon)) / (scale * np.sqrt(horizon))
    trend = (prices[origin] - prices[origin - 30]) / (scale * np.sqrt(30))
    return Files(horizon, np.clip(ahead, -8, 8), scale, trend, level, known, draw)


def garch(draw, rows, shape, reaction=0.08, memory=0.9):
    """Returns of variance 1 in the long run (Bollerslev 1986), with Student's t, and the volatility that each was drawn
    with: float64 [rows, *shape] both."""
    shocks = draw.standard_t(DEGREES, (rows, *shape)) * np.sqrt((DEGREES - 2) / DEGREES)
    variance, returns, volatility = np.ones(shape), np.empty((rows, *shape)), np.empty((rows, *shape))
    for row in range(rows):
        volatility[row] = np.sqrt(variance)
        returns[row] = volatility[row] * shocks[row]
        variance = 1 - reaction - memory + reaction * returns[row] ** 2 + memory * variance
    return returns, volatility


def slow(draw, rows, shape, memory):
    """float64 [rows, *shape]: standard normal numbers that keep `memory` of the day before."""
    numbers = draw.standard_normal((rows, *shape))
    for row in range(1, rows):
        numbers[row] = memory * numbers[row - 1] + np.sqrt(1 - memory**2) * numbers[row]
    return numbers


def _scale(returns, prices, level):
    """As model.normalise: half the deviation of the last 30 returns, half the root of their weighted mean square."""
    squares = (returns**2).cumsum(0)
    deviation = np.zeros_like(returns)
    mean, square = (prices[30:] - prices[:-30]) / 30, (squares[30:] - squares[:-30]) / 30
    deviation[30:] = np.sqrt(np.maximum(square - mean**2, 0))
    weighted, recent = np.empty_like(returns), level**2
    for row, today in enumerate(returns):
        recent = 0.94 * recent + 0.06 * today**2
        weighted[row] = recent
    return (deviation + np.sqrt(weighted)) / 2


def bars(seed, rows, tickers, steps=20):
    """{ticker: adjclose, high, low [rows]} of GARCH prices, whose high and low are those of `steps` steps a day."""
    draw = np.random.default_rng(seed)
    returns, volatility = garch(draw, rows, (tickers,))
    bridges = draw.standard_normal((rows, steps, tickers))
    bridges = (bridges - bridges.mean(1, keepdims=True)).cumsum(1) * volatility[:, None] / np.sqrt(steps)
    within = bridges + returns[:, None] * np.linspace(1 / steps, 1, steps)[:, None]
    close = returns.cumsum(0)
    opened = close - returns
    high, low = opened + np.maximum(within.max(1), 0), opened + np.minimum(within.min(1), 0)
    logs = {"adjclose": close, "high": high, "low": low}
    return {f"T{i:02}": {name: 100 * np.exp(0.015 * log[:, i]) for name, log in logs.items()} for i in range(tickers)}
