"""The contract of a row: which lines are prices, and why the others are not.

`read_line` says it of one line, `plain_rows` reads those of a block at once that are right beyond doubt.
"""

import functools
import itertools
import math
import re
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from stocks.contract import COLUMNS, GREATEST_PRICE, LEAST_PRICE, PRICES
from stocks.reading import numbers, tickers
from stocks.reading.blocks import cut
from stocks.reading.cells import BrokenLine, cells
from stocks.reading.dates import FORMS, LONGEST, NOT_A_DAY, Way, is_day, read_day, time_of
from stocks.reading.layout import Layout, Panel
from stocks.reading.rejected import show
from stocks.series import iso

ROW = np.dtype([("ticker", "i4"), ("kind", "i4"), ("line", "i8"), ("day", "i4"), *((name, "f8") for name in COLUMNS)])
TIMES = 10
FOUR = 4  # open, high, low and close of 0 mean no price; one 0 is a mistake

type Numbered = dict[str, int]


class Line(NamedTuple):
    """What one line holds: rows of (ticker, kind, day, values), reasons against it or its cells, or neither.

    note: it may be words below the rows; narrow: it has another width and no day, so it may follow such words.
    """

    rows: list[tuple[str, str, int, list[float]]]
    reasons: list[str]
    note: bool = False
    narrow: bool = False


def read_line(line: str, layout: Layout) -> Line:
    """What one line of a file with this layout holds. This is the contract of a row."""
    try:
        written = cells(line, layout.separator)
    except BrokenLine as error:
        return Line([], [str(error)])
    if len(written) != layout.width:
        quoted = "" if layout.separator != "," or len(written) < layout.width else "; a comma in a number needs quotes"
        narrow = not any(map(is_day, written))
        return Line([], [f"{len(written)} columns instead of {layout.width}{quoted}"], _is_note(written), narrow=narrow)
    ticker = ""
    if layout.ticker is not None:
        ticker = tickers.written(written[layout.ticker])
        if wrong := tickers.complaint(ticker, layout.title(layout.ticker)):
            return Line([], [wrong], _is_note(written))
    day = _day(written[layout.date], layout)
    if isinstance(day, str):
        return Line([], [day], _is_note(written))
    kind = written[layout.series] if layout.series is not None else ""
    rows, reasons = [], []
    for panel in layout.panels:
        values = _values(written, panel, layout)
        if isinstance(values, str):
            reasons.append(values)
        elif values:
            rows.append((panel.ticker or ticker, kind, day, values))
    return Line(rows, reasons)


def _is_note(written: list[str]) -> bool:
    """Whether cells are words and no row: none is a number, one has a letter."""
    return not any(map(numbers.is_number, written)) and any(letter.isalpha() for cell in written for letter in cell)


def _values(written: list[str], panel: Panel, layout: Layout) -> list[float] | str:
    """The values of one ticker in a line, none where it has no price there, or the reason against them."""
    if _is_empty({name: written[at] for name, at in panel.columns.items()}, panel, layout):
        return []
    values = []
    for name in COLUMNS:
        index = panel.source(name)
        value = 0.0 if index is None else _number(written[index], name, layout.title(index), layout.decimal)
        if isinstance(value, str):
            return value
        values.append(value)
    return values


def _is_empty(written: dict[str, str], panel: Panel, layout: Layout) -> bool:
    """Whether a ticker was not traded on the day of a line: it has no price at all, or four zeros and no volume.

    Of several tickers in one line, one without a price of its own was not traded.
    """
    if len(layout.panels) > 1 and written[panel.price].lower() in numbers.NO_VALUE:
        return True
    prices = [text for name, text in written.items() if name in PRICES]
    if all(text.lower() in numbers.NO_VALUE for text in prices):
        return True
    idle = _is_nothing(written.get("volume", ""), layout.decimal, volume=True)
    return idle and len(prices) >= FOUR and all(_is_nothing(text, layout.decimal) for text in prices)


def _is_nothing(text: str, decimal: str, volume: bool = False) -> bool:
    return text.lower() in numbers.NO_VALUE or numbers.number(text, decimal, volume) == 0


def _day(written: str, layout: Layout) -> int | str:
    """The day, or the reason why the text is none."""
    title = layout.title(layout.date) or "the day"
    if not written:
        return f"{title} is empty"
    day = read_day(written, *layout.way)
    if day == NOT_A_DAY:
        if re.fullmatch(r"[34]\d{4}(\.\d+)?", written, re.ASCII):
            return f"{title} {show(written)} is Excel's number of a day; give the column a date format, YYYY-MM-DD"
        form = f"a time since 1970 in {layout.way.unit}" if layout.way.unit else f"a day as {FORMS[layout.way.order]}"
        return f"{title} {show(written)} is not {form} from 1900 to 2200"
    if day > layout.until:
        return f"{title} {show(written)} is in the future: the file was uploaded on {iso(layout.until - 1)}"
    return day


def _number(written: str, name: str, title: str, decimal: str) -> float | str:
    """The number, 0 for a missing one, or the reason why it is not allowed there."""
    required = name == "adjclose"
    if not required and written.lower() in numbers.NO_VALUE:
        return 0.0
    if not written:
        return f"{title} is empty"
    value = numbers.number(written, decimal, volume=name == "volume")
    if not math.isfinite(value) or value < 0 or (required and value == 0):
        kind = "a positive number" if required else "a number from 0 up"
        sign = " with a decimal comma" if decimal == numbers.COMMA else ""
        return f"{title} {show(written)} is not {kind}{sign}"
    if not _allowed(name, value):
        return f"{title} {show(written)} is not a price from {LEAST_PRICE:g} to {GREATEST_PRICE:g}"
    return value


