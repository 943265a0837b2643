"""On which days a ticker trades: those of the exchange whose holidays it keeps, or those of a week.

A calendar is known by its name: that of an exchange ("XNYS"), the days of a week ("Mon-Fri", "Sun-Thu", "Fri",
"Mon,Wed"), or "irregular", which counts weekdays. calendars.csv has the holidays; make generate writes it.
Days are int32 since 1970, here as everywhere. numpy and standard library only.
"""

import csv
import dataclasses
import functools
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

FILE = Path(__file__).with_name("calendars.csv")
RECENT_ROWS = 500  # of a ticker: its newest rows say which calendar it keeps
LONGEST_GAP = 366  # days; rows before a longer one are of another time, or their year is wrong
FEWEST_ROWS = 10  # of a ticker, or there is no week to be seen
WEEKS = 3  # a day of the week counts where one in so many has a row
FEWEST_EXPLAINED = 3  # absences, or an exchange is not proven
IRREGULAR = "irregular"
NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONDAY = 4  # 1970-01-05


class Evidence(NamedTuple):
    """What a ticker's own days say: its week's name, and the exchanges that they leave.

    No exchange is left where none fits. First stands what explains the most absences, of equals the preferred one.
    `proven`: only one is left, and it explains three absences or more.
    """

    week: str
    exchanges: tuple[str, ...]
    proven: bool


@dataclasses.dataclass(frozen=True, eq=False)  # arrays have no one answer to ==
class Exchanges:
    """k exchanges, the preferred ones first, over d days from `first` on.

    known, trades, closed bool[k, d]: whether the table has the day, and if so, whether it is a session or a full
    holiday. weeks bool[k, 7]: of the last known year, Monday first.
    """

    names: tuple[str, ...]
    first: int
    known: np.ndarray
    trades: np.ndarray
    closed: np.ndarray
    weeks: np.ndarray


class Calendar(NamedTuple):
    """The sessions int32[s] from day `since` to day `until`, and the week bool[7] that counts elsewhere."""

    sessions: np.ndarray
    since: int
    until: int
    week: np.ndarray


def infer(days: np.ndarray, votes: Mapping[str, int] | None = None) -> str:
    """The calendar of a ticker with these ascending days; `votes` are the dataset's."""
    return choose(evidence(days), votes or {})


def evidence(days: np.ndarray) -> Evidence:
    """What a ticker's ascending days say; only the last 500 are read, and of these what no gap of years precedes."""
    days = _connected(days[-RECENT_ROWS:])
    week = _week(days)
    if not week.any():
        return Evidence(IRREGULAR, (), False)
    name, table = _name(week), exchanges()
    low, high = max(int(days[0]), table.first), min(int(days[-1]), table.first + table.known.shape[1] - 1)
    if low > high:
        return Evidence(name, (), False)
    traded = _flags(days[(days >= low) & (days <= high)], low, high)
    span = slice(low - table.first, high + 1 - table.first)
    left = np.flatnonzero(~(table.closed[:, span] & traded).any(axis=1))
    known, trades, weekday = table.known[left, span], table.trades[left, span], _weekday(np.arange(low, high + 1))
    same = (_weeks(weekday, trades, known) == week).all(axis=1)
    explained = np.count_nonzero(known & ~trades & ~traded & week[weekday], axis=1)[same]
    left, most = left[same], int(explained.max(initial=0))
    enough = most >= FEWEST_EXPLAINED
    left = left[explained == most] if enough else left[np.argsort(-explained, kind="stable")]
    return Evidence(name, tuple(table.names[at] for at in left), enough and len(left) == 1)


def _connected(days: np.ndarray) -> np.ndarray:
    """The days after the last gap of more than a year, or all where too few are left."""
    gaps = np.flatnonzero(np.diff(days) > LONGEST_GAP)
    return days[gaps[-1] + 1 :] if len(gaps) and len(days) - gaps[-1] > FEWEST_ROWS else days


