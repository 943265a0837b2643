"""Headers that name the tickers themselves: one column per ticker, or several values per ticker."""

import re

from stocks.reading import dates, numbers, titles
from stocks.reading.candidate import Candidate, date_column
from stocks.reading.layout import HEADER, SINGLE, VALUES, WIDE, Layout, Panel
from stocks.reading.tickers import complaint

TICKER = re.compile(r"[A-Z0-9.^=-]{1,12}")
# AAPL.Close of R, split at the last dot; AAPL_Close and Close_AAPL of flattened pandas columns; the text of a tuple.
_JOINED = (
    re.compile(r"(?P<ticker>\S+)\.(?P<value>[A-Za-z]+)"),
    re.compile(r"(?P<ticker>[A-Z0-9.^=-]{1,12})[_ ](?P<value>[A-Za-z][A-Za-z _]*)"),
    re.compile(r"(?P<value>[A-Za-z][A-Za-z _]*)[_ ](?P<ticker>[A-Z0-9.^=-]{1,12})"),
    re.compile(r"\('(?P<value>[A-Za-z ]+)', '(?P<ticker>[^']+)'\)"),
    re.compile(r"\('(?P<ticker>[^']+)', '(?P<value>[A-Za-z ]+)'\)"),
)
LABELS = ("ticker", "tickers", "symbol", "symbols", "price", "attributes", "date", "datetime")  # of lines of titles
_REPEATED = re.compile(r"\.\d+$")  # pandas numbers repeated titles

type Named = list[tuple[str, str, int]]  # ticker, value, column


def two_lines(found: Candidate) -> Layout | None:
    """pandas' two levels of columns, as yfinance gives them: values above tickers, or tickers above values.

    A third line may name the days.
    """
    if not found.below or any(dates.is_day(cell) or found.is_epoch(cell) for cell in found.below[0]):
        return None
    second = found.below[0]
    above = [_REPEATED.sub("", title) for title in found.titles]
    for values, tickers in ((above, second), (second, above)):
        valued = [at for at, value in enumerate(values) if _value(value)]
        named = [(tickers[at], _value(values[at]), at) for at in valued]
        free = [at for at in range(len(found.titles)) if at not in valued]
        if named and _are_tickers([ticker for ticker, _, _ in named], [second[at] for at in free]):
            third = len(found.below) > 1 and not any(found.below[1][at] for at in valued)
            rows = found.without(2 if third else 1)
            return _layout(rows, next(iter(rows.holding_days(free)), None), named)
    return None


def _are_tickers(names: list[str], beside: list[str]) -> bool:
    """Whether cells are the tickers of a line of titles; beside them only the names of the lines may stand.

    Numbers are tickers where such a name says so.
    """
    labels = [cell for cell in beside if titles.fold(cell) in LABELS]
    if not all(cell in labels or not cell or cell.isdigit() for cell in beside):
        return False
    named = bool(labels) or not all(map(numbers.is_number, names))
    return named and all(TICKER.fullmatch(name) and not _value(name) for name in names)


def prefixed(found: Candidate) -> Layout | None:
    """R's AAPL.Close and its kin, of one or several tickers."""
    named = [
        (*joined, at)
        for at, (title, meaning) in enumerate(zip(found.titles, found.meanings, strict=True))
        if not meaning and (joined := _joined(title.strip()))
    ]
    return _layout(found, date_column(found), named) if named else None


def wide(found: Candidate) -> Layout | None:
    """A column of days, and in every other column the closing prices of the ticker that is its title.

    Titles such as LOW, OPEN and LAST are tickers beside a title that can be nothing else.
    """
    if (date := date_column(found)) is None:
        return None
    others = [at for at in range(len(found.titles)) if at != date and not _is_index(found, at)]
    meant = [meaning.name for at in others if (meaning := found.meanings[at])]
    if not set(meant) <= {"open", "high", "low", "close"} or {"high", "low"} <= set(meant) or len(meant) == len(others):
        return None
    if not all(TICKER.fullmatch(found.titles[at]) and _is_priced(found, at) for at in others):
        return None
    return _layout(found, date, [(found.titles[at], "close", at) for at in others])


def _value(title: str) -> str:
    """The value of VALUES that a title means by itself, or an empty string."""
    (meaning,) = titles.meanings([title])
    return meaning.name if meaning and meaning.rank == 1 and meaning.name in VALUES else ""


def _joined(title: str) -> tuple[str, str] | None:
    for form in _JOINED:
        if (parts := form.fullmatch(title)) and (value := _value(parts["value"])):
            return parts["ticker"], value
    return None


def _layout(found: Candidate, date: int | None, named: Named) -> Layout | None:
    """None where no column holds days, a ticker has no price or no name, or a value stands twice."""
    columns: dict[str, dict[str, int]] = {}
    for ticker, value, column in named:
        if value in columns.setdefault(ticker, {}) or complaint(ticker):
            return None
        columns[ticker][value] = column
    panels = [Panel(ticker, values) for ticker, values in columns.items() if {"close", "adjclose"} & values.keys()]
    if date is None or not panels:
        return None
    return found.layout(SINGLE if len(panels) == 1 else WIDE, date, panels, HEADER)


def _is_priced(found: Candidate, at: int) -> bool:
    return found.holds(at, numbers.is_number) or not found.column(at)


def _is_index(found: Candidate, at: int) -> bool:
    """Whether a column without a title holds row numbers or nothing."""
    return titles.is_unnamed(found.titles[at]) and all(value.isdigit() for value in found.column(at))
