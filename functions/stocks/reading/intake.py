"""What is taken in of a file: accepted rows wait on disk by shard, so memory does not grow with the file."""

import dataclasses
import errno
import gzip
import math
import zlib
from binascii import crc32
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stocks import series
from stocks.contract import COLUMNS
from stocks.reading import encodings, lines, rejected, verdict
from stocks.reading.dates import FIRST_DAY, LAST_DAY
from stocks.reading.layout import Layout
from stocks.reading.numbers import COMMA
from stocks.reading.prices import Block, PricesFile
from stocks.reading.rows import ROW
from stocks.reading.source import Rules, Source
from stocks.reading.tickers import look_alikes

MOST_SHARDS = 128
GZIP_RATIO = 4
MOST_TICKERS = 200_000
MOST_KINDS = 1_000
MOST_SHARD_ROWS = 2_000_000  # what this step and Scale can hold at once
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


def shard_count(source: Source, shard_kilobytes: int) -> int:
    """One shard for each shard_kilobytes of text, estimated from the file's size."""
    characters = source.size * (GZIP_RATIO if source.is_gzipped else 1)
    return min(max(math.ceil(characters / (shard_kilobytes * 1024)), 1), MOST_SHARDS)


@dataclasses.dataclass
class Intake:
    """What has been read of a file: counts, days, the first rejected rows and, on disk, each shard's rows."""

    folder: Path
    shards: int
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
    shard_of: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, np.uint8))
    days: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(LAST_DAY - FIRST_DAY + 1, np.int64))

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
        for shard in range(self.shards):
            self.file(shard).unlink(missing_ok=True)
        fresh = Intake(self.folder, self.shards, self.rules)
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
        self.days += np.bincount(block.rows["day"] - FIRST_DAY, minlength=len(self.days))
        self.route(block.rows)

    def route(self, rows: np.ndarray) -> None:
        """Append each row to the file of its shard, which the ticker alone decides."""
        if len(self.tickers) > MOST_TICKERS:
            raise rejected.Unusable(f"the file has more than {MOST_TICKERS:,} tickers; drop it in parts")
        if len(self.kinds) > MOST_KINDS:
            raise rejected.Unusable(f"the column of series has more than {MOST_KINDS:,} values; delete the column")
        new = list(self.tickers)[len(self.shard_of) :]
        self.shard_of = np.append(self.shard_of, np.array([crc32(t.encode()) % self.shards for t in new], np.uint8))
        target = self.shard_of[rows["ticker"]]
        for shard in np.unique(target).tolist():
            with self.file(shard).open("ab") as file:
                rows[target == shard].tofile(file)
                if file.tell() > MOST_SHARD_ROWS * rows.itemsize:
                    raise rejected.Unusable(self.crowded(shard))

    def crowded(self, shard: int) -> str:
        names = [ticker for ticker, of in zip(self.tickers, self.shard_of.tolist(), strict=True) if of == shard]
        return (
            f"{rejected.show(names[0])} and {len(names) - 1} tickers that share its shard have more than "
            f"{MOST_SHARD_ROWS:,} rows; a ticker has one row a day, so drop tickers in files of their own"
        )

    def file(self, shard: int) -> Path:
        return self.folder / f"{shard:05d}"

    def stored(self, shard: int) -> np.ndarray:
        """The shard's accepted rows as ROW records, in file order."""
        return np.fromfile(self.file(shard), ROW) if self.file(shard).exists() else np.empty(0, ROW)

    def shard(self, shard: int) -> series.Arrays:
        """The shard's accepted rows in file order, as docs/architecture.md describes `rows`."""
        rows = self.stored(shard)
        numbers, ticker = np.unique(rows["ticker"], return_inverse=True)
        every = list(self.tickers)
        names, place = np.unique(np.array([every[number] for number in numbers], "U"), return_inverse=True)
        arrays = {"tickers": names, "ticker": place[ticker].astype(np.int32)}
        return arrays | {name: rows[name].copy() for name in ("line", "day", *COLUMNS)}

    def found(self) -> Iterator[Ticker]:
        """What the file has of each ticker that has a row."""
        every = list(self.tickers)
        for shard in range(self.shards):
            rows = self.stored(shard)
            rows = rows[np.lexsort((rows["line"], rows["day"], rows["ticker"]))]
            edges = np.flatnonzero(np.diff(rows["ticker"], prepend=-1))
            for own in np.split(rows, edges[1:]) if len(rows) else []:
                days, first = np.unique(own["day"], return_index=True)
                gap = float(np.median(np.diff(days))) if len(days) >= FEWEST_SPACED else 0.0
                price = float(own["adjclose"][first[-1]])
                yield Ticker(every[own["ticker"][0]], len(days), int(days[0]), int(days[-1]), price, gap)

    def judge(self, test_fraction: float) -> dict[str, str]:
        """The days where validation, decision and test begin. Raises Unusable where the file is of no use."""
        if verdict.has_too_many(self.bad, self.rows, self.rules.tolerance):
            raise verdict.too_many(self.bad, self.rows, self.rules.tolerance, self.kept[0], self.stopped)
        verdict.refuse_other_bars(ticker.gap for ticker in self.found() if ticker.gap)
        days = np.flatnonzero(self.days)
        return series.cuts(days + FIRST_DAY, self.days[days], test_fraction)

    def report(self) -> dict:
        """Counts, and how the file was read, as docs/architecture.md describes it for the manifest."""
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
        for shard in range(self.shards):
            rows = self.stored(shard)
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
                self.days -= np.bincount(rows["day"][~kept] - FIRST_DAY, minlength=len(self.days))
                self.left_out += int(left_out.sum())
                rows[kept].tofile(self.file(shard))
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
    clocks = CLOCKS.intersection(title.lower() for title in layout.ignored())
    if clocks or len(frozenset().union(*(block.times for block in blocks))) > 1:
        reason = f"these are intraday prices: {said}; upload daily prices"
    elif layout.ticker is not None:
        reason = f"{said} with different values; keep one row per ticker and day (columns not read: {ignored})"
    else:
        reason = f"no ticker column was recognised: {said}; name it ticker (columns not read: {ignored})"
    raise rejected.Unusable(reason)
