"""Where a file keeps what, and how it writes it: everything that is decided once for a file."""

import dataclasses
from collections.abc import Mapping

from stocks.reading.dates import ANY_WAY, LAST_DAY, Way
from stocks.reading.numbers import POINT

LONG, WIDE, SINGLE = "long", "wide", "single"
COLUMN, FILE_NAME, HEADER = "column", "file name", "header"  # what names the tickers


def shorten(title: str, length: int = 40) -> str:
    """A title on one line, without what cannot be seen, at most so many characters."""
    return " ".join("".join(filter(str.isprintable, title)).split())[:length]


@dataclasses.dataclass(frozen=True)
class Panel:
    """The columns of one ticker's values, by contract.COLUMNS; ticker is empty where a column of the file names it."""

    ticker: str
    columns: Mapping[str, int]

    @property
    def price(self) -> str:
        """The column that fills adjclose for every row."""
        return "adjclose" if "adjclose" in self.columns else "close"

    def source(self, value: str) -> int | None:
        return self.columns.get(self.price if value == "adjclose" else value)


@dataclasses.dataclass(frozen=True)
class Layout:
    """The columns of a file, by their index, and how its days and numbers are written.

    titles are the columns as the file itself calls them, `title` is one as a message quotes it. heads are the lines
    that name them; body is the line, from 1, on which the rows begin. until is the last day allowed.
    """

    kind: str
    separator: str
    titles: tuple[str, ...]
    date: int
    panels: tuple[Panel, ...]
    ticker: int | None = None
    series: int | None = None
    changes: tuple[int, ...] = ()
    ticker_from: str = COLUMN
    heads: frozenset[str] = frozenset()
    body: int = 2
    encoding: str = "utf-8"
    way: Way = ANY_WAY
    decimal: str = POINT
    until: int = LAST_DAY
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        return len(self.titles)

    @property
    def columns(self) -> list[int]:
        """Every column that is read, each once."""
        named = [index for index in (self.date, self.ticker, self.series) if index is not None]
        return list(dict.fromkeys([*named, *(index for panel in self.panels for index in panel.columns.values())]))

    def fills_adjclose(self, ticker: str) -> bool:
        """Whether the file has no adjusted prices of a ticker, so that its closing prices stand for them."""
        own = [panel for panel in self.panels if panel.ticker == ticker] or self.panels
        return own[0].price == "close"

    def title(self, index: int) -> str:
        return shorten(self.titles[index])

    def meanings(self) -> dict[str, str]:
        """The title of each meaning; of a wide file the day's only, since its other titles are tickers."""
        found = {"date": self.date, "ticker": self.ticker, "series": self.series}
        if self.kind != WIDE:
            found |= self.panels[0].columns
        return {meaning: self.title(column) for meaning, column in found.items() if column is not None}

    def ignored(self) -> list[str]:
        """The titles of the columns that are not read."""
        read = set(self.columns)
        return [self.title(index) for index in range(self.width) if index not in read]
