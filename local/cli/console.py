"""The terminal that every command prints to."""

from collections.abc import Iterable

from rich.console import Console

console = Console(soft_wrap=True)


def print_lines(lines: Iterable[str]) -> None:
    """Print text as it is: what users and AWS write is no markup."""
    for line in lines:
        console.print(line, markup=False, highlight=False)
