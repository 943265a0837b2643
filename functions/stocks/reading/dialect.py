"""What the rows of a file prove about all of them: how it writes days, and its decimal sign."""

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stocks.contract import PRICES
from stocks.reading import dates, numbers
from stocks.reading.blocks import cut
from stocks.reading.cells import BrokenLine, cells
from stocks.reading.evidence import proves
from stocks.reading.layout import Layout
from stocks.reading.rejected import LONGEST_ROW, Unusable, show
from stocks.reading.source import Rules

PANELS = 20  # tickers of a wide file whose numbers are looked at
MOST_TEXTS = 200_000  # different ones that tell how days are written: there are not so many days

type Blocks = Callable[[], Iterator[tuple[int, bytes]]]


def detect(layout: Layout, sample: Blocks, whole: Blocks | None, rules: Rules) -> Layout:
    """The layout with what the sample's rows prove, or where they prove nothing those of the whole file.

    Blocks come with the number of their first line. Raises Unusable where nothing is proven.
    """
    for attempt in (_way, _decimal):
        try:
            layout = attempt(layout, sample, rules)
        except Unusable:
            if whole is None:
                raise
            layout = attempt(layout, whole, rules)
    _refuse_two_currencies(layout, sample)
    return layout


def _way(layout: Layout, blocks: Blocks, rules: Rules) -> Layout:
    counted: Counter[str] = Counter()
    for _, block in blocks():
        (column,) = columns(block, layout, [layout.date])
        for entry in pc.value_counts(column.combine_chunks()).to_pylist():
            if len(entry["values"]) <= dates.LONGEST:
                counted[entry["values"].strip()] += entry["counts"]
        if len(counted) > MOST_TEXTS:
            break
    try:
        way = dates.way(counted.items(), rules.until, rules.tolerance)
    except dates.Undecided as error:
        example, missing = error.args
        if rules.date_order:
            return dataclasses.replace(layout, way=dates.Way(rules.date_order, True))
        raise unusable(layout, layout.date, blocks, example, f"{missing}; write YYYY-MM-DD") from None
    if eve := dates.eve(counted.items(), way):
        reason = "is Sunday evening in UTC, the eve of an exchange's Monday; write its own days as YYYY-MM-DD"
        raise unusable(layout, layout.date, blocks, eve, reason)
    if rules.date_order and way.order:
        way = way._replace(order=rules.date_order)
    return dataclasses.replace(layout, way=way)


def _decimal(layout: Layout, blocks: Blocks, rules: Rules) -> Layout:
    """Comma-separated files have points unless their quoted values prove commas; others must prove either."""
    if rules.decimal:
        return dataclasses.replace(layout, decimal=rules.decimal)
    if layout.separator == "," and not any(b'"' in block for _, block in blocks()):
        return layout
    valued = [index for panel in layout.panels[:PANELS] for index in panel.columns.values()]
    wanted = list(dict.fromkeys([*valued, *layout.changes]))
    rows: Counter[int | str] = Counter()
    telling: dict[int, tuple[int, str]] = {}
    for _, block in blocks():
        texts = columns(block, layout, wanted)
        votes = np.stack([numbers.votes(text) for text in texts])
        for kind in (numbers.FOR_POINT, numbers.FOR_COMMA, numbers.UNCLEAR):
            having = (votes == kind).any(axis=0)
            rows[kind] += int(having.sum())
            if having.any() and kind not in telling:
                column, row = np.argwhere(votes == kind)[np.argmin(np.argwhere(votes == kind)[:, 1])].tolist()
                telling[kind] = wanted[column], texts[column][row].as_py().strip()
        rows["signed"] += int((votes != numbers.NO_SIGN).any(axis=0).sum())
    return dataclasses.replace(layout, decimal=_sign(layout, blocks, rules, rows, telling))


