"""Two runs' files of the same table, byte by byte; where bytes differ, row by row and column by column."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

# What names a row of each table.
KEYS = {
    "prices": ("ticker", "date"),
    "tickers": ("ticker",),
    "metrics": ("ticker", "model", "horizon"),
    "predictions": ("ticker", "origin_date", "horizon", "split"),
}
# By the words of the answer: table, and the beginning of its files' names. Some of them Retire takes away one day.
PARTS = {
    "prices": ("prices", ""),
    "tickers": ("tickers", ""),
    "metrics": ("metrics", ""),
    "predictions of the test period": ("predictions", "test-"),
    "predictions of days to come": ("predictions", "future-"),
}
# Columns of `runs` that are of an execution, and not of what it made.
OF_EXECUTION = (
    "base_run", "started", "finished", "train_seconds", "endpoint_seconds", "cost_usd", "model_uri", "model_run",
    "model_reason",
)  # fmt: skip

type Files = Mapping[str, Callable[[], bytes]]  # by name; a table of thousands of tickers is not read at once


class Compared(NamedTuple):
    """What differs, a sentence each; the parts that are equal, and those that the run has no more."""

    differs: list[str]
    same: list[str]
    gone: list[str]


def files(published: Mapping[str, Files], again: Mapping[str, Files]) -> Compared:
    """The files of two runs, by the names of PARTS."""
    compared = Compared([], [], [])
    for part, (table, _) in PARTS.items():
        if not published[part]:
            compared.gone.append(part)
        elif found := list(_differences(part, KEYS[table], published[part], again[part])):
            compared.differs.extend(found)
        else:
            compared.same.append(part)
    return compared


def rows(published: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[str]:
    """What differs in the rows of `runs`, as far as both have the column."""
    for name in [one for one in published if one in again and one not in OF_EXECUTION]:
        before, now = published[name], again[name]
        if name == "parameters" and before and now:
            before, now = json.loads(before), json.loads(now)
            for one in sorted({*before, *now}):
                if before.get(one) != now.get(one):
                    yield f"runs, parameter {one}: {before.get(one)} in the run, {now.get(one)} now"
        elif before != now:
            yield f"runs, column {name}: {before} in the run, {now} now"


def _differences(part: str, names: tuple[str, ...], published: Files, again: Files) -> Iterator[str]:
    for name in sorted({*published, *again}):
        if name not in published or name not in again:
            where = "now only" if name in again else "in the run only"
            yield f"{part}, file {name}: {where}"
        elif (before := published[name]()) != (now := again[name]()):
            for said in _of_file(names, _table(before), _table(now)):
                yield f"{part}, {said} ({name})"


def _of_file(names: tuple[str, ...], before: pa.Table, now: pa.Table) -> Iterator[str]:
    if before.schema != now.schema:
        yield "columns or their types differ"
        return
    place = {key: row for row, key in enumerate(_keys(names, now))}
    ours, theirs = [], []
    for row, key in enumerate(_keys(names, before)):
        if key in place:
            ours.append(row)
            theirs.append(place.pop(key))
    if lost := len(before) - len(ours):
        yield f"{_rows(lost)} in the run only"
    if place:
        yield f"{_rows(len(place))} now only"
    before, now = before.take(pa.array(ours, pa.int64())), now.take(pa.array(theirs, pa.int64()))
    unequal = {name: _unequal(before[name], now[name]) for name in before.column_names}
    for name, count in unequal.items():
        if count:
            yield f"column {name}: {_rows(count)} of {len(ours):,} differ"
    if not lost and not place and not any(unequal.values()):
        yield "the bytes differ and every value is equal"


def _keys(names: tuple[str, ...], table: pa.Table) -> Iterator[tuple]:
    return zip(*(table[name].to_pylist() for name in names), strict=True)


def _unequal(before: pa.ChunkedArray, now: pa.ChunkedArray) -> int:
    """In how many rows two columns of one type and length differ; null equals null only."""
    if pa.types.is_nested(before.type):
        return sum(one != other for one, other in zip(before.to_pylist(), now.to_pylist(), strict=True))
    differ = pc.fill_null(pc.not_equal(before, now), False)
    of_nulls = pc.xor(pc.is_null(before), pc.is_null(now))
    return pc.sum(pc.or_(differ, of_nulls)).as_py() or 0


def _table(body: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(body))


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
