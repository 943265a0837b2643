"""Run SQL through Athena's API, in the stack's workgroup and database, as anyone with an AWS account would."""

import argparse
import csv
import json
import sys
from typing import Any

from rich.table import Table
from rich.text import Text

from local import cloud, deploy
from stockcast.console import print_table
from tools.aws import Problem, athena
from tools.aws.athena import Rows

POLL_SECONDS = 0.1
_NUMBERS = {"tinyint": int, "smallint": int, "integer": int, "bigint": int, "double": float, "float": float}
_READ: dict[str, Any] = _NUMBERS | {"boolean": "true".__eq__}


def command(arguments: argparse.Namespace) -> int:
    columns, rows = run(arguments.sql)
    if arguments.csv:
        print_csv(columns, rows)
    elif arguments.json:
        print_json(columns, rows)
    elif columns:
        print_table(table(columns, rows))
    return 0


def run(sql: str) -> tuple[list[dict], Rows]:
    """Column descriptions and rows of text. Raises CloudError in Athena's own words."""
    try:
        return athena.ask(cloud.client("athena"), deploy.outputs(), sql, POLL_SECONDS)
    except Problem as problem:
        raise cloud.CloudError(str(problem)) from None


def print_csv(columns: list[dict], rows: Rows) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([column["Name"] for column in columns])
    writer.writerows(rows)


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


def table(columns: list[dict], rows: Rows) -> Table:
    """The rows for people: fractions cut to four digits, numbers to the right."""
    shown = Table()
    for column in columns:
        shown.add_column(Text(column["Name"]), justify="right" if column["Type"] in _NUMBERS else "left")
    for row in rows:
        shown.add_row(*(Text(_shown(value, column["Type"])) for value, column in zip(row, columns, strict=True)))
    return shown


def _shown(value: str | None, kind: str) -> str:
    if value is None:
        return ""
    if kind in ("double", "float"):
        number = float(value)
        return f"{number:.4f}" if number == 0 or 1e-3 <= abs(number) < 1e9 else f"{number:.4g}"
    return value.rstrip()
