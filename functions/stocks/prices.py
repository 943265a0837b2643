"""The CSV contract: which files and rows are prices, and why the others are not."""

import csv
import dataclasses
import datetime
import functools
import math
import re
from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from stocks import text
from stocks.rejected import Rejected, Unusable, show

VALUES = ("adjclose", "open", "high", "low", "close", "volume")
ROW = np.dtype([("ticker", "i4"), ("line", "i8"), ("day", "i4"), *((name, "f8") for name in VALUES)])
MEANINGS = {name: name for name in ("ticker", "date", *VALUES)} | {"symbol": "ticker", "name": "ticker"}
ACCEPTED = (
    "a comma-separated file in UTF-8 whose first line names the columns: date and adjclose or close, "
    "and where known ticker (or symbol, or name), open, high, low, close and volume"
)
OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
LONGEST_TICKER = 64
# The model computes in float32, whose largest number is 3e38: even the ratio of two prices must fit.
LEAST_PRICE, GREATEST_PRICE = 1e-15, 1e15
RESERVED_TICKER = "*"  # means all tickers in the table of metrics

_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_NO_VALUE = frozenset(["", "null", "nan", "n/a", "na", "none", "-"])
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)([T ]\d\d?:\d\d[\d:.]*( ?(Z|UTC|[+-]\d\d:?\d\d))?)?", re.ASCII)
_YEARS = range(1900, 2201)
_NOT_A_DAY = np.iinfo(np.int32).min


class Block(NamedTuple):
    """The rows of one block of lines: accepted ones as ROW records in file order, and the others."""

    rows: np.ndarray
    rejected: list[Rejected]


@dataclasses.dataclass(frozen=True)
class Layout:
    """Where a file keeps what: how many columns, and the column of each meaning that it has."""

    width: int
    columns: dict[str, int]
    ticker: str = ""

    @property
    def price(self) -> str:
        """The column that fills adjclose for every row."""
        return "adjclose" if "adjclose" in self.columns else "close"

    def source(self, value: str) -> int | None:
        return self.columns.get(self.price if value == "adjclose" else value)


def read(stream: text.Stream, stem: str, names: dict[str, int], block_bytes: int = text.BLOCK) -> Iterator[Block]:
    """Yield the file's rows block by block; names grows by the number of each new ticker.

    A row is one physical line. stem names the ticker of a file without a ticker column.
    Raises Unusable for what is no CSV of prices at all: not text, no usable header, no row.
    """
    layout, found = None, False
    for line, block in text.blocks(stream, block_bytes):
        if layout is None:
            head, block = block.split(b"\n", 1)
            layout, line = read_header(head.decode(), stem), line + 1
        rows, rejected = _read_block(block, line, layout, names)
        found = found or bool(len(rows) or rejected)
        yield Block(rows, rejected)
    if layout is None:
        raise Unusable("the file is empty")
    if not found:
        raise Unusable("the file has a header and no rows", 2)


def read_header(line: str, stem: str) -> Layout:
    """The layout that a header line announces. Raises Unusable where a column is missing or named twice."""
    try:
        titles = _fields(line)
    except csv.Error as error:
        raise Unusable(f"the header cannot be read: {error}", 1, line) from None
    columns: dict[str, int] = {}
    for index, title in enumerate(titles):
        meaning = MEANINGS.get(re.sub(r"[\s_]", "", title).lower())
        if meaning in columns:
            raise Unusable(f"columns {show(titles[columns[meaning]])} and {show(title)} both mean {meaning}", 1, line)
        if meaning:
            columns[meaning] = index
    if "date" not in columns or not {"adjclose", "close"} & columns.keys():
        missing = "date" if "date" not in columns else "adjclose or close"
        signs = [name for sign, name in OTHER_SEPARATORS.items() if sign in line and len(titles) == 1]
        hint = f", and {signs[0]} where commas should separate the columns" if signs else ""
        raise Unusable(f"the header {show(line)} has no column {missing}{hint}", 1, line)
    if "ticker" in columns:
        return Layout(len(titles), columns)
    if complaint := _ticker_complaint(stem.strip()):
        raise Unusable(f"without a ticker column the ticker is the file's name, and {complaint}", 1, line)
    return Layout(len(titles), columns, stem.strip())


