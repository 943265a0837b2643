"""Prices that step to another level, as a split or a change of unit that is missing makes them. numpy only.

A step is told from a crash by its size and by what surrounds it: a split leaves volume, the day's range and the moves
after it as they were, and a crash does not.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from stocks.health.findings import Finding, Kind
from stocks.health.ticks import is_coarse
from stocks.series import Shard, iso

LEAST = 0.345  # log of a step at which a row is looked at; a split of 3:2 is .405
MOST = 40  # such rows of a ticker that are judged, the newest
RETURN = 10  # rows: a level that holds no longer, and is left as it came, was a wrong row
AROUND, USUAL, AFTER = 60, 20, 5  # rows: for noise, for what a day usually is, for what follows it
FEWEST = 10  # moves that tell the noise
UNKNOWN_NOISE = 0.03  # of a day's log move
SIGMAS = 4.0  # of noise that a step may be off a ratio
ROOM = (0.02, 0.12)  # bounds of what a step may be off a ratio
MOST_DAYS = 30  # between two rows; over more a price may go anywhere
HUNDRED = math.log(100)
HUGE = math.log(4.5)  # from here on an excuse must be plain
SHOCKS = {"volume": 3.5, "range": 3.0, "after": 2.5}  # times what is usual: signs of an event
PLAIN = 1.6  # of a sign that stands alone
CALM = 0.6  # of a sign: nothing at all speaks of an event
WILD, TAIL = 0.12, 3  # log moves that tell how often a ticker makes greater ones, by a power of their size
RARE, OFTEN = 0.15, 1.5  # so many are expected at most, or the market may have done it; where all is calm
MANY, STRICT, WIDEST = 10, 8.0, 2.0  # wild moves that tell their own power; how much rarer a step must be then
SAME = 1e-9  # of a log move: the step itself
SPLITS = [1.5, 2.0, 2.5, *(float(n) for n in range(3, 51))]
LOGS = np.log(SPLITS)


class Bars(NamedTuple):
    """A ticker's rows: days, the log of the price in question, high, low and volume, where 0 is missing."""

    days: np.ndarray
    price: np.ndarray
    log: np.ndarray
    high: np.ndarray
    low: np.ndarray
    volume: np.ndarray


class Step(NamedTuple):
    """Rows first to before end are at another level than those before; where end is None they stay there."""

    first: int
    end: int | None
    log: float


def find(shard: Shard) -> Iterator[Finding]:
    """The steps of every ticker's adjclose; of close only those that come back, since a split may stay in it."""
    stepped = {name: _stepped(getattr(shard, name), shard.offsets) for name in ("adjclose", "close")}
    owners = {name: np.searchsorted(shard.offsets, rows, side="right") - 1 for name, rows in stepped.items()}
    for at in np.unique(np.concatenate(list(owners.values()))).tolist():
        first, end = int(shard.offsets[at]), int(shard.offsets[at + 1])
        seen: set[int] = set()
        for name, rows in stepped.items():
            own = (rows[owners[name] == at] - first)[-MOST:]
            bars = _bars(shard, name, slice(first, end))
            for step in _steps(bars, own.tolist()):
                if step.first in seen or (name == "close" and step.end is None):
                    continue
                kind = _judge(bars, step)
                if kind:
                    seen |= set(range(step.first, (step.end or step.first) + 1))
                    yield Finding(at, kind, int(bars.days[step.first]), _text(bars, step, kind, name))


