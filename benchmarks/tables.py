"""Tables of the benchmark, in Markdown, and where a document has them."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import ROOT
from tools import sections

DOCUMENT = ROOT / "docs" / "results.md"


class Table(NamedTuple):
    """A table with a title; the section of the document that holds it is named by the data and the key."""

    key: str
    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __str__(self) -> str:
        return f"**{self.title}**\n\n{rows(self.header, self.rows)}\n"


def markdown(title: str, header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    return f"## {title}\n\n{rows(header, lines)}"


def rows(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in (header, ["---"] * len(header), *lines))


def keys(data: str, document: Path = DOCUMENT) -> list[str]:
    """The keys of the tables that the document has of the data."""
    return re.findall(rf"(?m)^<!-- {re.escape(data)}-(\S+): written by ", document.read_text(encoding="utf-8"))


def write(data: str, tables: Iterable[Table], document: Path = DOCUMENT) -> None:
    """Put the tables into the document's sections of the data, those that it has."""
    held = keys(data, document)
    for table in tables:
        if table.key in held:
            sections.write(document, f"{data}-{table.key}", str(table))


def number(value: float | None, digits: int = 4) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def mean_and_worst(values: Sequence[float | None], digits: int = 4) -> str:
    """`mean (worst)` over years, worst being the greatest; nothing where any year has none."""
    known = [value for value in values if value is not None]
    if len(known) < len(values) or not known:
        return ""
    return f"{sum(known) / len(known):.{digits}f} ({max(known):.{digits}f})"
