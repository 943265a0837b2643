"""What the CSV contract refuses, and how it is written down."""

import csv
import io
import itertools
from collections.abc import Iterable
from typing import NamedTuple

KEEP = 100_000
LONGEST_ROW = 500
LONGEST_REASON = 200  # characters of the sentence that refuses a file
LONGEST_SHOWN = 40  # characters of a value in a message
FORMULA = ("=", "+", "-", "@")  # a spreadsheet computes a cell that begins so


class Rejected(NamedTuple):
    """One row that was set aside; line 1 is the header, line 0 the whole file."""

    line: int
    reason: str
    row: str = ""


class Unusable(Exception):
    """The file as a whole cannot be used; holds the reason and the line that shows it, if one does."""

    def __init__(self, reason: str, line: int = 0, row: str = ""):
        super().__init__(reason)
        self.rejected = Rejected(line, reason, row)

    def __str__(self) -> str:
        line, reason, _ = self.rejected
        return f"line {line}: {reason}" if line else reason


def without_formula(row: str) -> str:
    """The row as a spreadsheet shows it: where it would compute the first cell, an apostrophe stands before it."""
    return f"'{row}" if row.lstrip().startswith(FORMULA) else row


def to_csv(rejected: Iterable[Rejected]) -> str:
    """The content of a file under rejected/: at most the first KEEP rows, very long ones cut."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Rejected._fields)
    writer.writerows(
        (line, reason, without_formula(row[:LONGEST_ROW])) for line, reason, row in itertools.islice(rejected, KEEP)
    )
    return text.getvalue()


def visible(text: str) -> str:
    """The text with an escape for every sign that cannot be seen or that moves others: line breaks, colours of a
    terminal, directions of writing, spaces without width. What is a line stays one."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def unseen(text: str) -> str:
    """The first such sign, as U+202E; empty where there is none."""
    return next((f"U+{ord(one):04X}" for one in text if not one.isprintable()), "")


def show(value: str) -> str:
    """A value as a message quotes it: one line, at most LONGEST_SHOWN characters."""
    shown = repr(value[: LONGEST_SHOWN + 1])
    return shown if len(shown) <= LONGEST_SHOWN + 2 else f"{shown[: LONGEST_SHOWN - 2]}...{shown[0]}"
