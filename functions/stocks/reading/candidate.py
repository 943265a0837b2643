"""A line that may name the columns, beside the rows below it: what its titles mean and what its columns hold."""

import dataclasses
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

from stocks.contract import COLUMNS, PRICES
from stocks.reading import dates, numbers, titles
from stocks.reading.cells import BrokenLine, cells
from stocks.reading.layout import Layout, Panel
from stocks.reading.rejected import Unusable, show
from stocks.reading.titles import Meaning

SEPARATORS = ",;\t|"
WITHIN = 60  # lines in which the header must stand
LONGEST = 131_072  # characters of a header
SAMPLE = 1_000  # lines below it that are looked at
LABELS = 3  # lines of units, or of titles in another language, that may stand right below
MOST = 0.5
MOST_COLUMNS = 10_000
NAME = 3  # rank of a title of names; codes have 2, and 4 where a name is better
OF_INDEX = frozenset(("index", "price", "ticker"))  # what pandas and yfinance write above a column of days
SURE = 2  # rank up to which a title is believed whatever it stands above


@dataclasses.dataclass(frozen=True)
class Candidate:
    """at is the line's index; below are the cells of lines below it, the first `labels` of which are no rows yet."""

    at: int
    line: str
    separator: str
    titles: list[str]
    below: list[list[str]]
    labels: int
    body: int  # index of the first row's line
    until: int
    lines: Sequence[str]  # all that were looked at, those above it, too

    @cached_property
    def meanings(self) -> list[Meaning | None]:
        """What each title means. Single letters mean values only where o, h, l and c stand together."""
        letters = {title.lower() for title in self.titles if len(title) == 1}
        found = titles.meanings(self.titles)
        if letters >= set("ohlc"):
            return found
        return [
            None if len(title) == 1 and title.isascii() else one for title, one in zip(self.titles, found, strict=True)
        ]

    @cached_property
    def rows(self) -> list[list[str]]:
        return self.below[self.labels :]

    @cached_property
    def is_heading(self) -> bool:
        """Whether a line right below names more columns, or the day where this one does not: these are words above."""
        heads = [titles.meanings(row) for row in self.below[: self.labels + 1] if sum(map(bool, row)) > 1]
        more = any(sum(map(bool, row)) > sum(map(bool, self.meanings)) for row in heads)
        days = any(one and (one.name, one.rank) == ("date", 1) for row in heads for one in row)
        return more or (days and not self.of("date"))

    def of(self, meaning: str) -> list[tuple[int, int]]:
        """(rank, column) of the titles with a meaning, the surest first."""
        return sorted((m.rank, at) for at, m in enumerate(self.meanings) if m and m.name == meaning)

    def column(self, index: int) -> list[str]:
        """What stands in a column, without what means no value."""
        return [row[index] for row in self.rows if row[index].lower() not in numbers.NO_VALUE]

    def holds(self, index: int, test: Callable[[str], bool]) -> bool:
        """Whether most values of a column pass a test; not of an empty one."""
        values = self.column(index)
        return sum(map(test, values)) > MOST * len(values)

    def is_epoch(self, text: str) -> bool:
        return dates.is_epoch(text, self.until)

    def holding_days(self, columns: Sequence[int]) -> list[int]:
        """Those of the columns that hold days, or where none does those that hold epochs."""
        for test in (dates.is_day, self.is_epoch):
            if found := [at for at in columns if self.holds(at, test)]:
                return found
        return []

    def without(self, lines: int) -> "Candidate":
        """The candidate whose rows begin so many lines later."""
        return dataclasses.replace(self, below=self.below[lines:], labels=0, body=self.at + 1 + lines)

    def layout(self, kind: str, date: int, panels: Sequence[Panel], ticker_from: str, **more: Any) -> Layout:
        changes = tuple(at for _, at in self.of("change"))
        return Layout(
            kind, self.separator, tuple(self.titles), date, tuple(panels), ticker_from=ticker_from,
            body=self.body + 1, until=self.until, changes=changes, **more,
        )  # fmt: skip

    def both(self, columns: Sequence[int], meaning: str) -> Unusable:
        first, second = (show(self.titles[at]) for at in columns[:2])
        reason = f"columns {first} and {second} both mean {meaning}; rename or delete one"
        return Unusable(reason, self.at + 1, self.line)


