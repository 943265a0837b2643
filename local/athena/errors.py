"""What goes wrong with a statement, in Athena's words."""

import re

from sqlglot import exp

FAILS = "ATHENA: "  # how the macros begin the words of an error that they raise by a cast
HIDDEN = "\u2063"  # what makes a text unreadable as a number, and is not shown
_TYPES = {"INT8": "TINYINT", "INT16": "SMALLINT", "INT32": "INT", "INT64": "BIGINT"}
_NAMES = {"INT8": "tinyint", "INT16": "smallint", "INT32": "integer", "INT64": "bigint"}
_UNRESOLVED = "Column '{}' cannot be resolved or requester is not authorized to access requested resources"
# DuckDB's message, and Athena's code and words for it; the first group is the name to look for in the statement.
_BINDER_WORDS = [
    (r'Referenced column "(.+?)" not found', "COLUMN_NOT_FOUND", _UNRESOLVED),
    (r'does not have a column named "(.+?)"', "COLUMN_NOT_FOUND", _UNRESOLVED),
    (r'Referenced column "(.+?)" was not found because', "COLUMN_NOT_FOUND", _UNRESOLVED),
    (r'Referenced table "(.+?)" not found', "COLUMN_NOT_FOUND", _UNRESOLVED),
    (r'Ambiguous reference to column name "(.+?)"', "AMBIGUOUS_NAME", "Column '{}' is ambiguous"),
    (
        r'column "(.+?)" must appear in the GROUP BY',
        "EXPRESSION_NOT_AGGREGATE",
        "'{}' must be an aggregate expression or appear in GROUP BY clause",
    ),
]


class MalformedQuery(Exception):
    """Not Athena's SQL: the statement is refused when it is submitted."""


class QueryFailed(Exception):
    """The reason of a query's state FAILED."""


class BytesLimitExceeded(Exception):
    """The workgroup allows no query to scan that much."""


def at(source: str, start: int) -> str:
    """Trino's `line 1:8` of a character's index."""
    before = source[:start]
    return f"line {before.count(chr(10)) + 1}:{start - (before.rfind(chr(10)) + 1) + 1}"


def start_of(node: exp.Expression) -> int:
    """Where an expression begins in its statement; 0 if no part of it says so."""
    starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
    return min(starts, default=0)


def from_duckdb(error: Exception, tree: exp.Expression, source: str) -> QueryFailed:
    """DuckDB's complaint about the translated statement as Athena would put it about the original."""
    message = str(error)
    for pattern, code, words in _BINDER_WORDS:
        if match := re.search(pattern, message):
            name, place = _named(tree, match[1])
            return QueryFailed(f"{code}: {at(source, place)}: {words.format(name)}")
    if match := re.search(r"Function with name (\w+) does not exist", message):
        return QueryFailed(f"NOT_SUPPORTED: the laptop cloud cannot translate the function '{match[1]}'")
    if match := re.search(r"No function matches the given name and argument types '(\w+)\((.*?)\)'", message):
        types = match[2].replace("_LITERAL", "").lower()
        return QueryFailed(f"TYPE_MISMATCH: Unexpected parameters ({types}) for function {match[1]}")
    if told := _raised(message) or _of_numbers(message) or _of_casts(message):
        return QueryFailed(told)
    if match := re.search(r'best candidate function for the function call "(\w+)\((.*?)\)"', message):
        given = match[2].replace("STRING_LITERAL", "varchar").replace("_LITERAL", "").lower()
        return QueryFailed(f"FUNCTION_NOT_FOUND: Unexpected parameters ({given}) for function {match[1]}")
    if "more than one row returned by a subquery" in message.lower():
        return QueryFailed("SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows")
    kind, _, words = message.split("\n")[0].partition(": ")
    code = "TYPE_MISMATCH" if kind in ("Binder Error", "Conversion Error") else "GENERIC_INTERNAL_ERROR"
    return QueryFailed(f"{code}: {words or kind}")


def _raised(message: str) -> str | None:
    """The words of a macro's `fail`."""
    match = re.search(rf"Could not convert string '{FAILS}(.*)' to INT64", message, re.DOTALL)
    return match and match[1]


def _of_numbers(message: str) -> str | None:
    if "Division by zero" in message:
        return "DIVISION_BY_ZERO: Division by zero"
    if match := re.search(r"Overflow in (\w+) of (INT\d+) \((.*)\)!", message):
        return f"NUMERIC_VALUE_OUT_OF_RANGE: {_NAMES.get(match[2], match[2])} {match[1]} overflow: {match[3]}"
    if match := re.search(r"Type \w+ with value (\S+) can't be cast .* destination type (INT\d+)", message):
        kind = _NAMES.get(match[2], match[2])
        return f"INVALID_CAST_ARGUMENT: Out of range for {kind}: {match[1]}"
    return None


def _of_casts(message: str) -> str | None:
    message = message.replace(HIDDEN, "")
    if match := re.search(r"Could not convert string '(.*?)' to (\w+)", message):
        return f"INVALID_CAST_ARGUMENT: Cannot cast '{match[1]}' to {_TYPES.get(match[2], match[2])}"
    if match := re.search(r'(?:date|timestamp) field (?:value out of range|format)[^"]*: "(.*?)"', message):
        kind = "timestamp" if "timestamp field" in message else "date"
        return f"INVALID_CAST_ARGUMENT: Value cannot be cast to {kind}: {match[1]}"
    if match := re.search(r'Could not parse string "(.*?)" according to format specifier', message):
        return f'INVALID_FUNCTION_ARGUMENT: Invalid format: "{match[1]}"'
    return None


def _named(tree: exp.Expression, name: str) -> tuple[str, int]:
    """How the statement writes a column, or a column of a table, and where."""
    for column in tree.find_all(exp.Column, bfs=False):
        if name.lower().rpartition(".")[2] in (column.name.lower(), column.table.lower()):
            written = f"{column.table}.{column.name}" if column.table else column.name
            return written.lower(), start_of(column)
    return name, 0
