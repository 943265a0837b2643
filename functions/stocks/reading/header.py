"""Find the line that names the columns, and what each column holds, by the titles and by what stands below them."""

import dataclasses
import re
from collections.abc import Callable, Mapping

from stocks.contract import COLUMNS, PRICES
from stocks.reading import dates, panels, titles
from stocks.reading.candidate import Candidate, candidates, date_column, ticker_column, value_columns
from stocks.reading.cells import BrokenLine, cells
from stocks.reading.klines import klines
from stocks.reading.layout import COLUMN, FILE_NAME, LONG, SINGLE, Layout, Panel, shorten
from stocks.reading.numbers import is_number
from stocks.reading.rejected import Unusable, show
from stocks.reading.tickers import complaint, from_file_name

NAMED = 3  # columns in a message
SHOWN = 20  # lines that show why the cells of a table are not told apart
OF_SIDES = frozenset(("action", "side", "type"))  # where a list of deals says which of these each one was
SIDES = frozenset(("buy", "sell", "bought", "sold"))
ROW_OF_DAYS = 2  # more days than these in one line make a table whose days stand beside each other


def find(lines: list[str], stem: str, until: int) -> Layout:
    """The layout that one of the first lines announces; stem is the file's name without .csv. Raises Unusable."""
    if found := klines(lines, stem, until):
        return found
    seen = []
    for candidate in candidates(lines, until):
        found = panels.two_lines(candidate) or (None if candidate.is_heading else _one_line(candidate, stem))
        if found:
            _refuse_rows_above(lines[: candidate.at], found)
            heads = frozenset(line for line in lines[candidate.at : found.body - 1] if any(map(str.isalpha, line)))
            return dataclasses.replace(found, heads=heads)
        seen.append(candidate)
    raise why(seen)


def _one_line(found: Candidate, stem: str) -> Layout | None:
    return (
        (plain(found, stem) if is_strong(found) else None)
        or panels.prefixed(found)
        or panels.wide(found)
        or plain(found, stem)
    )


def _refuse_rows_above(above: list[str], layout: Layout) -> None:
    """Raise Unusable where a row stands above the titles: it would be lost."""
    priced = [at for panel in layout.panels for name, at in panel.columns.items() if name in PRICES]
    for number, line in enumerate(above, 1):
        try:
            row = cells(line, layout.separator)
        except BrokenLine:
            continue
        if len(row) == layout.width and dates.is_day(row[layout.date]) and any(is_number(row[at]) for at in priced):
            raise Unusable("a row stands above the titles; move the titles to the first line", number, line)


def is_strong(found: Candidate) -> bool:
    """Whether a title means the closing price and nothing else."""
    return any(rank == 1 for name in ("close", "adjclose") for rank, _ in found.of(name))


def plain(found: Candidate, stem: str) -> Layout | None:
    """One row per ticker and day, or per day of one ticker. Raises Unusable where two titles mean the same."""
    columns = value_columns(found)
    if not {"close", "adjclose"} & columns.keys() or (date := date_column(found)) is None:
        return None
    if found.separator == "," and not found.titles[-1] and found.holds(len(found.titles) - 1, str.isdigit):
        reason = (
            "the last column has numbers and no title: halves of others? name it, or put numbers with a comma in quotes"
        )
        raise Unusable(reason, found.at + 1, found.line)
    if deals := [at for _, at in found.of("deal")] or _sides(found, columns):
        reason = f"column {shorten(found.titles[deals[0]])} is of a list of deals; upload prices of days"
        raise Unusable(reason, found.at + 1, found.line)
    ticker = ticker_column(found, date)
    if ticker is not None:
        if panels.are_values(found.column(ticker)):
            first, second = sorted(set(found.column(ticker)))[:2]
            reason = (
                f"column {shorten(found.titles[ticker])} holds {show(first)} and {show(second)}, which are no tickers; "
                "give each value a column of its own"
            )
            raise Unusable(reason, found.at + 1, found.line)
        series = next((at for _, at in found.of("series")), None)
        return found.layout(LONG, date, [Panel("", columns)], COLUMN, ticker=ticker, series=series)
    name = from_file_name(stem)
    if wrong := complaint(name):
        raise Unusable(f"without a ticker column the file's name is the ticker, and {wrong}", found.at + 1, found.line)
    return found.layout(SINGLE, date, [Panel(name, columns)], FILE_NAME)