def candidates(lines: list[str], until: int) -> Iterator[Candidate]:
    """Each of the first lines that may be a header of the lines below it: it holds something, but no day.

    Raises Unusable where a line is too long, or states a separator that none is.
    """
    separators = SEPARATORS
    for at, line in enumerate(lines[:WITHIN]):
        if len(line) > LONGEST:
            raise Unusable(f"the header {show(line)} is longer than {LONGEST:,} characters", at + 1)
        if any(line.count(sign) >= MOST_COLUMNS for sign in SEPARATORS):
            raise Unusable(f"the header {show(line)} has more than {MOST_COLUMNS:,} columns; drop it in parts", at + 1)
        if stated := re.fullmatch(r'"?sep=(.)"?[,;]*', line, re.IGNORECASE):
            separators = stated[1]
            if separators not in SEPARATORS:
                raise Unusable(f"{show(line)} names no separator; use a comma, semicolon, tab or bar", at + 1, line)
        elif line.strip() and not (at and _holds_day(line, until, separators)):
            yield _candidate(lines, at, until, separators)


def _candidate(lines: list[str], at: int, until: int, separators: str) -> Candidate:
    known = {sign: titles.meanings(_cut(lines[at], sign)) for sign in separators}
    separator = max(separators, key=lambda sign: (sum(map(bool, known[sign])), len(known[sign])))
    head = _cut(lines[at], separator)
    below = [number for number in range(at + 1, len(lines)) if lines[number].strip()]
    labels = next((n for n, number in enumerate(below[: LABELS + 1]) if re.search(r"\d", lines[number])), 0)
    separator, rows = _rows([lines[number] for number in _sampled(below)], separator, len(head), separators)
    body = below[labels] if labels < len(below) else at + 1
    if len(head) > 1 or not labels:  # one word above other titles is a heading, and names no column
        head = aligned(head, rows, separator)
    labels = sum(len(row) == len(head) for row in rows[:labels])
    return Candidate(
        at,
        lines[at],
        separator,
        head,
        [row for row in rows if len(row) == len(head)],
        labels,
        body,
        until,
        lines,
    )


def _holds_day(line: str, until: int, separators: str) -> bool:
    written = (cell for sign in separators for cell in _cut(line, sign))
    return any(dates.is_day(cell) or dates.is_epoch(cell, until) for cell in written)


def _cut(line: str, separator: str) -> list[str]:
    try:
        return cells(line, separator)
    except BrokenLine:
        return []


def _sampled(lines: list[int]) -> list[int]:
    """At most SAMPLE of the lines: three quarters from their beginning, the others from their end."""
    head = SAMPLE * 3 // 4
    return lines if len(lines) <= SAMPLE else lines[:head] + lines[head - SAMPLE :]


def _rows(lines: list[str], separator: str, width: int, separators: str) -> tuple[str, list[list[str]]]:
    """The separator of the rows and their cells; it is another one where the header's does not cut them at all."""
    found = [_cut(line, separator) for line in lines]
    if width > 1 and found and all(len(row) <= 1 for row in found):
        for other in separators:
            cut = [_cut(line, other) for line in lines]
            if sum(len(row) == width for row in cut) > MOST * len(cut):
                return other, cut
    return separator, found


def aligned(head: list[str], rows: list[list[str]], separator: str) -> list[str]:
    """The titles, one for each cell of the rows: some sites leave out the first or the last one.

    Between commas one cell more may be half a number, so there a last one without a title must be empty.
    """
    if not rows:
        return head
    ((width, _),) = Counter(map(len, rows)).most_common(1)
    whole = [row for row in rows if len(row) == width]
    if width == len(head) - 1 and not head[-1]:
        return head[:-1]
    if width != len(head) + 1:
        return head
    named = [at for at, meaning in enumerate(titles.meanings(head)) if meaning and meaning.name == "date"]

    def hold_days(columns: Iterable[int]) -> bool:
        return any(sum(dates.is_day(row[at]) for row in whole) > MOST * len(whole) for at in columns)

    if not hold_days(named) and (hold_days([0]) or hold_days(at + 1 for at in named)):
        return ["", *head]
    has_last = sum(bool(row[-1]) for row in whole) > MOST * len(whole)
    return head if separator == "," and has_last else [*head, ""]


