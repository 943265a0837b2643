"""Series of prices by ticker: time cuts for the whole file, and shards sorted by ticker and day.

A shard is a dict of arrays; docs/architecture.md lists their keys and dtypes. numpy only.
"""

import csv
import datetime
import io
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from stocks.contract import COLUMNS, CUTS, FEWEST_ROWS
from stocks.reading.rejected import Rejected, Unusable

EPOCH = datetime.date(1970, 1, 1)

Arrays = dict[str, np.ndarray]


class Ticker(NamedTuple):
    """One ticker of a shard: its name, its arrays by name, its row bounds and its MinMax bounds."""

    name: str
    rows: Arrays
    bounds: np.ndarray
    minmax: np.ndarray


def cuts(days: np.ndarray, counts: np.ndarray, test_fraction: float) -> dict[str, str]:
    """The days, as ISO dates, where validation, decision and test begin; they depend on dates alone.

    days are the ascending days that have rows, counts how many. Each cut is the earliest such day with at most a
    fraction of rows on or after it: test_fraction of all for test_from; of those before test_from, 20 % for
    decision_from and 30 % for validation_from. Raises Unusable where a block would be empty.
    """
    since = counts[::-1].cumsum()[::-1]
    fits = np.flatnonzero(since <= test_fraction * counts.sum() + 1e-9)
    if fits.size and (test := fits[0]):
        inside = since[:test] - since[test]
        decision = np.count_nonzero(10 * inside > 2 * inside[0])
        validation = np.count_nonzero(10 * inside > 3 * inside[0])
        if 0 < validation < decision < test:
            return {name: iso(days[at]) for name, at in zip(CUTS, (validation, decision, test), strict=True)}
    span = f" ({iso(days[0])} to {iso(days[-1])})" if len(days) else ""
    raise Unusable(
        f"too few days: {len(days)} with prices{span}; a ticker needs {FEWEST_ROWS} before the test period; "
        "upload more history"
    )


def iso(day: int) -> str:
    return (EPOCH + datetime.timedelta(days=int(day))).isoformat()


def day_of(iso_date: str) -> int:
    return (datetime.date.fromisoformat(iso_date) - EPOCH).days


def build(rows: Arrays, file_cuts: dict[str, str]) -> tuple[Arrays, list[Rejected]]:
    """The shard of rows as Split wrote them, and the rows that contradict an earlier one.

    Of several rows of a ticker and day the first in the file stands; equal ones vanish, others are rejected.
    """
    order = np.lexsort((rows["line"], rows["day"], rows["ticker"]))
    ticker, line, day = (rows[name][order] for name in ("ticker", "line", "day"))
    values = np.column_stack([rows[name][order] for name in COLUMNS])
    first = np.ones(len(order), bool)
    first[1:] = (ticker[1:] != ticker[:-1]) | (day[1:] != day[:-1])
    standing = np.flatnonzero(first)[np.cumsum(first) - 1] if len(order) else order
    contradicts = np.flatnonzero((values != values[standing]).any(axis=1))
    rejected = [
        Rejected(int(line[at]), f"line {line[standing[at]]} has the same ticker and date with other values",
                 _row(rows["tickers"][ticker[at]], day[at], values[at]))
        for at in sorted(contradicts, key=lambda at: line[at])
    ]  # fmt: skip
    here, owner = np.unique(ticker[first], return_inverse=True)
    offsets = np.concatenate([[0], np.bincount(owner, minlength=len(here)).cumsum()]).astype(np.int64)
    shard = {"tickers": rows["tickers"][here], "offsets": offsets, "days": day[first].astype(np.int32)}
    shard |= {name: values[first, at] for at, name in enumerate(COLUMNS)}
    shard["bounds"] = _bounds(shard, file_cuts)
    shard["minmax"] = _minmax(shard)
    return shard, rejected


def _row(ticker: str, day: int, values: np.ndarray) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([ticker, iso(day), *(f"{value:.15g}" for value in values)])
    return text.getvalue()


def _bounds(shard: Arrays, file_cuts: dict[str, str]) -> np.ndarray:
    """int64[k, 4]: each ticker's rows before each cut, and all of them."""
    bounds = np.empty((len(shard["tickers"]), 4), np.int64)
    for column, name in enumerate(CUTS):
        before = np.concatenate([[0], np.cumsum(shard["days"] < day_of(file_cuts[name]))])
        bounds[:, column] = np.diff(before[shard["offsets"]])
    bounds[:, 3] = np.diff(shard["offsets"])
    return bounds


def _minmax(shard: Arrays) -> np.ndarray:
    """float64[k, 2]: least and greatest adjclose before test_from; 0 for a ticker without such rows."""
    if not len(shard["tickers"]):
        return np.empty((0, 2))
    starts, before = shard["offsets"][:-1], shard["bounds"][:, 2]
    row = np.arange(len(shard["days"])) - np.repeat(starts, shard["bounds"][:, 3])
    known = row < np.repeat(before, shard["bounds"][:, 3])
    least = np.minimum.reduceat(np.where(known, shard["adjclose"], np.inf), starts)
    greatest = np.maximum.reduceat(np.where(known, shard["adjclose"], -np.inf), starts)
    return np.where(before[:, None] > 0, np.column_stack([least, greatest]), 0.0)


def usable(shard: Arrays) -> np.ndarray:
    """bool[k]: the tickers with rows enough before the test period."""
    return shard["bounds"][:, 2] >= FEWEST_ROWS


def skipped(shard: Arrays, file_cuts: dict[str, str]) -> list[dict]:
    """The tickers that are not forecast, each with its rows before the test period and the reason."""
    until = file_cuts["test_from"]
    return [
        {
            "ticker": str(ticker),
            "rows": int(before),
            "reason": f"{before} rows before the test period ({until}), {FEWEST_ROWS} are needed",
        }
        for ticker, before, good in zip(shard["tickers"], shard["bounds"][:, 2], usable(shard), strict=True)
        if not good
    ]


def select(shard: Arrays, wanted: np.ndarray) -> Arrays:
    """The shard of the wanted tickers only; of none it has the same keys and dtypes with no rows."""
    lengths = np.diff(shard["offsets"])
    rows = np.repeat(wanted, lengths)
    chosen = {name: shard[name][rows] for name in ("days", *COLUMNS)}
    chosen |= {name: shard[name][wanted] for name in ("tickers", "bounds", "minmax")}
    return chosen | {"offsets": np.concatenate([[0], lengths[wanted].cumsum()]).astype(np.int64)}


def tickers(shard: Arrays) -> Iterator[Ticker]:
    """Each ticker with views of its own rows."""
    for at, name in enumerate(shard["tickers"].tolist()):
        own = slice(int(shard["offsets"][at]), int(shard["offsets"][at + 1]))
        rows = {key: shard[key][own] for key in ("days", *COLUMNS)}
        yield Ticker(name, rows, shard["bounds"][at], shard["minmax"][at])