def _sign(layout: Layout, blocks: Blocks, rules: Rules, rows: Counter, telling: dict) -> str:
    point, comma, signed = rows[numbers.FOR_POINT], rows[numbers.FOR_COMMA], rows["signed"]
    proven = [
        sign
        for sign, count in ((numbers.POINT, point), (numbers.COMMA, comma))
        if proves(count, signed, rules.tolerance)
    ]
    if len(proven) == 1:
        return proven[0]
    if layout.separator == "," and not comma:
        return numbers.POINT
    if not signed:
        return numbers.UNDECIDED
    if not point and not comma:
        reason = "may have a decimal or a thousands sign, and no row shows which; write 1234.5 with a point"
        raise unusable(layout, telling[numbers.UNCLEAR][0], blocks, telling[numbers.UNCLEAR][1], reason)
    if point and comma:
        fewer = numbers.FOR_POINT if point < comma else numbers.FOR_COMMA
        reason = "contradicts other rows on whether a point or a comma is the decimal sign; write 1234.5 with a point"
    else:
        fewer = numbers.FOR_POINT if point else numbers.FOR_COMMA
        count = point or comma
        who = "alone says" if count == 1 else f"and {count - 1:,} more of {signed:,} rows say"
        reason = f"{who} which sign is the decimal one, too few to go by; write 1234.5 with a point"
    raise unusable(layout, telling[fewer][0], blocks, telling[fewer][1], reason)


def _refuse_two_currencies(layout: Layout, blocks: Blocks) -> None:
    """Raise Unusable where prices of one ticker in one column are in two currencies, or some only in hundredths."""
    priced = [(panel, at) for panel in layout.panels[:PANELS] for name, at in panel.columns.items() if name in PRICES]
    names = [] if layout.ticker is None else [layout.ticker]
    first: dict[tuple[str, int], str] = {}
    for _, block in blocks():
        texts = columns(block, layout, [*(at for _, at in priced), *names])
        for (panel, at), text in zip(priced, texts, strict=False):
            signs = numbers.currencies(text)
            tickers = texts[-1].to_pylist() if names and signs else [panel.ticker] * len(signs)
            hundredths = not numbers.HUNDREDTHS.isdisjoint(signs)
            for ticker, sign in sorted({(t, s) for t, s in zip(tickers, signs, strict=True) if s is not None}):
                if (sign or hundredths) and first.setdefault((ticker, at), sign) != sign:
                    row = next(
                        row for row, pair in enumerate(zip(tickers, signs, strict=True)) if pair == (ticker, sign)
                    )
                    reason = "is in another currency than other rows; write one currency per ticker"
                    raise unusable(layout, at, blocks, text[row].as_py().strip(), reason)


def columns(block: bytes, layout: Layout, wanted: list[int]) -> list[pa.ChunkedArray]:
    """The texts of some columns of a block, lines of another width left out."""
    block = re.sub(rb"\n[ \t\n]*\n", b"\n", b"\n" + block)[1:]
    found = cut(block, layout, wanted)
    texts = [found.table.column(str(at)) for at in wanted]
    if not found.odd.size:
        return texts
    split, rows = block.split(b"\n"), []
    for number in found.odd.tolist():
        try:
            row = cells(split[number].decode(), layout.separator)
        except BrokenLine:
            continue
        rows += [row] if len(row) == layout.width else []
    more = [pa.array([row[at] for row in rows], pa.string()) for at in wanted]
    return [pa.chunked_array([*text.chunks, extra]) for text, extra in zip(texts, more, strict=True)]


def unusable(layout: Layout, column: int, blocks: Blocks, example: str, reason: str) -> Unusable:
    """The reason, with the first line whose column holds the example."""
    said = " ".join(filter(None, (layout.title(column), example and show(example), reason)))
    for first, block in blocks():
        for number, row in enumerate(block.decode().split("\n"), first):
            if example and example in row:
                try:
                    found = cells(row, layout.separator)
                except BrokenLine:
                    continue
                if len(found) == layout.width and found[column] == example:
                    return Unusable(said, number, row[:LONGEST_ROW])
    return Unusable(said)
