"""Prices that stand still, bars that contradict themselves, and volumes in another unit. numpy only."""

import math
from collections.abc import Iterator

import numpy as np

from stocks.dataset import basis
from stocks.health.findings import Finding
from stocks.health.ticks import is_coarse
from stocks.series import Shard, iso

EQUAL = 10  # equal prices in a row
CHANCE = 0.002  # such runs expected of a ticker that often stands still: from here on a run says nothing
FEWEST = 10  # rows that tell how often a ticker stands still
AROUND = 125  # rows on each side that do so
ROUNDING = 1.01  # units of the last decimal that rounded prices may contradict each other by
NOISE = 1e-5  # of a price, as computed ones have
LEVEL = 10  # rows before and after a jump of volume
JUMP, APART = 100.0, 10.0  # times: the medians of the levels, and every row of one from every row of the other
SUDDEN = 30.0  # times the row before: a row that is looked at
MOST = 20  # such rows of a ticker that are judged, the newest


def equal(shard: Shard) -> Iterator[Finding]:
    """Ten equal prices in a row or more, of a ticker that else moves: of adjclose, and of close where it differs."""
    taken: set[tuple[int, int]] = set()
    for name in ("adjclose", "close"):
        price = getattr(shard, name)
        starts, lengths = _runs(price, shard.offsets)
        for run in np.flatnonzero((lengths >= EQUAL) & (price[starts] > 0)).tolist():
            first, rows = int(starts[run]), int(lengths[run])
            at = int(np.searchsorted(shard.offsets, first, side="right")) - 1
            least = _remarkable(shard.offsets[at : at + 2].tolist(), starts, lengths, run)
            near = price[max(int(shard.offsets[at]), first - AROUND) : min(int(shard.offsets[at + 1]), first + AROUND)]
            known = any(place == at and abs(first - other) < EQUAL for place, other in taken)
            if rows < least or known or is_coarse(price[first], near):
                continue
            taken.add((at, first))
            days = shard.days[first], shard.days[first + rows - 1]
            what = "price" if name == "adjclose" else "close"
            text = f"{iso(days[0])}: {rows:,} equal values of {what} in a row, until {iso(days[1])}"
            yield Finding(at, "equal", int(days[0]), text)


def _runs(price: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int64[r] each: where runs of equal prices begin, and how many rows they have; a ticker begins a run."""
    new = np.ones(len(price), bool)
    new[1:] = price[1:] != price[:-1]
    new[offsets[:-1][np.diff(offsets) > 0]] = True
    starts = np.flatnonzero(new)
    return starts, np.diff(np.append(starts, len(price)))


def _remarkable(ticker: list[int], starts: np.ndarray, lengths: np.ndarray, run: int) -> float:
    """From how many equal prices on a run says something, by how often its ticker stands still around it.

    ticker are the bounds of its rows.
    """
    first, end = int(starts[run]), int(starts[run] + lengths[run])
    low, high = max(ticker[0], first - AROUND), min(ticker[1], end + AROUND)
    elsewhere = high - low - (end - first)
    if elsewhere < FEWEST:
        return math.inf
    before, after = np.searchsorted(starts, (low + 1, high)).tolist()  # runs that begin inside, but for the first
    changes = min(max(after - before, 1), elsewhere - 1)
    return max(EQUAL, 1 + math.log(CHANCE / (ticker[1] - ticker[0])) / math.log(1 - changes / elsewhere))


def bars(shard: Shard) -> Iterator[Finding]:
    """Days with a high below the low, or a close outside them, by more than rounding explains."""
    high, low, close = shard.high, shard.low, shard.close
    known = (high > 0) & (low > 0)
    room = NOISE * high
    turned = known & (low > high + room)
    outside = known & (close > 0) & ~turned & ((close > high + room) | (close < low - room))
    for wrong, what in ((turned, "high is below low"), (outside, "close is outside low to high")):
        rows = np.flatnonzero(wrong)
        owners = np.searchsorted(shard.offsets, rows, side="right") - 1
        for at in np.unique(owners).tolist():
            own = rows[owners == at]
            by = np.maximum(np.maximum(close[own] - high[own], low[own] - close[own]), low[own] - high[own])
            units = ROUNDING * _unit(shard, at)
            own, by = own[by > units], by[by > units] / high[own[by > units]]
            if len(own):
                day, days = int(shard.days[own[0]]), f"{len(own):,} days from here on" if len(own) > 1 else "this day"
                text = f"{iso(day)}: {what} on {days}, by {100 * by.max():.2g} % of the price"
                yield Finding(at, "bars", day, f"{text} at most" if len(own) > 1 else text)


def _unit(shard: Shard, at: int) -> float:
    """The coarsest last decimal of the ticker's newest highs, lows and closes."""
    end = int(shard.offsets[at + 1])
    own = slice(max(int(shard.offsets[at]), end - 2 * EQUAL), end)
    prices = np.stack([shard.high[own], shard.low[own], shard.close[own]])
    return float(basis.units(prices, prices > 0).max(initial=0, where=(prices > 0).any(axis=1, keepdims=True)))


def volumes(shard: Shard) -> Iterator[Finding]:
    """Days from which on the volume is another by a factor that no market makes: shares, thousands or money."""
    volume = shard.volume
    if len(volume) < 2:
        return
    before, after = volume[:-1], volume[1:]
    sudden = (np.maximum(before, after) > SUDDEN * np.minimum(before, after)) & (before > 0) & (after > 0)
    rows = np.flatnonzero(sudden) + 1
    rows = rows[~np.isin(rows, shard.offsets)]
    owners = np.searchsorted(shard.offsets, rows, side="right") - 1
    for at in np.unique(owners).tolist():
        first, end = int(shard.offsets[at]), int(shard.offsets[at + 1])
        for row in rows[owners == at][-MOST:].tolist():
            times = _level(volume[max(first, row - LEVEL) : row], volume[row : min(end, row + LEVEL)])
            if times:
                day = int(shard.days[row])
                word = f"{times:,.0f} times" if times > 1 else f"1/{1 / times:,.0f} of"
                text = f"{iso(day)}: the volume is {word} that of the days before; another unit?"
                yield Finding(at, "volume", day, text)


def _level(before: np.ndarray, after: np.ndarray) -> float:
    """How many times greater the level after is, below 1 for a smaller one; 0 where there are no two levels."""
    before, after = before[before > 0], after[after > 0]
    if min(len(before), len(after)) < LEVEL // 2:
        return 0.0
    times = float(np.median(after) / np.median(before))
    low, high = (before, after) if times > 1 else (after, before)
    return times if max(times, 1 / times) >= JUMP and low.max() * APART <= high.min() else 0.0
