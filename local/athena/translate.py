"""A query in Trino's dialect made into DuckDB's, with Trino's own rules for names, types and dates."""

import dataclasses
import logging
import re
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from local.athena import checks, kinds, moments, rules
from local.athena.statements import Dialect

CATALOG = "awsdatacatalog"
_UNNAMED = re.compile(r"_col_\d+")
_RULES: dict[Any, list[rules.Rule]] = {}
for _rule in (moments.RULES, {exp.Cast: moments.written}, rules.RULES):
    for _class, _made in _rule.items():
        _RULES.setdefault(_class, []).append(_made)
_NAMED = {**rules.NAMED, **moments.NAMED}
_log = logging.getLogger("athena")


@dataclasses.dataclass(frozen=True)
class Translated:
    """DuckDB's text of a query; of each outermost column Trino's type, None where only DuckDB knows, and its zone.

    Both lists are empty where a star leaves open how many columns there are.
    """

    text: str
    kinds: list[str | None]
    zones: list[str]


def to_duckdb(tree: exp.Expression, source: str, database: str, schema: dict) -> Translated:
    """The query in DuckDB's words. `schema` holds catalog, database, table, column and Trino type of what it reads.

    Raises QueryFailed.
    """
    checks.check_functions(tree, source)
    checks.check_type_names(source)
    tree = _quantified(name_columns(tree.copy()))
    known = MappingSchema(schema if any(schema.values()) else {}, dialect=Dialect())
    try:
        tree = qualify(
            tree, dialect=Dialect(), catalog=CATALOG, db=database, schema=known, validate_qualify_columns=False,
            quote_identifiers=False, identify=False, expand_alias_refs=False,
        )  # fmt: skip
        annotator = kinds.Annotator(known, expression_metadata=kinds.METADATA)
        for query in (one.this for unnest in tree.find_all(exp.Unnest) for one in unnest.find_all(exp.Subquery)):
            annotator.annotate(query)  # sqlglot's walk over the sources does not come here
        tree = annotator.annotate(tree)
        checks.check_aliases(tree, source)
    except (SqlglotError, AttributeError, KeyError, TypeError) as error:
        _log.warning("types unknown, translated without them: %s", error)
    checks.check(tree, source)
    names = [kinds.name_of(column.type) for column in _columns(tree)]
    tree = _with_trinos_rules(tree)
    zones = moments.check_zones(tree) if names else []
    return Translated(tree.sql("duckdb", identify=True), names, zones)


def _columns(tree: exp.Expression) -> list[exp.Expression]:
    """The outermost columns; none where a star or a set operation leaves them open."""
    columns = tree.expressions if isinstance(tree, exp.Select) else []
    stars = any(isinstance(column, exp.Star) or column.find(exp.Star) in (column, column.this) for column in columns)
    return [] if stars else columns


def _quantified(tree: exp.Expression) -> exp.Expression:
    """ALL and SOME before a list of values, which sqlglot takes for functions."""
    for node in list(tree.find_all(exp.Anonymous)):
        if node.name.lower() in ("all", "some") and isinstance(node.parent, exp.Predicate):
            values = node.expressions[0]
            query = (
                exp.select("*").from_(exp.Subquery(this=values.copy())) if isinstance(values, exp.Values) else values
            )
            node.replace((exp.All if node.name.lower() == "all" else exp.Any)(this=exp.Subquery(this=query.copy())))
    return tree


def name_columns(tree: exp.Expression) -> exp.Expression:
    """Give unnamed columns Trino's _col0, _col1; the outermost get names that `visible_names` makes into those."""
    for row in (row for values in tree.find_all(exp.Values) for row in values.expressions):
        if len(row.expressions) == 1 and isinstance(row.expressions[0], exp.Struct):
            row.set("expressions", row.expressions[0].expressions)  # ROW in VALUES is a row of the table
    if isinstance(tree, exp.Values):
        names = [exp.to_identifier(f"_col_{index}") for index, _ in enumerate(_row(tree))]
        tree = exp.select("*").from_(_aliased(tree, names))
    for values in tree.find_all(exp.Values):
        if values.args.get("alias") is not None and not values.args["alias"].columns:
            names = [exp.to_identifier(f"_col{index}") for index, _ in enumerate(_row(values))]
            values.args["alias"].set("columns", names)
    first = tree.find(exp.Select, bfs=False) if not isinstance(tree, exp.Select) else tree
    for select in tree.find_all(exp.Select):
        pattern = "_col_{}" if select is first else "_col{}"
        for index, column in enumerate(select.expressions):
            if not (isinstance(column, exp.Alias | exp.Column | exp.Star | exp.Aliases) or _is_path(column)):
                column.replace(exp.alias_(column.copy(), pattern.format(index)))
    return tree


def _is_path(column: exp.Expression) -> bool:
    """A field of a column, which names itself; a field of another expression does not."""
    while isinstance(column, exp.Dot):
        column = column.this
        if isinstance(column, exp.Column):
            return True
    return False


def _row(values: exp.Values) -> list[exp.Expression]:
    first = values.expressions[0]
    return first.expressions if isinstance(first, exp.Tuple) else [first]


def _aliased(values: exp.Values, names: list[exp.Identifier]) -> exp.Expression:
    bare = values.copy()
    bare.set("alias", exp.TableAlias(this=exp.to_identifier("_values"), columns=names))
    return bare


def visible_names(tree: exp.Expression, given: list[str]) -> list[str]:
    """Column names as Trino shows them: unnamed ones numbered, aliases as they were written."""
    written = [column.alias for column in tree.selects] if isinstance(tree, exp.Query) else []
    same = len(written) == len(given) and not any(isinstance(column, exp.Star) for column in tree.selects)
    names = [alias or name for alias, name in zip(written, given, strict=True)] if same else given
    return [f"_col{index}" if _UNNAMED.fullmatch(name) else name for index, name in enumerate(names)]


def _with_trinos_rules(tree: exp.Expression) -> exp.Expression:
    """Replace, innermost first, what DuckDB writes the same way and means otherwise."""
    for node in reversed(list(tree.walk())):
        changed = _changed(node)
        if changed is not None:
            changed.type = node.type
            if node is tree:
                return changed
            node.replace(changed)
    return tree


def _changed(node: Any) -> exp.Expression | None:
    if isinstance(node, exp.Anonymous) and node.name.lower() in _NAMED:
        return _NAMED[node.name.lower()](*(argument.copy() for argument in node.expressions))
    for rule in _RULES.get(type(node), ()):
        if (changed := rule(node)) is not None:
            return changed
    return None
