"""What is taken in of a file: accepted rows wait on disk by ticker, so memory does not grow with the file."""

import dataclasses
import errno
import gzip
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stocks import series
from stocks.contract import COLUMNS
from stocks.dataset import parts, sizes
from stocks.reading import encodings, lines, rejected, titles, verdict
from stocks.reading.layout import Layout
from stocks.reading.numbers import COMMA
from stocks.reading.prices import Block, PricesFile
from stocks.reading.rows import ROW
from stocks.reading.source import Rules, Source
from stocks.reading.tickers import look_alikes

PILES = 1 << sizes.PART_BITS  # of a file's rows on disk; a part is one of them or some that follow each other
MOST_TICKERS = 200_000
MOST_KINDS = 1_000
MOST_PILE_ROWS = 2_000_000  # what a step can hold at once
ORDINARY = "EQ"  # of several kinds of a share NSE lists, the one that is meant
REPEATED_AMONG = 50_000  # rows, a day of which comes more than once in a file of other than daily prices
FEWEST_SPACED = 3
CLOCKS = frozenset(("time", "hour", "minute", "zeit", "uhrzeit", "heure", "hora", "ora", "saat", "godzina"))
NAMED = 3


class Ticker(NamedTuple):
    """What a file has of one ticker: rows count its days, gap is the usual number of days from one to the next."""

    name: str
    rows: int
    first_day: int
    last_day: int
    last_adjclose: float
    gap: float


