"""Sessions of a ticker's own calendar on which it has no row, several in a row. numpy only."""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from stocks.dataset import calendars
from stocks.dataset.calendars import Evidence
from stocks.health.findings import Finding
from stocks.series import Shard, iso

YEAR = 250  # rows: its holidays have been seen
PROVEN, WEEK, UNKNOWN = 3, 6, 8  # sessions in a row: of an exchange; of a week alone; before an exchange's table
CHANCE = 0.01  # such gaps expected of a ticker that often has no row: from here on a gap says nothing
SATURDAY = 5


def find(shard: Shard, votes: Mapping[str, int]) -> Iterator[Finding]:
    """The gaps of every ticker; `votes` are the dataset's, as `calendars.choose` takes them."""
    known: dict[bytes, Evidence] = {}  # most tickers of an exchange have the same days
    for at in _suspects(shard).tolist():
        days = shard.days[shard.offsets[at] : shard.offsets[at + 1]]
        recent = days[-calendars.RECENT_ROWS :]
        if recent.tobytes() not in known:
            known[recent.tobytes()] = calendars.evidence(recent)
        calendar = calendars.choose(known[recent.tobytes()], votes)
        if calendar != calendars.IRREGULAR:
            yield from _of_ticker(at, days, calendar)


def _suspects(shard: Shard) -> np.ndarray:
    """int64[m]: the tickers with so many weekdays absent in a row, or days where a ticker trades at weekends."""
    days = shard.days.astype(np.int64)
    apart = np.diff(days)
    rows = np.flatnonzero(apart > PROVEN) + 1
    rows = rows[~np.isin(rows, shard.offsets)]
    owners = np.searchsorted(shard.offsets, rows, side="right") - 1
    weekend = np.zeros(len(shard), bool)
    weekends = np.flatnonzero((days - calendars.MONDAY) % 7 >= SATURDAY)
    weekend[np.searchsorted(shard.offsets, weekends, side="right") - 1] = True
    between = np.busday_count((days[rows - 1] + 1).astype("datetime64[D]"), days[rows].astype("datetime64[D]"))
    absent = np.where(weekend[owners], days[rows] - days[rows - 1] - 1, between)
    return np.unique(owners[absent >= PROVEN])


def _of_ticker(at: int, days: np.ndarray, calendar: str) -> Iterator[Finding]:
    absent = calendars.sessions_between(calendar, days[:-1], days[1:] - 1)
    own = calendars.of(calendar)
    least = np.where(days[:-1] < own.since, UNKNOWN, PROVEN) if len(own.sessions) else _of_week(absent)
    often = np.count_nonzero(absent) / len(days)
    unlikely = math.inf if often >= 1 else math.log(CHANCE / len(days)) / math.log(often) if often else 0
    for gap in np.flatnonzero((absent >= least) & (absent > unlikely)).tolist():
        before, after = (iso(days[place]) for place in (gap, gap + 1))
        text = f"{after}: the first row after {before}, with {absent[gap]:,} sessions of {calendar} between them"
        yield Finding(at, "gap", int(days[gap + 1]), text)


def _of_week(absent: np.ndarray) -> np.ndarray:
    """How many absent sessions say something of a ticker whose holidays are not known, int64 for each pair of rows.

    After a year they have been seen: then what is more than twice the longest other absence does.
    """
    if len(absent) < YEAR:
        return np.full(len(absent), WEEK)
    second, longest = np.sort(absent)[-2:].tolist()
    others = np.where(absent == longest, second, longest)
    return np.clip(2 * others + 1, PROVEN, WEEK)
