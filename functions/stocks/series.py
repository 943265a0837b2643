"""Series of prices by ticker: time cuts for the whole file, and shards sorted by ticker and day. numpy only."""

import csv
import dataclasses
import datetime
import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from stocks.contract import COLUMNS, CUTS, FEWEST_ROWS, Arrays
from stocks.reading.rejected import Rejected, Unusable

EPOCH = datetime.date(1970, 1, 1)


class Ticker(NamedTuple):
    """One ticker of a shard: its name, its columns by name as views, its row bounds and its MinMax bounds."""

    name: str
    rows: Arrays
    bounds: np.ndarray
    minmax: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)  # arrays have no one answer to ==
class Shard:
    """The series of k tickers sorted by name, n rows in all, each ticker's rows together and sorted by day.

    tickers U[k]; ticker i owns rows offsets[i] to offsets[i + 1] of the columns, offsets int64[k + 1]. days int32[n]
    since 1970, the other columns float64[n], where 0 is missing. bounds int64[k, 4]: the ticker's rows before each cut,
    and all of them. minmax float64[k, 2]: its least and greatest adjclose before test_from.
    """

    tickers: np.ndarray
    offsets: np.ndarray
    days: np.ndarray
    adjclose: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    bounds: np.ndarray
    minmax: np.ndarray

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> "Shard":
        """The shard of a working file."""
        return cls(**{field.name: arrays[field.name] for field in dataclasses.fields(cls)})

    def arrays(self) -> dict[str, np.ndarray]:
        """What a working file of the shard holds."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    def __len__(self) -> int:
        """The number of tickers."""
        return len(self.tickers)

    def __iter__(self) -> Iterator[Ticker]:
        return (self.of(at) for at in range(len(self)))

    def of(self, at: int) -> Ticker:
        """The ticker at a place among the names."""
        own = slice(int(self.offsets[at]), int(self.offsets[at + 1]))
        rows = {name: getattr(self, name)[own] for name in ("days", *COLUMNS)}
        return Ticker(str(self.tickers[at]), rows, self.bounds[at], self.minmax[at])

    def select(self, wanted: np.ndarray) -> "Shard":
        """The shard of the wanted tickers only, by bool[k]; of none it has the same dtypes with no rows."""
        lengths = np.diff(self.offsets)
        chosen = {name: getattr(self, name)[wanted] for name in ("tickers", "bounds", "minmax")}
        chosen |= {name: getattr(self, name)[np.repeat(wanted, lengths)] for name in ("days", *COLUMNS)}
        return Shard(offsets=np.concatenate([[0], lengths[wanted].cumsum()]).astype(np.int64), **chosen)


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


def sort(rows: Arrays) -> tuple[dict[str, np.ndarray], list[Rejected]]:
    """Rows of a file, as Intake gives them, by ticker and day; and those that contradict an earlier one.

    Of several rows of a ticker and day the first in the file stands; equal ones vanish, others are rejected.
    """
    order = np.lexsort((rows["line"], rows["day"], rows["ticker"]))
    ticker, day = rows["ticker"][order], rows["day"][order]
    first = np.ones(len(order), bool)
    first[1:] = (ticker[1:] != ticker[:-1]) | (day[1:] != day[:-1])
    places, kept = np.flatnonzero(~first), order[first]
    again, standing = order[places], kept[np.cumsum(first)[places] - 1]
    differs = np.logical_or.reduce([rows[name][again] != rows[name][standing] for name in COLUMNS])
    contradicting = sorted(zip(again[differs], standing[differs], strict=True), key=lambda two: rows["line"][two[0]])
    rejected = [
        Rejected(int(rows["line"][at]), f"line {rows['line'][of]} has the same ticker and date with other values",
                 _row(rows["tickers"][rows["ticker"][at]], rows["day"][at], [rows[name][at] for name in COLUMNS]))
        for at, of in contradicting
    ]  # fmt: skip
    here, owner = np.unique(ticker[first], return_inverse=True)
    named = {"tickers": rows["tickers"][here], "ticker": owner.astype(np.int32), "day": day[first].astype(np.int32)}
    return named | {name: rows[name][kept] for name in COLUMNS}, rejected


def build(rows: Arrays, cuts: dict[str, str]) -> Shard:
    """The shard of sorted rows, one per ticker and day."""
    days = rows["day"]
    counts = np.bincount(rows["ticker"], minlength=len(rows["tickers"]))
    offsets = np.concatenate([[0], counts.cumsum()]).astype(np.int64)
    bounds = _bounds(offsets, days, cuts)
    minmax = _minmax(offsets, rows["adjclose"], bounds[:, 2])
    columns = {name: rows[name] for name in COLUMNS}
    return Shard(rows["tickers"], offsets, days, **columns, bounds=bounds, minmax=minmax)


def _row(ticker: str, day: int, values: Sequence[float]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([ticker, iso(day), *(f"{value:.15g}" for value in values)])
    return text.getvalue()


def _bounds(offsets: np.ndarray, days: np.ndarray, cuts: dict[str, str]) -> np.ndarray:
    """int64[k, 4]: each ticker's rows before each cut, and all of them."""
    bounds = np.empty((len(offsets) - 1, 4), np.int64)
    for column, name in enumerate(CUTS):
        before = np.concatenate([[0], np.cumsum(days < day_of(cuts[name]))])
        bounds[:, column] = np.diff(before[offsets])
    bounds[:, 3] = np.diff(offsets)
    return bounds


def _minmax(offsets: np.ndarray, adjclose: np.ndarray, before: np.ndarray) -> np.ndarray:
    """float64[k, 2]: least and greatest of a ticker's first rows, so many as lie before test_from; 0 without any."""
    if not len(before):
        return np.empty((0, 2))
    starts, lengths = offsets[:-1], np.diff(offsets)
    row = np.arange(len(adjclose)) - np.repeat(starts, lengths)
    known = row < np.repeat(before, lengths)
    least = np.minimum.reduceat(np.where(known, adjclose, np.inf), starts)
    greatest = np.maximum.reduceat(np.where(known, adjclose, -np.inf), starts)
    return np.where(before[:, None] > 0, np.column_stack([least, greatest]), 0.0)


def usable(shard: Shard) -> np.ndarray:
    """bool[k]: the tickers with rows enough before the test period."""
    return shard.bounds[:, 2] >= FEWEST_ROWS


def skipped(shard: Shard, cuts: dict[str, str]) -> list[dict]:
    """The tickers that are not forecast, each with its rows before the test period and the reason."""
    until = cuts["test_from"]
    return [
        {
            "ticker": str(ticker),
            "rows": int(before),
            "reason": f"{before} rows before the test period ({until}), {FEWEST_ROWS} are needed",
        }
        for ticker, before, good in zip(shard.tickers, shard.bounds[:, 2], usable(shard), strict=True)
        if not good
    ]
