"""The CSV contract: which files and rows are prices, and why the others are not.

`reading.header` knows the columns, `reading.dates` and `reading.numbers` what is written in them, and `reading.dialect`
what holds for a whole file.
"""

import csv
import dataclasses
import itertools
import math
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from stocks.reading import dialect, lines, numbers
from stocks.reading.dates import FORMS, LAST_DAY, NOT_A_DAY, read_day
from stocks.reading.header import VALUES, Layout, fields, read_header, ticker_complaint
from stocks.reading.rejected import LONGEST_ROW, Rejected, Unusable, show
from stocks.series import iso

ROW = np.dtype([("ticker", "i4"), ("line", "i8"), ("day", "i4"), *((name, "f8") for name in VALUES)])
ACCEPTED = (
    "a CSV in UTF-8 (or UTF-16 with a byte order mark) whose first line names the columns: date and adjclose or close, "
    "and where known ticker (or symbol, or name), open, high, low, close and volume, "
    "with days as YYYY-MM-DD and numbers as 1234.5"
)
# The model computes in float32, whose largest number is 3e38: even the ratio of two prices must fit.
LEAST_PRICE, GREATEST_PRICE = 1e-15, 1e15


class Block(NamedTuple):
    """The rows of one block of lines: accepted ones as ROW records in file order, and the others."""

    rows: np.ndarray
    rejected: list[Rejected]


def read(
    stream: lines.Stream, stem: str, names: dict[str, int], block_bytes: int = lines.BLOCK, until: int = LAST_DAY
) -> Iterator[Block]:
    """Yield the file's rows block by block; names grows by the number of each new ticker.

    A row is one physical line. stem names the ticker of a file without a ticker column; a day after `until` is bad.
    Raises Unusable for what is no CSV of prices at all: not text, no usable header, no row, no telling how to read it.
    """
    blocks = lines.blocks(stream, block_bytes)
    start = _start(blocks)
    if not start:
        raise Unusable("the file is empty")
    head, _, first = start[0][1].partition(b"\n")
    layout = dataclasses.replace(read_header(head.decode(), stem), until=until)
    below = b"".join([first, *(block for _, block in start[1:])])[: dialect.SAMPLE]
    layout, found = dialect.detect(layout, below[: below.rfind(b"\n") + 1]), False
    for line, block in itertools.chain([(2, first)], start[1:], blocks):
        rows, rejected = _read_block(block, line, layout, names)
        found = found or bool(len(rows) or rejected)
        yield Block(rows, rejected)
    if not found:
        raise Unusable("the file has a header and no rows", 2)


