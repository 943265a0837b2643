"""Intervals that hold: scores of past forecasts, pooled in histograms, give the stretch of later intervals.

A score is the distance of the price from the median over the half-width of the interval on that side. After each day
the stretch of the interval grows a little where more than its share of scores lay beyond it, else it shrinks
(adaptive conformal inference; Gibbs and Candès 2021, Angelopoulos, Candès and Tibshirani 2023).
"""

from collections.abc import Iterable

import numpy as np

from stocks.contract import HORIZONS, OUTPUTS, ROUNDING, Arrays
from stocks.day_sums import DaySums
from stocks.series import Shard

LEVELS = (0.8, 0.95)
BOUNDS = ((1, 3), (0, 4))  # columns of the 80 % and the 95 % interval among p025, p10, p50, p90, p975
MEDIAN = 2
RANGE = slice(OUTPUTS.index("p025"), OUTPUTS.index("p975") + 1)  # of what the endpoint says
BIN = 0.01
NARROWEST, WIDEST = 0.3, 3.0  # stretches
BINS = round(WIDEST / BIN) + 2  # the last one is open above: no stretch reaches it
STEP = 0.05  # how far a day moves the stretch, on its logarithm; by horizon it is shared among h overlapping days


def scores(actual: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """float64[..., 2] from prices [...] and quantiles [..., 5]; infinite where an interval without width misses."""
    ordered = np.sort(quantiles, axis=-1)
    median = ordered[..., MEDIAN]
    distance = np.abs(actual - median)
    distance = np.where(distance < ROUNDING * median, 0.0, distance)
    by_interval = []
    for low, high in BOUNDS:
        half = np.where(actual > median, ordered[..., high] - median, median - ordered[..., low])
        with np.errstate(divide="ignore", invalid="ignore"):
            by_interval.append(np.where(distance == 0, 0.0, distance / half))
    return np.stack(by_interval, axis=-1)


def histogram(shard: Shard, forecasts: Arrays) -> dict[str, np.ndarray]:
    """The histogram file of a shard: counts of the scores of every forecast whose target day has come.

    An interval without width, of a price that stood still, has none: no stretch would change it, and its scores of 0
    or infinity would set the stretch of other tickers.
    """
    ticker = np.repeat(np.arange(len(forecasts["tickers"])), np.diff(forecasts["offsets"]))
    first, end = shard.offsets[ticker], shard.offsets[ticker + 1]
    codes = [np.empty(0, np.int64)]
    for i, horizon in enumerate(HORIZONS):
        target = first + forecasts["origin"] + horizon
        known = target < end
        target, quantiles = target[known], forecasts["outputs"][known, i, RANGE]
        bins = np.minimum(scores(shard.adjclose[target], quantiles) / BIN, BINS - 1).astype(np.int64)
        for interval, columns in enumerate(BOUNDS):
            wide = np.ptp(quantiles[:, columns], axis=1) > ROUNDING * quantiles[:, MEDIAN]
            codes.append(_code(shard.days[target[wide]], i, interval, bins[wide, interval]))
    return _decode(*np.unique(np.concatenate(codes), return_counts=True))


def pool(histograms: Iterable[Arrays]) -> dict[str, np.ndarray]:
    """The sum of the shards' histograms: day int32[d] ascending, count int32[d, 3 horizons, 2 intervals, BINS].

    It takes 7 KB a day, however many tickers there are. A ticker has one score a day in each count, so int32 holds all
    that a run can have.
    """
    pooled = DaySums(count=np.empty((0, len(HORIZONS), len(LEVELS), BINS), np.int32))
    for shard in histograms:
        cell = pooled.places(shard["day"]), shard["horizon"], shard["interval"], shard["bin"]
        count = pooled.sums["count"]
        np.add.at(count.reshape(-1), np.ravel_multi_index(cell, count.shape), shard["count"])
    return {"day": pooled.day, **pooled.sums}


def stretches(pooled: Arrays) -> dict[str, np.ndarray]:
    """The calibration file from pooled counts: day int32[d] ascending, stretch float64[d, 3 horizons, 2 intervals].

    An origin day knows the targets of days up to itself. Days are those of any score: every origin but a ticker's first
    is one. The stretch is 1 until the first score of a horizon.
    """
    stretch = np.ones((len(pooled["day"]), len(HORIZONS), len(LEVELS)))
    for i, horizon in enumerate(HORIZONS):
        for interval, level in enumerate(LEVELS):
            tracked = 1.0
            for day, count in enumerate(pooled["count"][:, i, interval]):
                if count.any():
                    tracked = _next(tracked, count, 1 - level, STEP / horizon)
                stretch[day, i, interval] = tracked
    return {"day": pooled["day"], "stretch": stretch}


def _next(stretch: float, count: np.ndarray, share: float, step: float) -> float:
    """The stretch after a day with these counts by bin, int32[BINS]: the interval shall miss the share of them."""
    whole, below = divmod(stretch / BIN, 1)
    bin_ = int(whole)
    missed = (count[bin_ + 1 :].sum() + (1 - below) * count[bin_]) / count.sum()
    return float(np.clip(stretch * np.exp(step * (missed - share)), NARROWEST, WIDEST))


def stretch_on(calibration: Arrays, days: np.ndarray) -> np.ndarray:
    """float64[m, 3, 2]: the stretch of origin days [m], of the latest calibrated day up to each; 1 before all."""
    before_first = np.ones((1, len(HORIZONS), len(LEVELS)))
    known = np.concatenate([before_first, calibration["stretch"]])
    return known[np.searchsorted(calibration["day"], days, side="right")]


def widen(quantiles: np.ndarray, stretch: np.ndarray) -> np.ndarray:
    """The five quantiles [..., 5] stretched [..., 2] about the median, ascending, and never below a price of 0."""
    ordered = np.sort(quantiles, axis=-1)
    median = ordered[..., MEDIAN]
    stretched = ordered.copy()
    for interval, columns in enumerate(BOUNDS):
        for column in columns:
            stretched[..., column] = median + stretch[..., interval] * (ordered[..., column] - median)
    return np.sort(np.maximum(stretched, 0.0), axis=-1)


def _code(day: np.ndarray, horizon: np.ndarray | int, interval: np.ndarray | int, bin_: np.ndarray) -> np.ndarray:
    """One integer for a cell, ordered by day, horizon, interval and bin."""
    cell = day.astype(np.int64) * len(HORIZONS) + horizon
    return (cell * len(LEVELS) + interval) * BINS + bin_


def _decode(codes: np.ndarray, counts: np.ndarray) -> dict[str, np.ndarray]:
    cell, bin_ = np.divmod(codes, BINS)
    cell, interval = np.divmod(cell, len(LEVELS))
    day, horizon = np.divmod(cell, len(HORIZONS))
    return {
        "day": day.astype(np.int32),
        "horizon": horizon.astype(np.int8),
        "interval": interval.astype(np.int8),
        "bin": bin_.astype(np.int16),
        "count": counts.astype(np.int32),
    }
