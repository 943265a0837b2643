"""A query in Trino's dialect made into DuckDB's, with Trino's own rules for names, types and dates."""

import logging
import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from local.athena.errors import QueryFailed, at, start_of
from local.athena.functions import KNOWN
from local.athena.statements import Dialect

CATALOG = "awsdatacatalog"
_UNNAMED = re.compile(r"_col_\d+")
_COMPARISONS = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_TEXT = exp.DataType.TEXT_TYPES
_OTHER = exp.DataType.NUMERIC_TYPES | exp.DataType.TEMPORAL_TYPES
_JODA = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "SSS": "%g", "EEEE": "%A",
         "EEE": "%a", "MMMM": "%B", "MMM": "%b"}  # fmt: skip
_log = logging.getLogger("athena")


def to_duckdb(tree: exp.Expression, source: str, database: str, schema: dict) -> str:
    """DuckDB's text of the query. `schema` holds catalog, database, table, column and Trino type of what it reads."""
    check_functions(tree, source)
    tree = name_columns(tree.copy())
    try:
        tree = qualify(
            tree, dialect=Dialect(), catalog=CATALOG, db=database, schema=schema, validate_qualify_columns=False,
            quote_identifiers=False, identify=False, expand_alias_refs=False, expand_stars=False,
        )  # fmt: skip
        tree = annotate_types(tree, schema=schema, dialect=Dialect())
        check_aliases(tree, source)
    except (SqlglotError, AttributeError, KeyError, TypeError) as error:
        _log.warning("types unknown, translated without them: %s", error)
    check_types(tree, source)
    return _with_trinos_rules(tree).sql("duckdb", identify=True)


def check_functions(tree: exp.Expression, source: str) -> None:
    """Raise QueryFailed for a function that Athena does not have, though DuckDB or sqlglot may."""
    for function in tree.find_all(exp.Func):
        if "start" not in function.meta:
            continue
        name = source[function.meta["start"] : function.meta["end"] + 1]
        if re.fullmatch(r"\w+", name) and name.lower() not in KNOWN:
            place = at(source, function.meta["start"])
            raise QueryFailed(f"FUNCTION_NOT_FOUND: {place}: Function '{name.lower()}' not registered")


def name_columns(tree: exp.Expression) -> exp.Expression:
    """Give the outermost unnamed columns the names that `visible_names` makes into Trino's _col0, _col1."""
    select = tree.find(exp.Select, bfs=False) if not isinstance(tree, exp.Select) else tree
    for index, column in enumerate(select.expressions if isinstance(tree, exp.Query) and select else []):
        if not isinstance(column, exp.Alias | exp.Column | exp.Star | exp.Dot | exp.Aliases):
            column.replace(exp.alias_(column.copy(), f"_col_{index}"))
    return tree


def visible_names(tree: exp.Expression, given: list[str]) -> list[str]:
    """Column names as Trino shows them: unnamed ones numbered, aliases as they were written."""
    written = [column.alias for column in tree.selects] if isinstance(tree, exp.Query) else []
    same = len(written) == len(given) and not any(isinstance(column, exp.Star) for column in tree.selects)
    names = [alias or name for alias, name in zip(written, given, strict=True)] if same else given
    return [f"_col{index}" if _UNNAMED.fullmatch(name) else name for index, name in enumerate(names)]


def check_aliases(tree: exp.Expression, source: str) -> None:
    """Raise QueryFailed for an alias used beside or before its definition: DuckDB allows it, Trino does not."""
    for select in tree.find_all(exp.Select):
        aliases = {column.alias.lower() for column in select.expressions if isinstance(column, exp.Alias)}
        where = [*select.expressions, *(select.args.get(key) for key in ("where", "group", "having"))]
        for column in (column for part in where if part for column in part.find_all(exp.Column)):
            own = column.find_ancestor(exp.Select, exp.Lambda) is select
            if own and not column.table and column.name.lower() in aliases:
                place = at(source, start_of(column))
                raise QueryFailed(
                    f"COLUMN_NOT_FOUND: {place}: Column '{column.name.lower()}' cannot be resolved or requester is "
                    "not authorized to access requested resources"
                )


