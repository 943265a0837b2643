"""Intervals that hold: scores of past forecasts, pooled in histograms, give the stretch of later intervals.

A score is the distance of the price from the median over the half-width of the interval on that side. After each day
the stretch of the interval grows a little where more than its share of scores lay beyond it, else it shrinks
(adaptive conformal inference; Gibbs and Candès 2021, Angelopoulos, Candès and Tibshirani 2023).
"""

from collections.abc import Iterable

import numpy as np

from stocks.contract import HORIZONS, OUTPUTS, ROUNDING, Arrays
from stocks.series import Shard

LEVELS = (0.8, 0.95)
BOUNDS = ((1, 3), (0, 4))  # columns of the 80 % and the 95 % interval among p025, p10, p50, p90, p975
MEDIAN = 2
RANGE = slice(OUTPUTS.index("p025"), OUTPUTS.index("p975") + 1)  # of what the endpoint says
BIN = 0.01
BINS = 1001  # the last one is open above
STEP = 0.05  # how far a day moves the stretch, on its logarithm; by horizon it is shared among h overlapping days
NARROWEST, WIDEST = 0.3, 3.0  # stretches
_MERGE_AT = 4_000_000  # sparse counts held before equal cells are added up


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
    """The sum of the shards' histograms; holds a few million counts, however many shards there are."""
    codes, counts, held = [np.empty(0, np.int64)], [np.empty(0, np.int64)], 0
    for shard in histograms:
        codes.append(_code(shard["day"], shard["horizon"], shard["interval"], shard["bin"]))
        counts.append(shard["count"])
        held += len(counts[-1])
        if held > _MERGE_AT:
            merged, total = _merge(codes, counts)
            codes, counts, held = [merged], [total], 0
    return _decode(*_merge(codes, counts))


def stretches(counts: Arrays) -> dict[str, np.ndarray]:
    """The calibration file from pooled counts: day int32[d] ascending, stretch float64[d, 3 horizons, 2 intervals].

    An origin day knows the targets of days up to itself. Days are those of any score: every origin but a ticker's first
    is one. The stretch is 1 until the first score of a horizon.
    """
    days = np.unique(counts["day"]).astype(np.int32)
    stretch = np.ones((len(days), len(HORIZONS), len(LEVELS)))
    for i, horizon in enumerate(HORIZONS):
        for interval, level in enumerate(LEVELS):
            chosen = (counts["horizon"] == i) & (counts["interval"] == interval)
            day, bins, count = (counts[key][chosen] for key in ("day", "bin", "count"))
            scored, first = np.unique(day, return_index=True)
            tracked = [1.0]
            for today in zip(np.split(bins, first[1:]), np.split(count, first[1:]), strict=True):
                if len(today[0]):
                    tracked.append(_next(tracked[-1], *today, 1 - level, STEP / horizon))
            stretch[:, i, interval] = np.array(tracked)[np.searchsorted(scored, days, side="right")]
    return {"day": days, "stretch": stretch}


def _next(stretch: float, bins: np.ndarray, count: np.ndarray, share: float, step: float) -> float:
    """The stretch after a day whose scores have these counts: the interval shall miss the share of them."""
    bin_, below = divmod(stretch / BIN, 1)
    missed = (count[bins > bin_].sum() + (1 - below) * count[bins == bin_].sum()) / count.sum()
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
        "count": counts.astype(np.int64),
    }


def _merge(codes: list, counts: list) -> tuple[np.ndarray, np.ndarray]:
    merged, where = np.unique(np.concatenate(codes), return_inverse=True)
    total = np.zeros(len(merged), np.int64)
    np.add.at(total, where, np.concatenate(counts))
    return merged, total