def read_row(line: str, layout: Layout) -> tuple | str:
    """(ticker, day, then VALUES) of one line, or the reason why it cannot be used. This is the contract of a row."""
    if line.count('"') % 2:
        return "a quote is not closed on this line"
    try:
        fields = [field.strip() for field in _fields(line)]
    except csv.Error as error:
        return str(error)
    if len(fields) != layout.width:
        return f"{len(fields)} columns instead of {layout.width}"
    ticker = layout.ticker or fields[layout.columns["ticker"]]
    if complaint := _ticker_complaint(ticker):
        return complaint
    written = fields[layout.columns["date"]]
    day = read_day(written)
    if day == _NOT_A_DAY:
        return f"date {show(written)} is not a day as YYYY-MM-DD from 1900 to 2200" if written else "date is empty"
    values = []
    for name in VALUES:
        index = layout.source(name)
        value = 0.0 if index is None else _number(fields[index], name, layout)
        if isinstance(value, str):
            return value
        values.append(value)
    return ticker, day, *values


@functools.lru_cache(maxsize=1 << 16)
def read_day(written: str) -> int:
    """Days since 1970-01-01 of YYYY-MM-DD, a time behind it dropped; the least int32 where it is none."""
    parts = _DAY.fullmatch(written)
    if not parts or int(parts[1]) not in _YEARS:
        return _NOT_A_DAY
    try:
        return (datetime.date(*map(int, parts.group(1, 2, 3))) - datetime.date(1970, 1, 1)).days
    except ValueError:
        return _NOT_A_DAY


def _fields(line: str) -> list[str]:
    return next(csv.reader([line]), [""])


def _number(written: str, name: str, layout: Layout) -> float | str:
    """The number, 0 for a missing one, or the reason why it is not allowed there."""
    required = name == "adjclose"
    title = layout.price if required else name
    if not required and written.lower() in _NO_VALUE:
        return 0.0
    if not written:
        return f"{title} is empty"
    value = float(written) if re.match(_NUMBER, written) else math.nan
    if not math.isfinite(value) or value < 0 or (required and value == 0):
        kind = "a positive number" if required else "a number from 0 up"
        return f"{title} {show(written)} is not {kind}"
    if not _allowed(name, value):
        return f"{title} {show(written)} is not a price from {LEAST_PRICE:g} to {GREATEST_PRICE:g}"
    return value


def _allowed(name: str, values):
    """Whether numbers, or one, may stand in a column; 0 is missing."""
    if name == "volume":
        return np.isfinite(values) & (values >= 0)
    return (values == 0) | ((values >= LEAST_PRICE) & (values <= GREATEST_PRICE))


def _ticker_complaint(ticker: str) -> str:
    if not ticker:
        return "ticker is empty"
    if len(ticker) > LONGEST_TICKER:
        return f"ticker {show(ticker)} is longer than {LONGEST_TICKER} characters"
    if not ticker.isprintable() or ticker == RESERVED_TICKER:
        return f"ticker {show(ticker)} is not a name"
    return ""