def _start(blocks: Iterator[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """The first blocks, enough of them for a sample that does not depend on their size."""
    start, size = [], 0
    for line, block in blocks:
        start.append((line, block))
        size += len(block)
        if size > dialect.SAMPLE + lines.LONGEST_LINE:
            break
    return start


def read_row(line: str, layout: Layout) -> tuple | str:
    """(ticker, day, then VALUES) of one line, or the reason why it cannot be used. This is the contract of a row."""
    if line.count('"') % 2:
        return "a quote is not closed on this line"
    try:
        written = [field.strip() for field in fields(line, layout.separator)]
    except csv.Error:
        return f"a value is longer than {csv.field_size_limit():,} characters"
    if len(written) != layout.width:
        return f"{len(written)} columns instead of {layout.width}"
    ticker = layout.ticker or written[layout.columns["ticker"]]
    if complaint := ticker_complaint(ticker, layout.title("ticker")):
        return complaint
    day = _day(written[layout.columns["date"]], layout)
    if isinstance(day, str):
        return day
    values = []
    for name in VALUES:
        index = layout.source(name)
        value = 0.0 if index is None else _number(written[index], name, layout)
        if isinstance(value, str):
            return value
        values.append(value)
    return ticker, day, *values


def _day(written: str, layout: Layout) -> int | str:
    """The day, or the reason why the text is none."""
    title = layout.title("date")
    if not written:
        return f"{title} is empty"
    day = read_day(written, layout.order, layout.short_years)
    if day == NOT_A_DAY:
        return f"{title} {show(written)} is not a day as {FORMS[layout.order]} from 1900 to 2200"
    if day > layout.until:
        return f"{title} {show(written)} is in the future: the file was uploaded on {iso(layout.until - 1)}"
    return day


def _number(written: str, name: str, layout: Layout) -> float | str:
    """The number, 0 for a missing one, or the reason why it is not allowed there."""
    required, title = name == "adjclose", layout.title(name)
    if not required and written.lower() in numbers.NO_VALUE:
        return 0.0
    if not written:
        return f"{title} is empty"
    value = numbers.number(written, layout.decimal, volume=name == "volume")
    if not math.isfinite(value) or value < 0 or (required and value == 0):
        kind = "a positive number" if required else "a number from 0 up"
        sign = " with a decimal comma" if layout.decimal == numbers.COMMA else ""
        return f"{title} {show(written)} is not {kind}{sign}"
    if not _allowed(name, value):
        return f"{title} {show(written)} is not a price from {LEAST_PRICE:g} to {GREATEST_PRICE:g}"
    return value


def _allowed(name: str, values):
    """Whether numbers, or one, may stand in a column; 0 is missing."""
    if name == "volume":
        return np.isfinite(values) & (values >= 0)
    return (values == 0) | ((values >= LEAST_PRICE) & (values <= GREATEST_PRICE))


def _read_block(block: bytes, line: int, layout: Layout, names: dict[str, int]) -> Block:
    """The plain rows all at once; whatever is not plainly right goes to read_row, line by line."""
    numbers, block = _without_blank_lines(block, line)
    plain, unsure = _plain_rows(block, layout, names)
    plain["line"] = numbers[plain["line"]]
    if not unsure.size:
        return Block(plain, [])
    lines, accepted, rejected = block.split(b"\n"), [], []
    for index in unsure.tolist():
        if not (row := lines[index].decode()).strip():
            continue
        match read_row(row, layout):
            case str(reason):
                rejected.append(Rejected(int(numbers[index]), reason, row[:LONGEST_ROW]))
            case ticker, day, *values:
                accepted.append((names.setdefault(ticker, len(names)), numbers[index], day, *values))
    if accepted:
        plain = np.concatenate([plain, np.array(accepted, ROW)])
        plain = plain[np.argsort(plain["line"], kind="stable")]
    return Block(plain, rejected)


def _without_blank_lines(block: bytes, line: int) -> tuple[np.ndarray, bytes]:
    """The numbers of the lines that hold anything, and these lines."""
    ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n"))
    kept = np.flatnonzero(np.diff(ends, prepend=-1) > 1)
    return kept + line, block if len(kept) == len(ends) else re.sub(rb"\n+", b"\n", block).removeprefix(b"\n")


def _plain_rows(block: bytes, layout: Layout, names: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Records of the rows that are right beyond doubt, lines counted from 0, and the numbers of all other lines."""
    count = block.count(b"\n")
    wrong: list[int] = []
    table = _table(block, layout, wrong)
    if table is None or table.num_rows + len(wrong) != count:
        return np.empty(0, ROW), np.arange(count)
    number = np.delete(np.arange(count), wrong)
    rows = np.zeros(len(number), ROW)
    rows["line"] = number
    rows["day"], sure = _days(table.column(str(layout.columns["date"])), layout)
    rows["ticker"] = names.setdefault(layout.ticker, len(names)) if layout.ticker else 0
    for name in VALUES:
        index = layout.source(name)
        if index is not None:
            rows[name] = numbers.numbers(table.column(str(index)), layout.decimal, volume=name == "volume")
            sure &= _allowed(name, rows[name])
    sure &= rows["adjclose"] > 0
    if not layout.ticker:
        rows["ticker"] = _tickers(table.column(str(layout.columns["ticker"])), sure, names)
        sure &= rows["ticker"] >= 0
    return rows[sure], np.sort(np.concatenate([number[~sure], np.array(wrong, np.int64)]))


def _table(block: bytes, layout: Layout, wrong: list[int]) -> pa.Table | None:
    """The block's needed columns as text; wrong gets the lines of another width. None where quotes span lines."""

    def note(row) -> str:
        wrong.append(row.number - 1)
        return "skip"

    return dialect.parsed(block, layout, list(layout.columns.values()), note)


def _days(column: pa.ChunkedArray, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    codes, written = _codes(column)
    found = [read_day(value.strip(), layout.order, layout.short_years) for value in written]
    days = np.array(found, np.int32)[codes]
    return days, (days != NOT_A_DAY) & (days <= layout.until)


def _tickers(column: pa.ChunkedArray, wanted: np.ndarray, names: dict[str, int]) -> np.ndarray:
    """Each row's ticker number, -1 where the row is not wanted or its ticker is not plainly a name."""
    codes, written = _codes(column)
    numbers = np.full(len(written), -1, np.int32)
    for code in np.unique(codes[wanted]).tolist():
        name = written[code].strip()
        if not ticker_complaint(name):
            numbers[code] = names.setdefault(name, len(names))
    return np.where(wanted, numbers[codes], -1) if len(written) else np.empty(0, np.int32)


def _codes(column: pa.ChunkedArray) -> tuple[np.ndarray, list[str]]:
    encoded = pa.concat_arrays([*column.chunks, pa.array([], column.type)]).dictionary_encode()
    return encoded.indices.to_numpy(), encoded.dictionary.to_pylist()