def count_votes(found: Iterable[Evidence]) -> Counter[str]:
    """How many tickers prove each exchange. The counts of several shards may be added."""
    return Counter(own.exchanges[0] for own in found if own.proven)


def choose(found: Evidence, votes: Mapping[str, int]) -> str:
    """The calendar by the evidence; where that leaves several, the one with the most votes, then the first."""
    if not found.exchanges:
        return found.week
    return max(found.exchanges, key=lambda name: votes.get(name, 0))  # of equals the first


def sessions_ahead(calendar: str, days: np.ndarray, horizon: int) -> np.ndarray:
    """int32[m]: the days of the `horizon`-th session after days int32[m]; horizon is 1 or more."""
    known = of(calendar)
    at = np.searchsorted(known.sessions, days, side="right") + horizon - 1
    inside = (days >= known.since) & (at < len(known.sessions))
    after = np.where(days >= known.since, np.maximum(at - len(known.sessions) + 1, 1), horizon)
    start = np.where((days >= known.since) & (days < known.until), known.until, days)
    beyond = _week_ahead(known.week, start, after)
    return np.where(inside, np.append(known.sessions, 0)[np.where(inside, at, -1)], beyond).astype(np.int32)


def sessions_between(calendar: str, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """int64[m]: how many sessions there are after days int32[m] and up to others, which are not before them."""
    known = of(calendar)
    inside = np.searchsorted(known.sessions, last, side="right") - np.searchsorted(known.sessions, first, side="right")
    before = _count(known.week, first, np.minimum(last, known.since - 1))
    return inside + before + _count(known.week, np.maximum(first, known.until), last)


def note(calendar: str, days: np.ndarray) -> str:
    """What a reader should know about sessions up to these days, or an empty string."""
    known = of(calendar)
    if not len(known.sessions) or int(np.max(days, initial=known.until)) <= known.until:
        return ""
    end = np.datetime64(known.until, "D")
    return f"the holidays of {calendar} are known to {end}; after it every {_name(known.week)} counts"


@functools.cache
def of(calendar: str) -> Calendar:
    """The calendar of that name. Raises ValueError for a name that is none."""
    table = exchanges()
    if calendar in table.names:
        at = table.names.index(calendar)
        days = np.flatnonzero(table.known[at]) + table.first
        sessions = (np.flatnonzero(table.trades[at]) + table.first).astype(np.int32)
        return Calendar(sessions, int(days[0]), int(days[-1]), table.weeks[at])
    week = _week_named("Mon-Fri" if calendar == IRREGULAR else calendar)
    return Calendar(np.empty(0, np.int32), 0, -1, week)


@functools.cache
def exchanges() -> Exchanges:
    """The exchanges of calendars.csv."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    names = tuple(dict.fromkeys(exchange for exchange, *_ in rows))
    of_row = [names.index(exchange) for exchange, *_ in rows]
    years = np.array([int(year) for _, year, *_ in rows])
    week_of_row = np.array([list(week) for _, _, week, *_ in rows]) == "1"
    new_years = _day(np.arange(years.min(), years.max() + 2), 1, 1)
    first = int(new_years[0])
    weekday = _weekday(np.arange(first, new_years[-1]))
    known, trades, closed = np.zeros((3, len(names), len(weekday)), bool)
    weeks = np.zeros((len(names), 7), bool)
    for at, year, week in zip(of_row, years - years.min(), week_of_row, strict=True):
        days = slice(new_years[year] - first, new_years[year + 1] - first)
        known[at, days], trades[at, days], weeks[at] = True, week[weekday[days]], week
    holidays, sessions = (_listed(of_row, years, [row[column] for row in rows]) for column in (3, 4))
    closed[holidays[0], holidays[1] - first] = True
    trades[sessions[0], sessions[1] - first] = True
    return Exchanges(names, first, known, trades & ~closed, closed, weeks)


def _listed(of_row: list[int], years: np.ndarray, lists: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Exchange and day, int64[n] each, of every MMDD in a column of calendars.csv."""
    found = [day for days in lists for day in days.split()]
    counts = [days.count(" ") + 1 if days else 0 for days in lists]
    numbers = np.array(found, np.int64) if found else np.empty(0, np.int64)
    return np.repeat(of_row, counts), _day(np.repeat(years, counts), numbers // 100, numbers % 100)


def _week(days: np.ndarray) -> np.ndarray:
    """bool[7]: the days of the week on which a ticker with these ascending days trades, Monday first."""
    if len(days) < FEWEST_ROWS:
        return np.zeros(7, bool)
    low, high = int(days[0]), int(days[-1])
    traded = _flags(days, low, high)[None]
    return _weeks(_weekday(np.arange(low, high + 1)), traded, np.ones_like(traded))[0]


def _weeks(weekday: np.ndarray, trades: np.ndarray, known: np.ndarray) -> np.ndarray:
    """bool[k, 7]: the days of the week with a session in at least a third of the known ones; both bool[k, d]."""
    of_week = (weekday[:, None] == np.arange(7)).astype(np.float32)
    of_all, of_sessions = known.astype(np.float32) @ of_week, trades.astype(np.float32) @ of_week
    return (of_sessions > 0) & (WEEKS * of_sessions >= of_all)


def _flags(days: np.ndarray, low: int, high: int) -> np.ndarray:
    """bool[high + 1 - low]: which days of a span are among these, all of which are in it."""
    flags = np.zeros(high + 1 - low, bool)
    flags[days - low] = True
    return flags


def _week_ahead(week: np.ndarray, days: np.ndarray, count: np.ndarray) -> np.ndarray:
    """int64[m]: the count-th day of the week after each day.

    Where a week has one day only, a row belongs to the nearest: a week's row of Thursday, since Friday was a holiday,
    is followed by that of Friday in a week.
    """
    if week.sum() == 1:
        days = days - (_weekday(days) - int(np.argmax(week)) + 3) % 7 + 3
    return np.busday_offset(days.astype("datetime64[D]"), count, roll="backward", weekmask=week).astype(np.int64)


def _count(week: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """int64[m]: the days of the week after one day and up to another; none if that is before it."""
    begin, end = (np.asarray(days, np.int64) + 1 for days in (first, np.maximum(first, last)))
    return np.busday_count(begin.astype("datetime64[D]"), end.astype("datetime64[D]"), weekmask=week)


def _weekday(days: np.ndarray) -> np.ndarray:
    """0 for Monday to 6 for Sunday."""
    return (days - MONDAY) % 7


def _name(week: np.ndarray) -> str:
    """The days of a week in words: "Sun-Thu", "Mon,Wed"."""
    if week.all():
        return f"{NAMES[0]}-{NAMES[-1]}"
    runs = []
    for first in (day for day in range(7) if week[day] and not week[day - 1]):
        last = next(day for day in range(first, first + 7) if not week[(day + 1) % 7]) % 7
        runs.append(NAMES[first] if first == last else f"{NAMES[first]}-{NAMES[last]}")
    return ",".join(runs)


def _week_named(name: str) -> np.ndarray:
    """bool[7] of a week's name. Raises ValueError for another name."""
    week = np.zeros(7, bool)
    for run in name.split(","):
        first, dash, last = run.partition("-")
        last = last if dash else first
        if first not in NAMES or last not in NAMES:
            raise ValueError(f"{name!r} is the name of no calendar")
        start = NAMES.index(first)
        week[np.arange(start, start + (NAMES.index(last) - start) % 7 + 1) % 7] = True
    return week


def _day(year: np.ndarray, month: np.ndarray | int, day: np.ndarray | int) -> np.ndarray:
    """int64[n]: days since 1970."""
    months = np.asarray((year - 1970) * 12 + month - 1, "datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64) + day - 1