def _sides(found: Candidate, columns: Mapping[str, int]) -> list[int]:
    """The columns that say buy or sell where no price of a day beside the last one shows that they are signals."""
    if {"open", "high", "low"} & columns.keys():
        return []
    named = [at for at, title in enumerate(found.titles) if titles.fold(title) in OF_SIDES]
    return [at for at in named if found.column(at) and found.holds(at, lambda cell: cell.lower() in SIDES)]


def is_titles(line: str, layout: Layout) -> bool:
    """Whether a line without a number names columns: the day, tickers, or R's prices of a ticker."""
    row = cells(line.removeprefix("\ufeff"), layout.separator)
    if [titles.fold(cell) for cell in row] == [titles.fold(title) for title in layout.titles]:
        return False
    found = [cell for cell in row if len(cell) > 1]
    if len(found) > 1 and titles.fold(found[0]) in panels.TICKERS:
        return True
    return any(one and (one.name, one.rank) == ("date", 1) for one in titles.meanings(found)) or any(
        map(panels.joined, found)
    )


def why(seen: list[Candidate]) -> Unusable:
    """Why no line is a header, said of the one that is most like it."""
    if not seen:
        return Unusable("the file holds nothing but blank lines; begin with titles such as date,close", 1)
    best = max(seen, key=lambda found: sum(map(bool, found.meanings)))
    names = {meaning.name for meaning in best.meanings if meaning}
    if not names and any(dates.is_day(title) or seen[0].is_epoch(title) for title in seen[0].titles):
        count = len(seen[0].titles)
        reason = f"the file begins with data; put a line of {count} titles above it, such as date,close"
        return Unusable(reason, seen[0].at + 1, seen[0].line)
    if uncut := _uncut(best):
        return Unusable(uncut, best.at + 1, best.line)
    has_days = "date" in names or date_column(best) is not None
    unknown = [
        shorten(title, 25) for title, meaning in zip(best.titles, best.meanings, strict=True) if title and not meaning
    ]
    head = f"the header {show(best.line)}"
    if {"close", "adjclose"} & names and "date" in names and best.rows and date_column(best) is None:
        at = best.of("date")[0][1]
        held = show(next(filter(None, best.column(at)), ""))
        reason = f"column {shorten(best.titles[at])} holds no days, but {held}; write them as YYYY-MM-DD"
    elif len(days := best.holding_days([at for _, at in best.of("date")])) > 1 and not names & set(COLUMNS):
        reason = f"columns {_listed([shorten(best.titles[at], 25) for at in days])} hold days; keep one column of days"
    elif has_days and (wrong := _beside_tickers(best)):
        reason = f"columns {_listed(wrong)} are no tickers beside others that are; rename or delete them"
    elif has_days and unknown and not names & set(COLUMNS):
        reason = f"columns {_listed(unknown)} are neither prices nor tickers; delete them, or name the price close"
    elif has_days:
        reason = f"{head} has no column adjclose or close; name the column of prices close"
    elif names & set(COLUMNS):
        reason = f"{head} has no column date; name the column of days date"
    else:
        reason = f"{head} has no column date; begin with titles such as date,close"
    return Unusable(reason, best.at + 1, best.line)


def _uncut(found: Candidate) -> str:
    """Why the cells of a table are not told apart, or that its days stand beside each other; else an empty string."""
    if sum(map(dates.is_day, found.titles)) > max(ROW_OF_DAYS, len(found.titles) / 2):
        return "the days stand beside each other in the titles; write one row per day"
    below = [line.strip() for line in found.lines[found.at + 1 :] if line.strip()][:SHOWN]

    def hold_days(cut: Callable[[str], list[str]]) -> bool:
        return bool(below) and all(len(row := cut(line)) > 1 and any(map(dates.is_day, row)) for line in below)

    if all(line.startswith('"') for line in below) and hold_days(lambda line: re.split("[,;\t|]", line.split('"')[1])):
        return "each line stands in quotes as one cell; take away the quotes around lines"
    if sum(map(bool, found.titles)) < 2 and hold_days(lambda line: line.replace('"', "").split()):
        return "cells are separated by blanks; write commas between them"
    return ""


def _beside_tickers(found: Candidate) -> list[str]:
    """The columns that keep a file from being one column per ticker, where most others are so."""
    others = [at for at, meaning in enumerate(found.meanings) if not meaning or meaning.name != "date"]
    wrong = panels.no_tickers(found, others)
    few = 0 < len(wrong) <= len(others) - len(wrong)
    return [shorten(found.titles[at], 25) or "without a title" for at in wrong] if few else []


def _listed(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
