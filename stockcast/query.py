"""Run SQL through Athena's API, in the stack's workgroup and database, as anyone with an AWS account would."""

import argparse
import csv
import dataclasses
import json
import sys
from typing import Any

from stockcast import prompt, saved, target
from stockcast.console import Grid, print_lines, print_table, say_error, vertical
from stocks.reading.rejected import visible
from tools.aws import athena
from tools.aws.athena import Rows
from tools.aws.runs import Stack

POLL_SECONDS = 0.1
SHOWN_ROWS = 1000  # of a table for people
_NUMBERS = {"tinyint": int, "smallint": int, "integer": int, "bigint": int, "double": float, "float": float}
_READ: dict[str, Any] = _NUMBERS | {"boolean": "true".__eq__}


def command(arguments: argparse.Namespace) -> int:
    if arguments.list:
        print_lines(f"{name:<24}{query.description}" for name, query in saved.names().items())
        return 0
    if arguments.sql is None and sys.stdin is not None and sys.stdin.isatty():
        stack = target.to_query(arguments)
        prompt.run(lambda sql: answer(stack, sql, arguments))
        return 0
    sql = saved.sql_of(saved.STDIN if arguments.sql is None else arguments.sql)
    answer(target.to_query(arguments), sql, arguments)
    return 0


def answer(stack: Stack, sql: str, arguments: argparse.Namespace) -> None:
    """Ask and print. Raises Problem in Athena's own words."""
    for_programs = arguments.csv or arguments.json
    most = arguments.limit or (None if for_programs else SHOWN_ROWS)
    columns, rows = run(stack, sql, most)
    more = most is not None and len(rows) > most
    rows = rows[:most]
    if arguments.csv:
        print_csv(columns, rows)
    elif arguments.json:
        print_json(columns, rows)
    elif columns:
        shown = table(columns, rows)
        if arguments.vertical:
            print_lines(vertical(shown))
        else:
            print_table(shown)
    counted = counted_rows(len(rows), more)
    if for_programs:
        if more:
            say_error(counted)
    else:
        print_lines([counted if columns else "done"])


def run(stack: Stack, sql: str, most: int | None = None) -> tuple[list[dict], Rows]:
    """Column descriptions and rows of text, at most so many and one more. Raises Problem in Athena's own words."""
    quick = dataclasses.replace(stack, pause=min(stack.pause, POLL_SECONDS))
    return athena.ask(quick.client("athena"), quick.outputs, sql, quick.pause, most)


def counted_rows(count: int, more: bool) -> str:
    rows = f"{count:,} row{'' if count == 1 else 's'}"
    return f"{rows} and more: --limit N shows so many, --csv all" if more else rows


def print_csv(columns: list[dict], rows: Rows) -> None:
    """As it is, for other programs; a terminal gets what cannot be seen escaped, as everywhere."""
    writer, on_screen = csv.writer(sys.stdout, lineterminator="\n"), sys.stdout.isatty()
    for row in ([column["Name"] for column in columns], *rows):
        writer.writerow([cell and visible(cell) for cell in row] if on_screen else row)


def print_json(columns: list[dict], rows: Rows) -> None:
    """A list of objects; numbers and truth values as such, everything else as Athena's text."""
    records = [
        {
            column["Name"]: value if value is None else _READ.get(column["Type"], str)(value)
            for column, value in zip(columns, row, strict=True)
        }
        for row in rows
    ]
    print(json.dumps(records, indent=1))


def table(columns: list[dict], rows: Rows) -> Grid:
    """The rows for people: fractions cut to four digits, numbers to the right."""
    shown = Grid()
    for column in columns:
        shown.add_title(column["Name"], justify="right" if column["Type"] in _NUMBERS else "left")
    for row in rows:
        shown.add(*(_shown(value, column["Type"]) for value, column in zip(row, columns, strict=True)))
    return shown


def _shown(value: str | None, kind: str) -> str:
    if value is None:
        return ""
    if kind in ("double", "float"):
        number = float(value)
        return f"{number:.4f}" if number == 0 or 1e-3 <= abs(number) < 1e9 else f"{number:.4g}"
    return value.rstrip()
