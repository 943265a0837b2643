"""What the fold of prices reads and leaves: uploads, and a table with the facts of its tickers. numpy only."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from stocks.contract import COLUMNS, Arrays

ADJUSTED, FILLED, BOTH = "adjclose", "close", "mixed"  # where a ticker's adjclose comes from
MOST_NOTES = 20  # of a ticker; the newest are kept


class Upload(NamedTuple):
    """One upload's rows of a shard, as `parts.of_shard` gives them: one row per ticker and day, sorted.

    filled in rows, bool[k], says of each ticker whether the file had no adjclose, so that it was filled from close.
    """

    id: str
    rows: Arrays


class Rescaled(NamedTuple):
    """An upload that moved a ticker's older adjclose by a ratio; days counts the table's days that it changed."""

    upload: str
    ratio: float
    days: int


@dataclasses.dataclass(frozen=True)
class Facts:
    """What is known of one ticker beside its rows. Days count from 1970.

    corrections counts the days that an upload gave again with a price off the basis. basis is the product of the
    ratios of rescaled. filled are spans of days, first and last, whose adjclose was filled from close.
    """

    ticker: str
    rows: int = 0
    first_day: int = 0
    last_day: int = 0
    corrections: int = 0
    rescaled: tuple[Rescaled, ...] = ()
    basis: float = 1.0
    price_column: str = ADJUSTED
    notes: tuple[str, ...] = ()
    filled: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Facts":
        """The facts that `stored` gave, after their way through JSON."""
        rescaled = tuple(Rescaled(*entry) for entry in stored["rescaled"])
        filled = tuple((first, last) for first, last in stored["filled"])
        return cls(**{**stored, "rescaled": rescaled, "notes": tuple(stored["notes"]), "filled": filled})

    def stored(self) -> dict[str, Any]:
        """The facts for JSON, which keeps a float64 exactly."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    def row(self) -> dict[str, Any]:
        """The facts as the table of tickers has them."""
        row = self.stored() | {"rescaled": [entry._asdict() for entry in self.rescaled], "notes": list(self.notes)}
        del row["filled"]
        return row

    def noted(self, *notes: str) -> "Facts":
        """The facts with what is new of these notes."""
        new = [note for note in dict.fromkeys(notes) if note not in self.notes]
        return dataclasses.replace(self, notes=(*self.notes, *new)[-MOST_NOTES:])


@dataclasses.dataclass(frozen=True, eq=False)  # arrays have no one answer to ==
class Table:
    """A shard's table after a fold: rows in the form of `rows`, sorted by ticker and day, and facts[k] by ticker.

    corrected counts by upload, of those that this fold took, the days that it gave again with a price off the basis.
    """

    rows: Arrays
    facts: tuple[Facts, ...]
    corrected: Mapping[str, int] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, rows: Arrays, facts: Sequence[Facts]) -> "Table":
        """The table of a published run: a shard's rows of its `prices`, and facts of these tickers at least.

        Raises ValueError where the facts are not of these rows.
        """
        known = {fact.ticker: fact for fact in facts}
        counts = np.bincount(rows["ticker"], minlength=len(rows["tickers"])).tolist()
        own = []
        for name, count in zip(rows["tickers"].tolist(), counts, strict=True):
            if name not in known or known[name].rows != count:
                raise ValueError(f"the facts of ticker {name!r} are not of its {count} rows")
            own.append(known[name])
        return cls(rows, tuple(own))

    def day_counts(self) -> tuple[np.ndarray, np.ndarray]:
        """The ascending days that have rows, int32[d], and how many, int64[d]."""
        days, counts = np.unique(self.rows["day"], return_counts=True)
        return days.astype(np.int32), counts.astype(np.int64)


def empty() -> Table:
    rows = {"tickers": np.empty(0, "U1"), "ticker": np.empty(0, np.int32), "day": np.empty(0, np.int32)}
    return Table(rows | {name: np.empty(0) for name in COLUMNS}, ())