@dataclasses.dataclass
class Intake:
    """What has been read of a file: counts, the first rejected rows and, on disk, the accepted rows in piles."""

    folder: Path
    rules: Rules = dataclasses.field(default_factory=Rules)
    layout: Layout | None = None
    rows: int = 0
    bad: int = 0
    empty: int = 0
    left_out: int = 0
    stopped: bool = False
    notes: list[str] = dataclasses.field(default_factory=list)
    kept: list[rejected.Rejected] = dataclasses.field(default_factory=list)
    tickers: dict[str, int] = dataclasses.field(default_factory=dict)
    kinds: dict[str, int] = dataclasses.field(default_factory=dict)
    pile_of: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, np.int64))

    def read(self, source: Source) -> None:
        """Take in the whole file, or what it takes to see that it has too many bad rows. Raises Unusable."""
        try:
            try:
                self._take(source, lines.UTF8)
            except lines.NotUtf8 as fault:
                self._forget()
                self._take(source, encodings.prove(source, self.rules, fault))
        except lines.NotUtf8 as fault:
            raise rejected.Unusable(fault.reason, fault.line) from None
        except (EOFError, gzip.BadGzipFile, zlib.error):
            reason = "the file is named .gz but is no gzip data, or is damaged or cut short; compress it again"
            raise rejected.Unusable(reason) from None
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise rejected.Unusable(f"the file has more rows than fit ({self.rows:,}); drop it in parts") from None
            raise

    def _forget(self) -> None:
        """Be as new."""
        for pile in range(PILES):
            self.file(pile).unlink(missing_ok=True)
        fresh = Intake(self.folder, self.rules)
        vars(self).update(vars(fresh))

    def _take(self, source: Source, codec: str) -> None:
        file, shortest = PricesFile(source, self.rules, codec), 1 << 20
        try:
            self.layout = file.layout
            blocks = self._checked(file)
            for block in blocks:
                self.add(block)
                shortest = min(shortest, block.shortest)
                most = lines.MOST_LINES if source.is_gzipped else source.size / shortest
                if verdict.has_too_many(self.bad, max(most, self.rows), self.rules.tolerance):
                    self.stopped = next(blocks, None) is not None
                    break
        finally:
            file.close()
        self._note(file)
        if len(self.kinds) > 1:
            self._leave_out_other_kinds()

    def _checked(self, file: PricesFile) -> Iterator[Block]:
        """The blocks, once the first of them have shown that days do not repeat. Raises Unusable where they do."""
        blocks, first, rows = file.blocks(self.tickers, self.kinds), [], 0
        for block in blocks:
            first.append(block)
            rows += len(block.rows)
            if rows >= REPEATED_AMONG:
                break
        refuse_repeated_days(first, file.layout, list(self.tickers))
        yield from first
        yield from blocks

    def add(self, block: Block) -> None:
        self.rows += block.lines
        self.bad += block.bad
        self.empty += block.empty
        self.kept += block.rejected[: rejected.KEEP - len(self.kept)]
        self.route(block.rows)

    def route(self, rows: np.ndarray) -> None:
        """Append each row to its pile, which the ticker alone decides."""
        if len(self.tickers) > MOST_TICKERS:
            raise rejected.Unusable(f"the file has more than {MOST_TICKERS:,} tickers; drop it in parts")
        if len(self.kinds) > MOST_KINDS:
            raise rejected.Unusable(f"the column of series has more than {MOST_KINDS:,} values; delete the column")
        new = list(self.tickers)[len(self.pile_of) :]
        self.pile_of = np.append(self.pile_of, parts.numbers(new, sizes.PART_BITS))
        target = self.pile_of[rows["ticker"]].astype(np.uint16)  # of which numpy sorts any number in one pass
        order = np.argsort(target, kind="stable")
        edges = np.flatnonzero(np.diff(target[order], prepend=PILES))
        for own in np.split(order, edges[1:]) if len(order) else []:
            pile = int(target[own[0]])
            with self.file(pile).open("ab") as file:
                rows[own].tofile(file)
                if file.tell() > MOST_PILE_ROWS * rows.itemsize:
                    raise rejected.Unusable(self.crowded(pile))

    def crowded(self, pile: int) -> str:
        names = [ticker for ticker, of in zip(self.tickers, self.pile_of.tolist(), strict=True) if of == pile]
        return (
            f"{rejected.show(names[0])} and {len(names) - 1} tickers that share its part have more than "
            f"{MOST_PILE_ROWS:,} rows; a ticker has one row a day, so drop tickers in files of their own"
        )

    def file(self, pile: int) -> Path:
        return self.folder / f"{pile:05d}"

    def stored(self, pile: int) -> np.ndarray:
        """The accepted rows of a pile as ROW records, in file order."""
        return np.fromfile(self.file(pile), ROW) if self.file(pile).exists() else np.empty(0, ROW)

    def part(self, number: int, bits: int) -> tuple[dict[str, np.ndarray], list[rejected.Rejected]]:
        """The rows of a part among 2^bits, as `parts.of_shard` takes them, and those that contradict an earlier one."""
        rows = np.concatenate([self.stored(pile) for pile in parts.read_by(number, bits, sizes.PART_BITS)])
        every = list(self.tickers)
        numbers = np.flatnonzero(np.bincount(rows["ticker"], minlength=1))
        names, order = np.unique(np.array([every[number] for number in numbers], "U"), return_inverse=True)
        place = np.zeros(len(every) + 1, np.int32)
        place[numbers] = order
        arrays = {"tickers": names, "ticker": place[rows["ticker"]]}
        sorted_rows, refused = series.sort(arrays | {name: rows[name] for name in ("line", "day", *COLUMNS)})
        assert self.layout is not None
        filled = np.array([self.layout.fills_adjclose(name) for name in sorted_rows["tickers"].tolist()], bool)
        return sorted_rows | {"filled": filled}, refused

    def found(self) -> Iterator[Ticker]:
        """What the file has of each ticker that has a row."""
        every = list(self.tickers)
        for pile in range(PILES):
            rows = self.stored(pile)
            order = np.lexsort((rows["day"], rows["ticker"]))  # which leaves the rows of a day in file order
            ticker, day = rows["ticker"][order], rows["day"][order]
            new = (np.diff(ticker, prepend=-1) != 0) | (np.diff(day, prepend=0) != 0)
            order, ticker, day = order[new], ticker[new], day[new]
            edges = [*np.flatnonzero(np.diff(ticker, prepend=-1)).tolist(), len(ticker)]
            for first, end in pairwise(edges):
                days = day[first:end]
                gap = float(np.median(np.diff(days))) if len(days) >= FEWEST_SPACED else 0.0
                price = float(rows["adjclose"][order[end - 1]])
                yield Ticker(every[ticker[first]], len(days), int(days[0]), int(days[-1]), price, gap)

    def judge(self) -> None:
        """Raise Unusable where the file is of no use, as far as that shows before its rows are sorted."""
        if verdict.has_too_many(self.bad, self.rows, self.rules.tolerance):
            raise verdict.too_many(self.bad, self.rows, self.rules.tolerance, self.kept[0], self.stopped)
        verdict.refuse_other_bars(ticker.gap for ticker in self.found() if ticker.gap)

    def report(self) -> dict:
        """Counts, and how the file was read, as docs/architecture.md describes it for a verdict."""
        layout = self.layout
        assert layout is not None
        order = f"epoch {layout.way.unit}" if layout.way.unit else layout.way.order or "year"
        reading = {
            "encoding": encodings.NAMES[layout.encoding],
            "separator": layout.separator,
            "layout": layout.kind,
            "order": order,
            "decimal": "comma" if layout.decimal == COMMA else "point",
            "columns": layout.meanings(),
            "ignored": layout.ignored(),
            "ticker_from": layout.ticker_from,
            "notes": self.notes,
        }
        return {"rows": self.rows, "rejected_rows": self.bad, "reading": reading}

    def _leave_out_other_kinds(self) -> None:
        """Of a symbol's several kinds of share on one day keep the ordinary one, or where there is none, none."""
        ordinary = self.kinds.get(ORDINARY, -1)
        for pile in range(PILES):
            rows = self.stored(pile)
            order = np.lexsort((rows["kind"], rows["day"], rows["ticker"]))
            ticker, day, kind = (rows[name][order] for name in ("ticker", "day", "kind"))
            new = np.ones(len(order), bool)
            new[1:] = (ticker[1:] != ticker[:-1]) | (day[1:] != day[:-1])
            group = np.cumsum(new) - 1
            starts = np.flatnonzero(new)
            several = np.zeros(len(starts), bool)
            if len(starts):
                several = np.minimum.reduceat(kind, starts) != np.maximum.reduceat(kind, starts)
            left_out = several[group] & (kind != ordinary)
            if left_out.any():
                kept = np.ones(len(rows), bool)
                kept[order[left_out]] = False
                self.left_out += int(left_out.sum())
                rows[kept].tofile(self.file(pile))
        if self.left_out:
            self.notes.append(
                f"{self.left_out:,} rows of other series than {ORDINARY} of the same symbol and day are left out"
            )

    def _note(self, file: PricesFile) -> None:
        layout = file.layout
        if layout.encoding != lines.UTF8:
            self.notes.append(f"the text is {encodings.NAMES[layout.encoding]}")
        if layout.way.unit:
            self.notes.append(f"days are counted in {layout.way.unit} since 1970, in UTC")
        if file.foot:
            self.notes.append(f"{len(file.foot)} lines below the rows are left out, from line {file.foot[0].line}")
        if file.others:
            self.notes.append(f"{file.others} lines that are no rows are left out, such as repeated titles or comments")
        if self.empty:
            self.notes.append(f"{self.empty:,} rows without a price are days without trade")
        alike = look_alikes(self.tickers)
        self.notes += [f"tickers {', '.join(group[:NAMED])} look alike and are kept apart" for group in alike[:NAMED]]