def _allowed(name: str, values: Any) -> Any:
    """Whether numbers, an array or one of them, may stand in a column; 0 is missing."""
    if name == "volume":
        return np.isfinite(values) & (values >= 0)
    return (values == 0) | ((values >= LEAST_PRICE) & (values <= GREATEST_PRICE))


class Plain(NamedTuple):
    """Rows that are right beyond doubt, their lines counted from 0; empty lines; and the numbers of all other lines.

    last is the number behind the last line that is right or empty; times are some of those behind the days.
    """

    rows: np.ndarray
    empty: int
    unsure: np.ndarray
    last: int
    times: frozenset[str]


def plain_rows(block: bytes, layout: Layout, names: Numbered, kinds: Numbered) -> Plain:
    found = cut(block, layout, layout.columns)
    day, sure, times = _days(found.table.column(str(layout.date)), layout)
    panels = [_panel(found.table, panel, layout) for panel in layout.panels]
    for _, empty, right in panels:
        sure = sure & (empty | right)
    traded = np.logical_or.reduce([right for _, _, right in panels]) & sure
    ticker, kind = np.zeros(len(day), np.int32), np.zeros(len(day), np.int32)
    if layout.ticker is not None:
        ticker = _tickers(found.table.column(str(layout.ticker)), sure, names)
        sure, traded = sure & (ticker >= 0), traded & (ticker >= 0)
    if layout.series is not None:
        kind = _kinds(found.table.column(str(layout.series)), kinds)
    rows = []
    for panel, (values, _, right) in zip(layout.panels, panels, strict=True):
        chosen = values[right & sure]
        chosen["line"], chosen["day"] = found.lines[right & sure], day[right & sure]
        own = names.setdefault(panel.ticker, len(names)) if panel.ticker and len(chosen) else 0
        chosen["ticker"] = own if panel.ticker else ticker[right & sure]
        chosen["kind"] = kind[right & sure]
        rows.append(chosen)
    joined = rows[0] if len(rows) == 1 else np.concatenate(rows)
    if len(rows) > 1:
        joined = joined[np.argsort(joined["line"], kind="stable")]
    last = int(found.lines[sure][-1]) + 1 if sure.any() else 0
    unsure = np.sort(np.concatenate([found.lines[~sure], found.odd]))
    return Plain(joined, int((sure & ~traded).sum()), unsure, last, times)


def _panel(table: pa.Table, panel: Panel, layout: Layout) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ROW records with the values of a ticker, whether it was not traded, and whether all is right beyond doubt."""
    rows = np.zeros(table.num_rows, ROW)
    right, missing, values = np.ones(len(rows), bool), {}, {}
    for name in COLUMNS:
        index = panel.source(name)
        if index is None:
            continue
        volume = name == "volume"
        values[name], missing[name] = numbers.numbers(table.column(str(index)), layout.decimal, volume=volume)
        rows[name] = values[name]
        right &= _allowed(name, values[name])
    priced = [name for name in panel.columns if name in PRICES]
    nothing = np.logical_and.reduce([missing[name] for name in priced])
    if len(priced) >= FOUR:
        nothing |= np.logical_and.reduce([values[name] == 0 for name in priced]) & (rows["volume"] == 0)
    if len(layout.panels) > 1:
        nothing |= missing["adjclose"]
    return rows, nothing, right & (values["adjclose"] > 0) & ~nothing


def _days(column: pa.ChunkedArray, layout: Layout) -> tuple[np.ndarray, np.ndarray, frozenset[str]]:
    """Each row's day, whether it is one that has come, and some of the times that stand behind them."""
    codes, written = _codes(column)
    read = [(_remembered if len(text) <= LONGEST else _day_and_time)(text, layout.way) for text in written]
    days = np.array([day for day, _ in read], np.int32)[codes]
    times = frozenset(itertools.islice((time for _, time in read if time), TIMES))
    return days, (days != NOT_A_DAY) & (days <= layout.until), times


def _day_and_time(written: str, way: Way) -> tuple[int, str]:
    return read_day(written.strip(), *way), time_of(written, way.unit)


_remembered = functools.lru_cache(1 << 16)(_day_and_time)  # every block of a file has the same days


def _tickers(column: pa.ChunkedArray, wanted: np.ndarray, names: Numbered) -> np.ndarray:
    """Each row's ticker number, -1 where the row is not wanted or its ticker is not plainly a name."""
    codes, written = _codes(column)
    found = np.full(len(written), -1, np.int32)
    for code in np.unique(codes[wanted]).tolist():
        name = tickers.written(written[code].strip())
        if not tickers.complaint(name):
            found[code] = names.setdefault(name, len(names))
    return np.where(wanted, found[codes], -1) if len(written) else np.empty(0, np.int32)


def _kinds(column: pa.ChunkedArray, kinds: Numbered) -> np.ndarray:
    codes, written = _codes(column)
    numbered = np.array([kinds.setdefault(kind.strip(), len(kinds)) for kind in written], np.int32)
    return numbered[codes]


def _codes(column: pa.ChunkedArray) -> tuple[np.ndarray, list[str]]:
    encoded = pa.concat_arrays([*column.chunks, pa.nulls(0, column.type)]).dictionary_encode()
    return numbers.to_numpy(encoded.indices), encoded.dictionary.to_pylist()
