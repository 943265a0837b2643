"""The terminal that every command prints to.

What users and AWS write is no markup and no command of the terminal: signs that cannot be seen, that move others or
that end a line are shown escaped. So every other module prints through this one, and none escapes by itself.
"""

import os
import shlex
import shutil
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from stocks.reading.rejected import visible

WIDEST = 10_000


class Terminal(Console):
    """Prints text as it is meant: a string is one line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"soft_wrap": True} | options)

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(plain(one) if isinstance(one, str) else one for one in objects), **options)


class Grid(Table):
    """A table of plain text, which keeps what its cells say."""

    def __init__(self, *titles: str, title: str | None = None) -> None:
        super().__init__(title=None if title is None else plain(title, "table.title"))
        self.rows_of_text: list[tuple[str, ...]] = []
        for one in titles:
            self.add_title(one)

    def add_title(self, title: str, justify: Literal["left", "right"] = "left") -> None:
        self.add_column(plain(title), justify=justify)

    def add(self, *cells: str | None) -> None:
        self.rows_of_text.append(tuple(cell or "" for cell in cells))
        self.add_row(*(plain(cell) for cell in self.rows_of_text[-1]))


def plain(text: str, style: str = "") -> Text:
    """The text without a meaning for rich or for a terminal; no string, of which rich would make pictures of :b:."""
    return Text(visible(text), style)


console = Terminal()
_errors = Terminal(stderr=True)


def typed() -> str:
    """How a shell finds the command: by its name where that leads here, or else as it was typed."""
    given = os.environ.get("STOCKCAST") or "stockcast"
    return "stockcast" if given == shutil.which("stockcast") else shlex.quote(given)


def print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        console.print(line)


def say_error(line: str) -> None:
    """What is no result goes to standard error, so that a result can go into a file."""
    _errors.print(line)


def fits(table: Grid) -> bool:
    """Whether no cell is cut; a pipe takes any width."""
    wide = console.options.update(max_width=WIDEST)  # else the measure is never more than the terminal's own width
    return not console.is_terminal or Measurement.get(console, wide, table).maximum <= console.width


def print_table(table: Grid) -> None:
    """Print a table, or a line for each cell where the terminal would cut them; a pipe has no width to fit into."""
    if fits(table):
        (console if console.is_terminal else Terminal(width=WIDEST, soft_wrap=False)).print(table)
    else:
        print_lines([str(table.title)] if table.title else [])
        print_lines(vertical(table))


def vertical(table: Grid) -> Iterator[str]:
    """A line for each column of each row."""
    titles = [str(column.header) for column in table.columns]
    width = max(map(len, titles), default=0)
    for number, row in enumerate(table.rows_of_text, 1):
        yield f"-- row {number:,}"
        yield from (f"{title:<{width}}  {cell}".rstrip() for title, cell in zip(titles, row, strict=True))
