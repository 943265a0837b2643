"""A block of lines as columns of text: what pyarrow can be trusted with, and the lines that it cannot."""

from codecs import BOM_UTF8
from io import BytesIO
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv

from stocks.reading.layout import Layout
from stocks.reading.lines import count_lines

_QUOTE, _END = ord('"'), ord("\n")


class Cut(NamedTuple):
    """table: the columns that are wanted, named by their index; lines: the number of each of its rows, from 0.

    odd: the numbers of all other lines, which have another width, or quotes that programs read in several ways.
    """

    table: pa.Table
    lines: np.ndarray
    odd: np.ndarray


def cut(block: bytes, layout: Layout, columns: list[int]) -> Cut:
    """Cut a block of lines that are not blank, each ended by a line feed."""
    count, odd = count_lines(block), np.empty(0, np.int64)
    if b'"' in block:
        odd = oddly_quoted(block, layout.separator)
    if block.startswith(BOM_UTF8):  # which pyarrow drops
        odd = np.union1d(odd, [0])
    if odd.size:
        block = without(block, odd)
    wrong: list[int] = []
    table = _table(block, layout, columns, wrong)
    if table is None or table.num_rows + len(wrong) + len(odd) != count:
        empty = pa.table({str(column): pa.array([], pa.string()) for column in columns})
        return Cut(empty, np.empty(0, np.int64), np.arange(count))
    whole = np.delete(np.arange(count), odd)
    return Cut(table, np.delete(whole, wrong), np.sort(np.concatenate([odd, whole[wrong]])))


def without(block: bytes, numbers: np.ndarray) -> bytes:
    lines = block.split(b"\n")
    for number in numbers.tolist():
        lines[number] = b""
    return b"".join(line + b"\n" for line in lines if line)


def oddly_quoted(block: bytes, separator: str) -> np.ndarray:
    """The lines with an odd number of quotes, or one that neither begins nor ends a cell, nor doubles another."""
    letters = np.frombuffer(block, np.uint8)
    quotes, ends = np.flatnonzero(letters == _QUOTE), np.flatnonzero(letters == _END)
    line = np.searchsorted(ends, quotes)
    counts = np.bincount(line, minlength=len(ends))
    place = np.arange(len(quotes)) - (np.cumsum(counts) - counts)[line]
    opens = place % 2 == 0
    before = np.where(quotes > 0, letters[quotes - 1], _END)
    beside = np.where(opens, before, letters[np.minimum(quotes + 1, len(letters) - 1)])
    fine = (beside == ord(separator)) | (beside == _END) | (beside == _QUOTE)
    return np.flatnonzero((counts % 2 == 1) | (np.bincount(line[~fine], minlength=len(ends)) > 0))


def _table(block: bytes, layout: Layout, columns: list[int], wrong: list[int]) -> pa.Table | None:
    """wrong gets the numbers of the lines of another width. None where pyarrow reads none of it."""

    def note(row: "pa.csv.InvalidRow") -> str:
        wrong.append(row.number - 1)
        return "skip"

    if not block:
        return pa.table({str(column): pa.array([], pa.string()) for column in columns})
    titles = [str(index) for index in range(layout.width)]
    types = {str(index): pa.string() for index in columns}
    try:
        return pyarrow.csv.read_csv(
            BytesIO(block),
            pyarrow.csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=titles),
            pyarrow.csv.ParseOptions(delimiter=layout.separator, ignore_empty_lines=False, invalid_row_handler=note),
            pyarrow.csv.ConvertOptions(column_types=types, include_columns=list(types), check_utf8=False),
        )
    except pa.ArrowInvalid:
        return None
