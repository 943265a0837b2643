"""AWS's built-in CSV classifier, as the Developer Guide describes it: delimiters, header and types of columns."""

import csv
import re

from local.crawler.layout import Column

DELIMITERS = ",|\t;\u0001"
_HEADER_NAME = re.compile(r"[A-Za-z_][^\n]{0,149}")


def classify(head: bytes, whole: bool) -> tuple[tuple[Column, ...], int, dict[str, str]] | None:
    """Columns, rows and table parameters of a CSV by its first megabyte; nothing if it is no text or no table."""
    try:
        lines = head.decode("utf-8", errors="strict" if whole else "ignore").splitlines()
    except UnicodeDecodeError:
        return None
    lines = [line for line in (lines if whole else lines[:-1]) if line]
    for delimiter in DELIMITERS:
        rows = list(csv.reader(lines, delimiter=delimiter))
        if len(rows) > 1 and len(rows[0]) > 1 and len({len(row) for row in rows}) == 1:
            return _described(rows, delimiter)
    return None


def _described(rows: list[list[str]], delimiter: str) -> tuple[tuple[Column, ...], int, dict[str, str]]:
    kinds = [_kind([row[number] for row in rows[1:]]) for number in range(len(rows[0]))]
    named = all(_HEADER_NAME.fullmatch(name) and _kind([name]) == "string" for name in rows[0])
    # A header differs from its rows: where every column is text it cannot be told from them.
    header = named and any(kind != "string" for kind in kinds)
    names = [name.lower() if header else f"col{number}" for number, name in enumerate(rows[0])]
    details = {"areColumnsQuoted": "false", "columnsOrdered": "true", "delimiter": delimiter}
    if header:
        details["skip.header.line.count"] = "1"
    return tuple(zip(names, kinds, strict=True)), len(rows) - header, details


def _kind(values: list[str]) -> str:
    for kind, read in (("bigint", int), ("double", float)):
        try:
            for value in values:
                read(value)
        except ValueError:
            continue
        return kind
    return "string"
