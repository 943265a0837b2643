"""Headers that name the tickers themselves: one column per ticker, or several values per ticker."""

import re
from collections import Counter
from collections.abc import Iterable

from stocks.contract import COLUMNS
from stocks.reading import dates, numbers, titles
from stocks.reading.candidate import Candidate, date_column
from stocks.reading.layout import HEADER, SINGLE, WIDE, Layout, Panel
from stocks.reading.rejected import Unusable
from stocks.reading.tickers import complaint

_NAME = r"[A-Z0-9.^=&-]{1,12}(\.[A-Z]{1,2})?"  # with its exchange: BAJAJ-AUTO.NS
_KEYED = r"[A-Z0-9./-]{1,12} ([A-Z]{2} Equity|Index|Curncy|Comdty)"  # with Bloomberg's yellow key
TICKER = re.compile(f"{_NAME}|{_KEYED}")
# AAPL.Close of R, split at the last dot; AAPL_Close and Close_AAPL of flattened pandas columns; the text of a tuple.
_JOINED = (
    re.compile(r"(?P<ticker>[A-Za-z0-9.^=&-]{1,20})\.(?P<value>[A-Za-z]+)"),
    re.compile(rf"(?P<ticker>{_NAME})[_ ](?P<value>[A-Za-z][A-Za-z _]*)"),
    re.compile(rf"(?P<value>[A-Za-z][A-Za-z _]*)[_ ](?P<ticker>{_NAME})"),
    re.compile(r"\('(?P<value>[A-Za-z ]+)', '(?P<ticker>[^']+)'\)"),
    re.compile(r"\('(?P<ticker>[^']+)', '(?P<value>[A-Za-z ]+)'\)"),
)
# Capitals that are no tickers: other values of a day; those that are tickers, too, where many others stand beside them;
# and what tells prices of one ticker apart.
VALUES_OF_A_DAY = frozenset((
    "PRICE", "LATEST", "VALUE", "CLOSE", "ADJCLOSE", "VOLUME", "VOL", "QTY", "QUANTITY", "RET", "RETURN", "RETURNS",
    "MKTCAP", "MCAP", "VWAP", "NAV", "MONTH", "ID", "NO", "INDEX", "COUNT", "TRADES", "TURNOVER", "AMOUNT",
    "P&L", "TMAX", "TMIN", "TAVG", "PRCP", "BID", "ASK", "MID", "SPREAD",
))  # fmt: skip
RARE_TICKERS = frozenset((
    "YEAR", "WEEK", "RSI", "MACD", "SMA", "EMA", "ATR",
    "PE", "PB", "PER", "PBR", "EPS", "BPS", "DPS", "DIV", "ROE", "AUM",
))  # fmt: skip
MANY = 5
KINDS_OF_A_PRICE = frozenset(("BID", "ASK", "MID", "SPREAD", "LAST", "PREV", "DAY", "QUOTE"))
CURRENCIES = frozenset(("USD", "EUR", "GBP", "JPY", "CHF", "CNY", "INR", "CAD", "AUD", "HKD", "KRW", "BRL"))
_SPAN = re.compile(r"\d+[DWMY]|[.\d]*\.")  # as in CLOSE_5D
TICKERS = ("ticker", "tickers", "symbol", "symbols")
LABELS = (*TICKERS, "price", "attributes", "date", "datetime")  # of lines of titles
_TERMINAL = re.compile(r"[A-Z0-9./-]{1,12} [A-Z]{2}")  # Bloomberg's, without the key
_REPEATED = re.compile(r"\.\d+$")  # pandas numbers repeated titles

type Named = list[tuple[str, str, int]]  # ticker, value, column


def two_lines(found: Candidate) -> Layout | None:
    """pandas' two levels of columns, as yfinance gives them: values above tickers, or tickers above values.

    A third line may name the days. A cell above that a spreadsheet merged stands above the first of its columns only.
    """
    if not found.below or any(dates.is_day(cell) or found.is_epoch(cell) for cell in found.below[0]):
        return None
    second = found.below[0]
    written = [_REPEATED.sub("", title) for title in found.titles]
    above = _spread(written, second)
    for values, tickers in ((above, second), (second, above)):
        valued = [at for at, value in enumerate(values) if _value(value)]
        named = [(tickers[at], _value(values[at]), at) for at in valued]
        free = [at for at in range(len(found.titles)) if at not in valued]
        if above != written and not _alike(named):
            continue
        if named and _are_tickers([ticker for ticker, _, _ in named], [second[at] for at in free]):
            third = len(found.below) > 1 and not any(found.below[1][at] for at in valued)
            rows = found.without(2 if third else 1)
            return _layout(rows, next(iter(rows.holding_days(free)), None), named)
    return None


def _spread(above: list[str], second: list[str]) -> list[str]:
    """The line above with each cell repeated over the columns it was merged with; a lone heading stays as it is."""
    spread, last = [], ""
    for cell, below in zip(above, second, strict=True):
        is_named = bool(below) and titles.fold(below) not in LABELS
        last = (cell or last) if is_named else ""
        spread.append(cell or last)
    return spread if len(set(filter(None, above))) > 1 else above


def _alike(named: Named) -> bool:
    """Whether tickers, none of them a word for a value or a kind of price, have the same values each."""
    values: dict[str, set[str]] = {}
    for ticker, value, _ in named:
        values.setdefault(ticker, set()).add(value)
    return len(set(map(frozenset, values.values()))) == 1 and not (VALUES_OF_A_DAY | KINDS_OF_A_PRICE) & values.keys()


