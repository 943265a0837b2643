"""What the first rows of a file tell about all of them: the order of day and month, and the decimal sign."""

import csv
import dataclasses
import itertools
import re
from collections.abc import Iterable
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from stocks.reading import dates, numbers
from stocks.reading.header import VALUES, Layout, fields
from stocks.reading.rejected import LONGEST_ROW, Unusable, show

SAMPLE = 4 << 20  # bytes


def detect(layout: Layout, sample: bytes) -> Layout:
    """The layout with what the sample (whole lines, no header) proves. Raises Unusable where it proves nothing."""
    try:
        order, short_years = dates.order(_written(sample, layout, ["date"])["date"])
    except dates.Undecided as error:
        example, missing = error.args
        raise _unusable(layout, "date", sample, example, f"{missing}; write YYYY-MM-DD") from None
    return dataclasses.replace(layout, order=order, short_years=short_years, decimal=_decimal(layout, sample))


def _decimal(layout: Layout, sample: bytes) -> str:
    if layout.separator == "," and b'"' not in sample:
        return numbers.POINT
    written = _written(sample, layout, [name for name in VALUES if name in layout.columns])
    found = numbers.decimal_sign(itertools.chain(*written.values()))
    if found == "" and layout.separator != ",":
        name, example = next((name, value) for name in written for value in written[name] if numbers.vote(value))
        reason = "may have a decimal or a thousands sign, and the file does not show which; write 1234.5 with a point"
        raise _unusable(layout, name, sample, example, reason)
    return found or numbers.POINT


def _unusable(layout: Layout, name: str, sample: bytes, example: str, reason: str) -> Unusable:
    line = sample.count(b"\n", 0, max(sample.find(example.encode()), 0))
    row = sample.split(b"\n", line + 1)[line].decode()[:LONGEST_ROW]
    return Unusable(f"{layout.title(name)} {show(example)} {reason}", line + 2, row)


def _written(sample: bytes, layout: Layout, names: Iterable[str]) -> dict[str, list[str]]:
    """The different texts of some columns, trimmed; lines of another width are left out."""
    columns = {name: layout.columns[name] for name in names}
    lines = re.sub(rb"\n+", b"\n", sample)
    table = parsed(lines, layout, list(columns.values()), lambda _: "skip")
    if table is None:
        rows = [_fields(line, layout.separator) for line in lines.decode().split("\n")]
        found = {name: [row[at] for row in rows if len(row) == layout.width] for name, at in columns.items()}
    else:
        found = {name: pc.unique(table.column(str(at))).to_pylist() for name, at in columns.items()}
    return {name: list(dict.fromkeys(text.strip() for text in texts)) for name, texts in found.items()}


def _fields(line: str, separator: str) -> list[str]:
    try:
        return fields(line, separator)
    except csv.Error:
        return []


def parsed(block: bytes, layout: Layout, columns: list[int], on_wrong_width) -> pa.Table | None:
    """Some columns of the block as text, named by their index. None where quotes span lines."""
    if b'"' in block and _has_open_quote(block):
        return None
    titles = [str(index) for index in range(layout.width)]
    types = {str(index): pa.string() for index in columns}
    try:
        return pyarrow.csv.read_csv(
            BytesIO(block),
            pyarrow.csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=titles),
            pyarrow.csv.ParseOptions(
                delimiter=layout.separator, ignore_empty_lines=False, invalid_row_handler=on_wrong_width
            ),
            pyarrow.csv.ConvertOptions(column_types=types, include_columns=list(types), check_utf8=False),
        )
    except pa.ArrowInvalid:
        return None


def _has_open_quote(block: bytes) -> bool:
    letters = np.frombuffer(block, np.uint8)
    line_of_quote = np.searchsorted(np.flatnonzero(letters == ord("\n")), np.flatnonzero(letters == ord('"')))
    return bool((np.bincount(line_of_quote) % 2).any())
