"""Intervals that hold: scores of past forecasts, pooled in histograms, give the stretch of later intervals.

A score is the distance of the price from the median over the half-width of the interval on that side. The .8 and .95
quantile of the scores of the last 250 trading days is the factor by which intervals issued now must be widened
(rolling split conformal, pooled over tickers; Vovk, Gammerman and Shafer 2005).
"""

from collections.abc import Iterable

import numpy as np

from stocks.contract import HORIZONS, ROUNDING, Arrays
from stocks.series import Shard

LEVELS = (0.8, 0.95)
BOUNDS = ((1, 3), (0, 4))  # columns of the 80 % and the 95 % interval among p025, p10, p50, p90, p975
MEDIAN = 2
BIN = 0.01
BINS = 1001  # the last one is open above
DAYS, FEWEST_DAYS = 250, 60
_BLOCK = 512  # origin days handled at a time: 6 MiB of counts, however long the history
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
        target, quantiles = target[known], forecasts["prices"][known, i, 1:]
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

    An origin day knows the targets of days up to itself; its stretch takes the last 250 days that have a score of that
    horizon, and is 1 with fewer than 60. Days are those of any score: every origin but a ticker's first is one.
    """
    days = np.unique(counts["day"]).astype(np.int32)
    stretch = np.ones((len(days), len(HORIZONS), len(LEVELS)))
    for i in range(len(HORIZONS)):
        for interval, level in enumerate(LEVELS):
            chosen = (counts["horizon"] == i) & (counts["interval"] == interval)
            day, bins, count = (counts[key][chosen] for key in ("day", "bin", "count"))
            scored, index = np.unique(day, return_inverse=True)
            rolling = np.concatenate([[1.0], _rolling_quantiles(len(scored), index, bins, count, level)])
            stretch[:, i, interval] = rolling[np.searchsorted(scored, days, side="right")]
    return {"day": days, "stretch": stretch}


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


def _rolling_quantiles(days: int, index: np.ndarray, bins: np.ndarray, count: np.ndarray, level: float) -> np.ndarray:
    """float64[days]: the quantile over the 250 days up to each; `index`, ascending, is the day of each count."""
    rolling = np.ones(days)
    for start in range(0, days, _BLOCK):
        stop, first = min(start + _BLOCK, days), max(start - DAYS + 1, 0)
        inside = slice(*np.searchsorted(index, (first, stop)))
        sums = np.zeros((stop - first + 1, BINS), np.int64)
        np.add.at(sums, (index[inside] - first + 1, bins[inside]), count[inside])
        sums = sums.cumsum(axis=0)
        day = np.arange(start, stop)
        windows = sums[day - first + 1] - sums[np.maximum(day - DAYS + 1, first) - first]
        rolling[start:stop] = _quantiles(windows, level)
    rolling[: FEWEST_DAYS - 1] = 1.0
    return rolling


def _quantiles(windows: np.ndarray, level: float) -> np.ndarray:
    """float64[d] of counts [d, BINS]: linear within its bin; of the open last bin, its lower edge."""
    cumulative = windows.cumsum(axis=1)
    rank = level * cumulative[:, -1]
    bin_ = (cumulative < rank[:, None]).sum(axis=1)
    row = np.arange(len(windows))
    inside = windows[row, bin_]
    below = cumulative[row, bin_] - inside
    share = np.divide(rank - below, inside, out=np.zeros(len(windows)), where=inside > 0)
    return np.where(bin_ == BINS - 1, bin_, bin_ + share) * BIN


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