def _are_tickers(names: list[str], beside: list[str]) -> bool:
    """Whether cells are the tickers of a line of titles; beside them only the names of the lines may stand.

    Numbers are tickers where such a name says so.
    """
    labels = [cell for cell in beside if titles.fold(cell) in LABELS]
    if not all(cell in labels or not cell or cell.isdigit() for cell in beside):
        return False
    if not labels and (all(map(numbers.is_number, names)) or CURRENCIES.issuperset(names)):
        return False
    fitting = all((TICKER.fullmatch(name) or _TERMINAL.fullmatch(name)) and not dates.is_day(name) for name in names)
    return fitting and (bool(labels) or not all(map(_value, names)))


def prefixed(found: Candidate) -> Layout | None:
    """R's AAPL.Close and its kin, of one or several tickers."""
    named = [
        (*of, at)
        for at, (title, meaning) in enumerate(zip(found.titles, found.meanings, strict=True))
        if not meaning and (of := joined(title.strip()))
    ]
    closing = {ticker for ticker, value, _ in named if value in ("close", "adjclose")}
    return _layout(found, date_column(found), named) if {ticker for ticker, _, _ in named} == closing else None


def wide(found: Candidate) -> Layout | None:
    """A column of days, and in every other column the closing prices of the ticker that is its title.

    Titles such as LOW, OPEN and T are tickers beside a title that can be nothing else; where both a high and a low
    price may be meant, beside more such titles than there are others. Raises Unusable where a ticker stands twice, or
    a title that is no ticker beside tickers.
    """
    if (date := date_column(found)) is None:
        return None
    others = [at for at in range(len(found.titles)) if at != date and not _is_index(found, at)]
    meant = [meaning.name for at in others if (meaning := found.meanings[at]) and not _is_above_prices(found, at)]
    unknown = len(others) - len(meant)
    wrong = no_tickers(found, others)
    fine = [found.titles[at] for at in others if at not in wrong and not found.meanings[at]]
    single = "volume" in meant or {"high", "low"} <= set(meant)
    if wrong and len(fine) > 1 and not single and all(map(TICKER.fullmatch, (found.titles[at] for at in wrong))):
        reason = f"column {found.titles[wrong[0]]} is no ticker beside {fine[0]} and {fine[1]}; rename or delete it"
        raise Unusable(reason, found.at + 1, found.line)
    letters = [found.titles[at] for at in others if len(found.titles[at]) == 1 and found.meanings[at]]
    if letters and not wrong and 1 < unknown <= len(meant):
        reason = f"columns {fine[0]}, {fine[1]} and {letters[0]} may be tickers or values of one; name values in full"
        raise Unusable(reason, found.at + 1, found.line)
    if not unknown or ({"high", "low"} <= set(meant) and unknown <= len(meant)) or wrong:
        return None
    names = Counter(found.titles[at] for at in others)
    names.update(base for title in set(names) if (base := _REPEATED.sub("", title)) in names and base != title)
    if twice := [at for at in others if names[_REPEATED.sub("", found.titles[at])] > 1]:
        raise found.both(twice, found.titles[twice[0]])
    return _layout(found, date, [(found.titles[at], "close", at) for at in others])


def no_tickers(found: Candidate, columns: Iterable[int]) -> list[int]:
    """Those of the columns that hold no prices of a ticker that is their title."""
    every = list(columns)
    rare = [at for at in every if found.titles[at] in RARE_TICKERS]
    few = MANY * len(rare) <= len(every) - len(rare)
    values = VALUES_OF_A_DAY if few else VALUES_OF_A_DAY | RARE_TICKERS
    return [
        at
        for at in every
        if not TICKER.fullmatch(title := found.titles[at])
        or title in values
        or dates.is_day(title)
        or not _is_priced(found, at)
    ]


def are_values(cells: Iterable[str]) -> bool:
    """Whether cells of a column of tickers are words for values, as in a table that was melted.

    OPEN and LOW alone may be tickers, and so may single letters.
    """
    words = {titles.fold(cell) for cell in cells}
    meant = {_value(word) for word in words}
    return len(words) > 1 and "" not in meant and all(len(word) > 1 for word in words) and not meant <= {"open", "low"}


def _value(title: str) -> str:
    """The value of COLUMNS that a title means by itself, or an empty string."""
    (meaning,) = titles.meanings([title])
    return meaning.name if meaning and meaning.rank == 1 and meaning.name in COLUMNS else ""


def joined(title: str) -> tuple[str, str] | None:
    """The ticker and the value that a title names together, or None."""
    for form in _JOINED:
        if (parts := form.fullmatch(title)) and (value := _value(parts["value"])):
            ticker = parts["ticker"]
            kind = re.split(r"\W", ticker.upper())[0] in KINDS_OF_A_PRICE or ticker.upper() in CURRENCIES
            return None if kind or _SPAN.fullmatch(ticker) else (ticker, value)
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


def _is_above_prices(found: Candidate, at: int) -> bool:
    """Whether a title of days or tickers, such as DIA and SYM, stands above prices: then it is a ticker itself."""
    meaning = found.meanings[at]
    if meaning is None or meaning.name not in ("date", "ticker"):
        return False
    return _is_priced(found, at) and (meaning.name == "date" or not all(map(str.isdigit, found.column(at))))


def _is_index(found: Candidate, at: int) -> bool:
    """Whether a column without a title holds row numbers or nothing."""
    return titles.is_unnamed(found.titles[at]) and all(value.isdigit() for value in found.column(at))
