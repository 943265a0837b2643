"""What goes wrong with a statement, in Athena's words."""

import re

from sqlglot import exp

_TYPES = {"INT8": "TINYINT", "INT16": "SMALLINT", "INT32": "INT", "INT64": "BIGINT"}
_UNRESOLVED = "Column '{}' cannot be resolved or requester is not authorized to access requested resources"
# DuckDB's message, and Athena's code and words for it; the first group is the name to look for in the statement.
_BINDER_WORDS = [
    (r'Referenced column "(.+?)" not found', "COLUMN_NOT_FOUND", _UNRESOLVED),
    (r'does not have a column named "(.+?)"', "COLUMN_NOT_FOUND", _UNRESOLVED),
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
    if match := re.search(r"Could not convert string '(.*?)' to (\w+)", message):
        return QueryFailed(f"INVALID_CAST_ARGUMENT: Cannot cast '{match[1]}' to {_TYPES.get(match[2], match[2])}")
    if "more than one row returned by a subquery" in message.lower():
        return QueryFailed("SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows")
    kind, _, words = message.split("\n")[0].partition(": ")
    code = "TYPE_MISMATCH" if kind in ("Binder Error", "Conversion Error") else "GENERIC_INTERNAL_ERROR"
    return QueryFailed(f"{code}: {words or kind}")


def _named(tree: exp.Expression, name: str) -> tuple[str, int]:
    """How the statement writes a column, or a column of a table, and where."""
    for column in tree.find_all(exp.Column, bfs=False):
        if name.lower().rpartition(".")[2] in (column.name.lower(), column.table.lower()):
            written = f"{column.table}.{column.name}" if column.table else column.name
            return written.lower(), start_of(column)
    return name, 0
