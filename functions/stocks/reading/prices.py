"""A file of prices from its first byte to its last row, block by block.

`reading.header` finds the columns, `reading.dialect` how days and numbers are written, `reading.rows` what a row is.
"""

import dataclasses
import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from stocks.reading import dialect, header, lines
from stocks.reading.layout import Layout
from stocks.reading.rejected import LONGEST_ROW, Rejected, Unusable
from stocks.reading.rows import ROW, Numbered, plain_rows, read_line
from stocks.reading.source import Rules, Source

SAMPLE = 4 << 20  # bytes below the header that decide how the file is written
EVENT = re.compile(r"\b(Dividend|Split|Capital Gain)s?\b")  # in tables copied from Yahoo Finance
LONGEST = lines.LONGEST_LINE
FOOT = 20  # lines that may stand below the last row
HEADING = 10  # lines in which words may stand above the titles
MOST_SLOW = 10_000_000  # lines that have to be read one by one, at some 20 µs each


class Block(NamedTuple):
    """What one block of lines held.

    rows are ROW records in file order, rejected the other lines or cells; bad counts the lines of these, empty those
    without any price, and lines all of them. times are some of the times of day that stand behind the days, shortest is
    the fewest bytes of a line.
    """

    rows: np.ndarray
    rejected: list[Rejected]
    lines: int
    bad: int
    empty: int
    times: frozenset[str]
    shortest: int