def value_columns(found: Candidate) -> dict[str, int]:
    """The column of each value that has one. Raises Unusable where two titles of a price mean the same."""
    columns, ranks = {}, {}
    for name in COLUMNS:
        ranked = [(rank, at) for rank, at in found.of(name) if name != "adjclose" or not _says_nothing(found, at)]
        best = [at for rank, at in ranked if rank == ranked[0][0]]
        if len(best) > 1 and name in PRICES:  # of two volumes one is money, and neither is needed
            raise found.both(best, name)
        if len(best) == 1:
            columns[name], ranks[name] = best[0], ranked[0][0]
    if "adjclose" in columns and ranks.get("close", 1) > 1:
        del columns["close"]
    return columns


def _says_nothing(found: Candidate, adjusted: int) -> bool:
    """Whether a column of adjusted prices is empty or has one value only, beside closing prices that move."""
    close = next((at for _, at in found.of("close")), adjusted)
    return len(set(found.column(adjusted))) <= 1 < len(set(found.column(close)))


def date_column(found: Candidate) -> int | None:
    """The column of days: the title that says so, by what it holds where several do, or an unnamed column of days.

    Raises Unusable where two columns hold different days.
    """
    named = found.of("date")
    if holding := set(found.holding_days([at for _, at in named])):
        fitting = [(rank, at) for rank, at in named if at in holding]
        best = [at for rank, at in fitting if rank == fitting[0][0]]
        if len(best) > 1 and any(row[best[0]][:10] != row[best[1]][:10] for row in found.rows):
            raise found.both(best, "date")
        return best[0]
    unnamed = [
        at for at, title in enumerate(found.titles) if titles.is_unnamed(title) or titles.fold(title) in OF_INDEX
    ]
    if holding := set(found.holding_days(unnamed)):
        return min(holding)
    return next((at for rank, at in named if rank <= SURE), None)


def ticker_column(found: Candidate, date: int) -> int | None:
    """The column that names the tickers, if there is one. Raises Unusable where two name them differently.

    A column of codes counts where it has one value, or tells apart rows of one day; one of names always, unless it
    numbers all rows alike.
    """
    ranked = found.of("ticker")
    sure = [at for rank, at in ranked if rank == 1]
    if len(sure) > 1 and not _one_to_one(found, sure):
        raise found.both(sure, "ticker")
    if sure:
        return sure[0]
    for rank, at in ranked:
        written = found.column(at)
        values = set(written)
        if rank == NAME and len(values) == 1 and written[0].isdigit():
            continue
        if rank == NAME or len(values) == 1 or _tells_apart(found, at, date):
            return at
    return None


def _tells_apart(found: Candidate, column: int, date: int) -> bool:
    """Whether a column has several values on most days that repeat, each on several rows; asks all lines there are."""
    several, days, values = defaultdict(set), Counter[str](), set()
    for line in islice(found.lines, found.at + 1, None):
        row = _cut(line, found.separator)
        if len(row) == len(found.titles):
            days[row[date]] += 1
            several[row[date]].add(row[column])
            values.add(row[column])
    repeated = [day for day, count in days.items() if count > 1]
    told = sum(len(several[day]) > 1 for day in repeated)
    return told > MOST * len(repeated) and len(values) <= MOST * days.total()


def _one_to_one(found: Candidate, columns: Sequence[int]) -> bool:
    """Whether the columns tell the same tickers apart."""
    pairs = {(row[columns[0]], row[columns[1]]) for row in found.rows}
    return bool(pairs) and len(pairs) == len({first for first, _ in pairs}) == len({second for _, second in pairs})
