"""What the first rows of a file tell about all of them: the order of day and month, and the decimal sign."""

import csv
import dataclasses
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from stocks import dates, numerals
from stocks.layout import VALUES, Layout, fields
from stocks.rejected import Unusable

SAMPLE = 4 << 20  # bytes


def detect(layout: Layout, sample: bytes) -> Layout:
    """The layout with what the sample (whole lines, no header) proves. Raises Unusable where it proves nothing."""
    decided = dates.order(_written(sample, layout, [layout.columns["date"]]))
    if isinstance(decided, str):
        raise Unusable(decided)
    order, short_years = decided
    return dataclasses.replace(layout, order=order, short_years=short_years, decimal=_decimal(layout, sample))


def _decimal(layout: Layout, sample: bytes) -> str:
    if layout.separator == "," and b'"' not in sample:
        return numerals.POINT
    columns = [layout.columns[name] for name in VALUES if name in layout.columns]
    values = _written(sample, layout, columns)
    found = numerals.decimal_sign(values)
    if found == "" and layout.separator != ",":
        example = next(filter(numerals.vote, values))
        raise Unusable(f"the decimal sign cannot be told from values such as {example!r}; write 1234.5 with a point")
    return found or numerals.POINT


def _written(sample: bytes, layout: Layout, columns: list[int]) -> list[str]:
    """The different texts of some columns, trimmed; lines of another width are left out."""
    table = parsed(sample, layout, columns, lambda _: "skip")
    if table is None:
        rows = (_fields(line, layout.separator) for line in sample.decode().split("\n"))
        return list({row[index].strip(): None for row in rows if len(row) == layout.width for index in columns})
    found: dict[str, None] = {}
    for column in table.columns:
        found |= dict.fromkeys(text.strip() for text in pc.unique(column).to_pylist())
    return list(found)


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