def check_types(tree: exp.Expression, source: str) -> None:
    """Raise QueryFailed where text meets a number or a date: DuckDB converts, Trino refuses."""
    for node in tree.find_all(*_COMPARISONS, exp.Between, exp.In):
        others = [node.args[key] for key in ("expression", "low", "high") if node.args.get(key)] + node.expressions
        for other in others:
            if _clash(node.this, other):
                raise QueryFailed(f"TYPE_MISMATCH: {at(source, start_of(node))}: {_mismatch(node, other)}")


def _clash(left: Any, right: Any) -> bool:
    kinds = [side.type.this if side.type else None for side in (left, right)]
    return (kinds[0] in _TEXT and kinds[1] in _OTHER) or (kinds[1] in _TEXT and kinds[0] in _OTHER)


def _mismatch(node: exp.Expression, other: exp.Expression) -> str:
    left, right = _type_name(node.this), _type_name(other)
    if isinstance(node, exp.Between):
        return f"Cannot check if {left} is BETWEEN {right} and {_type_name(node.args['high'])}"
    if isinstance(node, exp.In):
        return f"IN value and list items must be the same type: {left}"
    return f"Cannot apply operator: {left} {_COMPARISONS[type(node)]} {right}"


def _type_name(node: Any) -> str:
    name = node.type.sql("trino").lower() if node.type else "unknown"
    return f"varchar({len(node.name)})" if isinstance(node, exp.Literal) and node.is_string else name


def _with_trinos_rules(tree: exp.Expression) -> exp.Expression:
    """Replace, innermost first, what DuckDB writes the same way and means otherwise."""
    for node in reversed(list(tree.walk())):
        changed = _changed(node)
        if changed is not None:
            if node is tree:
                return changed
            node.replace(changed)
    return tree


def _changed(node: Any) -> exp.Expression | None:
    # A date moved by an interval stays a date.
    moved = isinstance(node, exp.DateAdd | exp.DateSub | exp.DateTrunc | exp.TimestampTrunc) or (
        isinstance(node, exp.Add | exp.Sub) and isinstance(node.expression, exp.Interval)
    )
    if moved and node.this.type and node.this.type.this == exp.DataType.Type.DATE:
        return exp.cast(node.copy(), "date")
    # Trino counts whole units; DuckDB's date_diff counts the boundaries between them.
    if isinstance(node, exp.DateDiff):
        unit = exp.Literal.string(node.text("unit").lower() or "day")
        return exp.func("date_sub", unit, node.expression.copy(), node.this.copy(), dialect="duckdb")
    # A percentile of whole numbers is one.
    if isinstance(node, exp.ApproxQuantile) and node.this.type and node.this.type.is_type(*exp.DataType.INTEGER_TYPES):
        return exp.cast(node.copy(), node.this.type) if not node.args["quantile"].is_type("array") else None
    if isinstance(node, exp.Anonymous) and node.name.lower() in _REWRITTEN:
        return _REWRITTEN[node.name.lower()](*(argument.copy() for argument in node.expressions))
    return None


def _matches(kept: str) -> Callable[[Any, Any], exp.Expression]:
    """any_match and its kind, by how many elements a lambda lets through."""

    def rewritten(array: Any, condition: Any) -> exp.Expression:
        elements = array.sql("duckdb")
        through = f"len(list_filter({elements}, {condition.sql('duckdb')}))"
        return exp.Paren(this=exp.maybe_parse(kept.format(through, f"len({elements})"), dialect="duckdb"))

    return rewritten


def _format_datetime(value: Any, pattern: Any) -> exp.Expression:
    text = re.sub("|".join(sorted(_JODA, key=len, reverse=True)), lambda match: _JODA[match[0]], pattern.name)
    return exp.Anonymous(this="strftime", expressions=[value, exp.Literal.string(text)])


_REWRITTEN = {
    "any_match": _matches("{0} > 0"),
    "none_match": _matches("{0} = 0"),
    "all_match": _matches("{0} = {1}"),
    "format_datetime": _format_datetime,
}