class PricesFile:
    """A file of prices: its layout, once it is opened, and its rows.

    A row is one physical line; in a wide file it holds a price of every ticker. Raises Unusable for what is no file of
    prices at all: not text, no usable header, no row, no telling how to read it. Raises lines.NotUtf8 at any time.
    """

    def __init__(self, source: Source, rules: Rules, codec: str = lines.UTF8, block_bytes: int = lines.BLOCK):
        self._open = lambda stream: lines.blocks(stream, block_bytes, codec)[1]
        self.foot: list[Rejected] = []  # lines below the last row that are none
        self.room = FOOT  # for more of them
        self.others = 0  # further lines that are no rows: see _is_other
        self.note = -HEADING  # the last line of words
        self.slow = 0  # lines that were read one by one
        self.titles: Rejected | None = None  # a line that may begin a second table, if rows follow
        self._stream = source.stream()
        try:
            codec, self._blocks = lines.blocks(self._stream.__enter__(), block_bytes, codec)
            self._start = self._read_start()
            self.layout = self._recognise(source, rules, codec)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._stream.__exit__(None, None, None)

    def _read_start(self) -> list[tuple[int, bytes]]:
        """The first blocks, enough of them for a sample that does not depend on their size."""
        start, size = [], 0
        for line, block in self._blocks:
            start.append((line, block))
            size += len(block)
            if size > SAMPLE + lines.LONGEST_LINE:
                break
        if not start:
            raise Unusable("the file is empty; upload it again with its rows")
        return start

    def _recognise(self, source: Source, rules: Rules, codec: str) -> Layout:
        text = b"".join(block for _, block in self._start)
        end = len(text) if len(text) <= SAMPLE else text.rfind(b"\n", 0, SAMPLE) + 1
        layout = header.find(text[:end].decode().split("\n"), source.stem, rules.until)
        layout = dataclasses.replace(layout, encoding=codec)

        def sample() -> Iterator[tuple[int, bytes]]:
            return below(iter([(1, text[:end])]), layout.body)

        def whole() -> Iterator[tuple[int, bytes]]:
            with source.stream() as stream:
                yield from below(self._open(stream), layout.body)

        return dialect.detect(layout, sample, whole if end < len(text) else None, rules)

    def blocks(self, names: Numbered, kinds: Numbered) -> Iterator[Block]:
        """Yield the rows block by block; names and kinds grow by the number of each new ticker and kind of share."""
        found = used = False
        for line, block in below(itertools.chain(self._start, self._blocks), self.layout.body):
            read = self._read_block(block, line, names, kinds)
            found, used = found or bool(read.lines), used or bool(len(read.rows) or read.bad)
            yield read
        if found and not used:
            raise Unusable("no row has a price; upload it again with its prices")
        if not found:
            found = bool(self.foot)
            yield Block(np.empty(0, ROW), self.foot, len(self.foot), len(self.foot), 0, frozenset(), 1)
            self.foot = []
        if not found:
            raise Unusable("the file has a header and no rows; upload it again with its rows", self.layout.body)

    def _read_block(self, block: bytes, line: int, names: Numbered, kinds: Numbered) -> Block:
        """The plain rows all at once; whatever is not plainly right goes to read_line, line by line.

        self.foot grows by the lines that may stand below the last row, and is emptied once a row or too many follow.
        """
        numbers, block, shortest = without_blank_lines(block, line)
        plain = plain_rows(block, self.layout, names, kinds)
        split = block.split(b"\n") if plain.unsure.size else []
        rejected, accepted, bad, empty, others = [], [], 0, plain.empty, 0
        held = len(self.foot)  # lines of earlier blocks, which count here if a row follows
        self._count_slow(plain.unsure.size, line)
        if plain.last:
            rejected, bad, self.foot, self.room = self.foot, len(self.foot), [], FOOT
        for index in plain.unsure.tolist():
            number, row = int(numbers[index]), split[index].decode()
            if self._is_other(number, row):
                others += 1
                continue
            read = read_line(row, self.layout)
            if read.note:
                self._note(number, row)
            noted = [Rejected(number, reason, row[:LONGEST_ROW]) for reason in read.reasons]
            may_end = (read.note and index >= plain.last) or (read.narrow and bool(self.foot))
            if may_end and self.room:
                self.foot += noted
                self.room -= 1
                continue
            rejected += self.foot + noted
            bad, self.foot = bad + len(self.foot) + bool(noted), []
            self.room = 0 if may_end else FOOT
            empty += not (read.rows or read.reasons)
            accepted += [
                (names.setdefault(ticker, len(names)), kinds.setdefault(kind, len(kinds)), number, day, *values)
                for ticker, kind, day, values in read.rows
            ]
        rows = plain.rows
        rows["line"] = numbers[rows["line"]]
        if accepted:
            rows = np.concatenate([rows, np.array(accepted, ROW)])
            rows = rows[np.argsort(rows["line"], kind="stable")]
        self._refuse_second_table(rows)
        count = held + len(numbers) - others - len(self.foot)
        return Block(rows, rejected, count, bad, empty, plain.times, shortest)

    def _count_slow(self, more: int, line: int) -> None:
        """Raise Unusable where more lines are read one by one than there is time for."""
        self.slow += more
        if self.slow > MOST_SLOW:
            raise Unusable(f"more than {MOST_SLOW:,} rows are not in the usual form; drop the file in parts", line)

    def _note(self, number: int, row: str) -> None:
        """Remember a line of words: it may name the ticker of a second table, or its columns."""
        self.note = number
        if not self.titles and header.is_titles(row, self.layout):
            self.titles = Rejected(number, "", row[:LONGEST_ROW])

    def _refuse_second_table(self, rows: np.ndarray) -> None:
        """Raise Unusable where rows follow a line that names columns anew."""
        if self.titles and len(rows) and rows["line"][-1] > self.titles.line:
            reason = "a second table begins here; upload each table as a file of its own"
            raise Unusable(reason, self.titles.line, self.titles.row)

    def _is_other(self, number: int, row: str) -> bool:
        """Whether a line repeats a title line, is a comment, tells of a dividend or a split, or has no cell."""
        if not row.replace(self.layout.separator, "").replace('"', "").strip():
            return True
        narrow = row.count(self.layout.separator) < self.layout.width - 1
        repeated = row in self.layout.heads
        if repeated:
            below_words = 0 < number - self.note <= HEADING  # which may name another ticker
            if below_words and self.layout.ticker is None and not self.titles:
                self.titles = Rejected(number, "", row[:LONGEST_ROW])
        other = repeated or (narrow and (row.startswith("#") or EVENT.search(row) is not None))
        self.others += other
        return other


def below(blocks: Iterator[tuple[int, bytes]], body: int) -> Iterator[tuple[int, bytes]]:
    """The blocks from line `body` on."""
    for line, block in blocks:
        if line < body:
            ends = np.flatnonzero(np.frombuffer(block, np.uint8) == 10)
            skipped = min(body - line, len(ends))
            line, block = line + skipped, block[int(ends[skipped - 1]) + 1 :]
        if block:
            yield line, block


def without_blank_lines(block: bytes, line: int) -> tuple[np.ndarray, bytes, int]:
    """The numbers of the lines that hold anything, these lines, and the fewest bytes of one of them."""
    ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n"))
    lengths = np.diff(ends, prepend=-1)
    kept = np.flatnonzero(lengths > 1)
    whole = block if len(kept) == len(ends) else re.sub(rb"\n+", b"\n", block).removeprefix(b"\n")
    return kept + line, whole, int(lengths[kept].min(initial=LONGEST))
