"""The terminal that every command prints to."""

import os
import shlex
import shutil
from collections.abc import Iterable

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

WIDEST = 10_000
console = Console(soft_wrap=True)
_errors = Console(soft_wrap=True, stderr=True)


def typed() -> str:
    """How a shell finds the command: by its name where that leads here, or else as it was typed."""
    given = os.environ.get("STOCKCAST") or "stockcast"
    return "stockcast" if given == shutil.which("stockcast") else shlex.quote(given)


def print_lines(lines: Iterable[str]) -> None:
    """Print text as it is: what users and AWS write is no markup."""
    for line in lines:
        console.print(line, markup=False, highlight=False)


def say_error(line: str) -> None:
    """What is no result goes to standard error, so that a result can go into a file."""
    _errors.print(line, markup=False, highlight=False)


def fits(table: Table) -> bool:
    """Whether no cell is cut; a pipe takes any width."""
    wide = console.options.update(max_width=WIDEST)  # else the measure is never more than the terminal's own width
    return not console.is_terminal or Measurement.get(console, wide, table).maximum <= console.width


def print_table(table: Table) -> None:
    """Print a table that may be wider than the terminal; a pipe has no width to fit into."""
    (console if console.is_terminal else Console(width=WIDEST)).print(table)