def _read_block(block: bytes, line: int, layout: Layout, names: dict[str, int]) -> Block:
    """The plain rows all at once; whatever is not plainly right goes to read_row, line by line."""
    plain, unsure = _plain_rows(block, layout, names)
    plain["line"] += line
    if not unsure.size:
        return Block(plain, [])
    lines, accepted, rejected = block.split(b"\n"), [], []
    for number in unsure.tolist():
        if not (row := lines[number].decode()).strip():
            continue
        match read_row(row, layout):
            case str(reason):
                rejected.append(Rejected(line + number, reason, row))
            case ticker, day, *values:
                accepted.append((names.setdefault(ticker, len(names)), line + number, day, *values))
    if accepted:
        plain = np.concatenate([plain, np.array(accepted, ROW)])
        plain = plain[np.argsort(plain["line"], kind="stable")]
    return Block(plain, rejected)


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
    rows["day"], sure = _days(table.column(str(layout.columns["date"])))
    rows["ticker"] = names.setdefault(layout.ticker, len(names)) if layout.ticker else 0
    for name in VALUES:
        index = layout.source(name)
        if index is not None:
            rows[name] = _numbers(table.column(str(index)))
            sure &= _allowed(name, rows[name])
    sure &= rows["adjclose"] > 0
    if not layout.ticker:
        rows["ticker"] = _tickers(table.column(str(layout.columns["ticker"])), sure, names)
        sure &= rows["ticker"] >= 0
    return rows[sure], np.sort(np.concatenate([number[~sure], np.array(wrong, np.int64)]))


def _table(block: bytes, layout: Layout, wrong: list[int]) -> pa.Table | None:
    """The block's needed columns as text; wrong gets the lines of another width. None where quotes span lines."""
    if b'"' in block and _has_open_quote(block):
        return None

    def note(row) -> str:
        wrong.append(row.number - 1)
        return "skip"

    titles = [str(index) for index in range(layout.width)]
    types = {str(index): pa.string() for index in layout.columns.values()}
    try:
        return pyarrow.csv.read_csv(
            BytesIO(block),
            pyarrow.csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=titles),
            pyarrow.csv.ParseOptions(ignore_empty_lines=False, invalid_row_handler=note),
            pyarrow.csv.ConvertOptions(column_types=types, include_columns=list(types), check_utf8=False),
        )
    except pa.ArrowInvalid:
        return None


def _has_open_quote(block: bytes) -> bool:
    letters = np.frombuffer(block, np.uint8)
    line_of_quote = np.searchsorted(np.flatnonzero(letters == ord("\n")), np.flatnonzero(letters == ord('"')))
    return bool((np.bincount(line_of_quote) % 2).any())


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    """float64: 0 for the words that mean no value, NaN for what is not plainly a number."""
    try:
        numbers = pc.cast(column, pa.float64()).to_numpy()
        if not np.isnan(numbers).any():
            return numbers
    except pa.ArrowInvalid:
        pass
    column = pc.ascii_trim_whitespace(column)
    plain = pc.match_substring_regex(column, _NUMBER)
    numbers = pc.cast(pc.if_else(plain, column, "nan"), pa.float64()).to_numpy().copy()
    numbers[pc.is_in(pc.utf8_lower(column), pa.array(sorted(_NO_VALUE))).to_numpy()] = 0
    return numbers


def _days(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    codes, written = _codes(column)
    days = np.array([read_day(value.strip()) for value in written], np.int32)[codes]
    return days, days != _NOT_A_DAY


def _tickers(column: pa.ChunkedArray, wanted: np.ndarray, names: dict[str, int]) -> np.ndarray:
    """Each row's ticker number, -1 where the row is not wanted or its ticker is not plainly a name."""
    codes, written = _codes(column)
    numbers = np.full(len(written), -1, np.int32)
    for code in np.unique(codes[wanted]).tolist():
        name = written[code].strip()
        if not _ticker_complaint(name):
            numbers[code] = names.setdefault(name, len(names))
    return np.where(wanted, numbers[codes], -1) if len(written) else np.empty(0, np.int32)


def _codes(column: pa.ChunkedArray) -> tuple[np.ndarray, list[str]]:
    encoded = pa.concat_arrays([*column.chunks, pa.array([], column.type)]).dictionary_encode()
    return encoded.indices.to_numpy(), encoded.dictionary.to_pylist()