def _stepped(price: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """int64[m]: the rows whose price is far from the row's before, of the same ticker; rows without one are none."""
    if len(price) < 2:
        return np.empty(0, np.int64)
    before, after, far = price[:-1], price[1:], math.exp(LEAST)
    out = (np.maximum(before, after) > far * np.minimum(before, after)) & (before > 0) & (after > 0)
    rows = np.flatnonzero(out) + 1
    return rows[~np.isin(rows, offsets)]


def _bars(shard: Shard, name: str, own: slice) -> Bars:
    price = getattr(shard, name)[own]
    log = np.log(np.where(price > 0, price, 1.0))
    return Bars(shard.days[own], price, log, shard.high[own], shard.low[own], shard.volume[own])


def _steps(bars: Bars, rows: list[int]) -> Iterator[Step]:
    """Rows that stepped, as steps that stay or as wrong rows that come back."""
    place = 0
    while place < len(rows):
        first = rows[place]
        moved = abs(float(bars.log[first] - bars.log[first - 1]))
        room = max(6 * noise(bars.log, first), 0.05, moved / 16)
        ends = (
            end for end in rows[place + 1 :]
            if end - first <= RETURN and abs(bars.log[end] - bars.log[first - 1]) <= room
        )  # fmt: skip
        end = next(ends, None)
        if end is None:
            yield Step(first, None, float(bars.log[first] - bars.log[first - 1]))
        else:
            outside = (bars.log[first - 1] + bars.log[end]) / 2
            yield Step(first, end, float(np.median(bars.log[first:end]) - outside))
        place = place + 1 if end is None else rows.index(end) + 1


def _judge(bars: Bars, step: Step) -> Kind | None:
    """What is missing at the step, or None where the market may have done it."""
    sigma, first = noise(bars.log, step.first), step.first
    size, room = abs(step.log), float(np.clip(SIGMAS * sigma, *ROOM))
    apart = int(bars.days[first] - bars.days[first - 1])
    near = bars.price[max(first - AROUND, 0) : first + AROUND]
    if is_coarse(min(bars.price[first - 1 : first + 1]), near):
        return None
    if abs(size - HUNDRED) <= ROOM[1]:
        return "hundred"
    is_ratio = np.abs(LOGS - size).min() <= room or size > LOGS[-1]
    if not is_ratio or apart > MOST_DAYS or not _stays(bars, step, room):
        return None
    return "step" if _is_no_event(bars, size, shocks(bars, first, step.log)) else None


def _is_no_event(bars: Bars, size: float, signs: list[float]) -> bool:
    """Whether the ticker's other moves make such a one unlikely, and what surrounds it does not speak of an event."""
    expected = _expected(np.abs(np.diff(bars.log)), size)
    if len(signs) < 2:  # the moves after it alone: they must be plain, and explain no huge step
        return expected < RARE and not (size < HUGE and any(sign > PLAIN for sign in signs))
    events = sum(sign > 1 for sign in signs)
    calm = len(signs) > 2 and all(sign < CALM for sign in signs)
    return expected < (OFTEN if calm else RARE) and events < (2 if size < HUGE else len(signs))


def _expected(moves: np.ndarray, size: float) -> float:
    """How many moves of a size the ticker's other wild ones let expect, by a power law.

    Many of them tell its power (Hill 1975), and are a market that makes great moves: then one must be rarer.
    """
    many = int(np.count_nonzero((moves >= WILD) & (moves < LEAST)))
    if many < MANY:
        return many * (WILD / size) ** TAIL
    others = moves[(moves >= WILD) & (np.abs(moves - size) > SAME)]
    power = float(np.clip(1 / np.log(others / WILD).mean(), WIDEST, TAIL))
    return STRICT * many * (WILD / size) ** power


def _stays(bars: Bars, step: Step, room: float) -> bool:
    """Whether the rows after a step are on the new level; wrong rows that come back need not be."""
    if step.end is not None:
        return True
    before = np.median(bars.log[max(step.first - AFTER, 0) : step.first])
    after = np.median(bars.log[step.first : step.first + AFTER])
    return bool(abs(after - before - step.log) <= max(3 * room, 0.15))


def noise(log: np.ndarray, row: int) -> float:
    """How far the price usually moves in a day around a row, as the sigma of a normal distribution would say it."""
    moves = np.abs(np.diff(log[max(row - AROUND, 0) : row + AROUND]))
    moves = moves[moves < LEAST]
    if len(moves) < FEWEST:
        return UNKNOWN_NOISE
    middle, wide = np.quantile(moves, (0.5, 0.8))
    return float(max(middle / 0.6745, wide / 1.2816, 1e-4))


def shocks(bars: Bars, row: int, log: float) -> list[float]:
    """Of volume, the day's range and the moves after it, those that can be told: above 1 they speak of an event."""
    usual = slice(max(row - USUAL, 0), row)
    told = []
    if volume := _times(bars.volume[row], bars.volume[usual]):
        told.append(volume / max(math.exp(-log), 1.0) / SHOCKS["volume"])  # after a split more shares are traded
    with np.errstate(divide="ignore", invalid="ignore"):
        ranges = np.where((bars.low > 0) & (bars.high > bars.low), np.log(bars.high / bars.low), 0.0)
    if spread := _times(ranges[row], ranges[usual]):
        told.append(spread / SHOCKS["range"])
    after = np.abs(np.diff(bars.log[row : row + AFTER + 1]))
    before = np.abs(np.diff(bars.log[usual]))
    if len(after) and (moved := _times(float(np.median(after)), before[before < LEAST])):
        told.append(moved / SHOCKS["after"])
    return told


def _times(value: float, usual: np.ndarray) -> float:
    """A day's value over the median of those before it; 0 where that cannot be told."""
    known = usual[usual > 0]
    return float(value / np.median(known)) if value > 0 and len(known) >= AFTER else 0.0


def _text(bars: Bars, step: Step, kind: Kind, column: str) -> str:
    """Such as "2014-06-09: the price stepped to 1/7 of the day before; is a split of 7:1 missing?"."""
    day, times = iso(bars.days[step.first]), _times_text(step.log)
    what = "the price" if column == "adjclose" else column
    ask = "pence and pounds?" if kind == "hundred" else _split_text(step.log)
    if step.end is None:
        return f"{day}: {what} stepped to {times} the day before; {ask}"
    rows = step.end - step.first
    until = "" if rows == 1 else f", as on the {rows - 1} days after it" if rows > 2 else ", as on the day after it"
    mend = ask if kind == "hundred" else "a wrong row?"
    return f"{day}: {what} is {times} that around it{until}; {mend}"


def _times_text(log: float) -> str:
    factor = _nearest(abs(log))
    return f"{factor:g} times" if log > 0 else f"{_fraction(factor)} of"


def _fraction(factor: float) -> str:
    over, under = _whole(factor)
    return f"{under}/{over}"


def _whole(factor: float) -> tuple[int, int]:
    """The ratio in whole numbers: 1.5 is 3:2."""
    return (round(2 * factor), 2) if factor % 1 else (round(factor), 1)


def _split_text(log: float) -> str:
    over, under = _whole(_nearest(abs(log)))
    return f"is a split of {over}:{under} missing?" if log < 0 else f"is a reverse split of {under}:{over} missing?"


def _nearest(size: float) -> float:
    if abs(size - HUNDRED) <= ROOM[1]:
        return 100.0
    if size > LOGS[-1]:
        return float(round(math.exp(size)))
    return SPLITS[int(np.abs(LOGS - size).argmin())]