def refuse_repeated_days(blocks: Sequence[Block], layout: Layout, tickers: Sequence[str]) -> None:
    """Raise Unusable where most days of a ticker come more than once with other values: no daily prices of tickers."""
    rows = np.concatenate([np.empty(0, ROW), *(block.rows for block in blocks)])[:REPEATED_AMONG]
    rows = rows[np.lexsort((rows["line"], rows["kind"], rows["day"], rows["ticker"]))]
    new, differs = np.ones(len(rows), bool), np.zeros(len(rows), bool)
    new[1:] = np.logical_or.reduce([rows[name][1:] != rows[name][:-1] for name in ("ticker", "day", "kind")])
    differs[1:] = np.logical_or.reduce([rows[name][1:] != rows[name][:-1] for name in COLUMNS])
    group = np.cumsum(new) - 1
    if 2 * len(np.unique(group[~new & differs])) <= new.sum():
        return
    counts = np.bincount(group)
    first = rows[new][np.argmax(counts)]
    said = f"{rejected.show(tickers[first['ticker']])} has {counts.max():,} rows on {series.iso(first['day'])}"
    ignored = ", ".join(layout.ignored()[:NAMED]) or "none"
    clocks = CLOCKS.intersection(map(titles.fold, layout.ignored()))
    if clocks or len(frozenset().union(*(block.times for block in blocks))) > 1:
        reason = f"these are intraday prices: {said}; upload daily prices"
    elif layout.ticker is not None:
        reason = f"{said} with different values; keep one row per ticker and day (columns not read: {ignored})"
    else:
        reason = f"no ticker column was recognised: {said}; name it ticker (columns not read: {ignored})"
    raise rejected.Unusable(reason)
