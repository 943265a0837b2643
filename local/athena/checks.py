"""What Trino refuses and DuckDB would do: functions it does not know, aliases too early, types that do not meet."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

from sqlglot import exp, tokens

from local.athena import kinds
from local.athena.errors import QueryFailed, at, start_of
from local.athena.functions import KNOWN
from local.athena.kinds import Type, base
from local.athena.statements import Dialect

# Trino has three operators to compare, and turns the other three into them before it looks at types.
_COMPARISONS = {exp.EQ: "=", exp.NEQ: "=", exp.LT: "<", exp.LTE: "<=", exp.GT: "<", exp.GTE: "<="}
_SUMS = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
_OPERATORS = {**_COMPARISONS, **_SUMS}
_PLAIN = kinds.NUMBERS | exp.DataType.TEXT_TYPES | exp.DataType.TEMPORAL_TYPES | {Type.BOOLEAN, Type.INTERVAL}
_TEMPORAL = exp.DataType.TEMPORAL_TYPES
# Functions of text, whose first argument DuckDB would make text.
_OF_TEXT = (exp.Upper, exp.Lower, exp.Length, exp.Substring, exp.Trim, exp.StrPosition, exp.Split, exp.SplitPart,
            exp.StartsWith, exp.RegexpLike, exp.RegexpExtract, exp.RegexpReplace, exp.Replace, exp.Pad,
            exp.Levenshtein, exp.StrToTime, exp.ParseDatetime)  # fmt: skip

# Functions of other dialects whose place sqlglot does not keep.
_WITHOUT_PLACE = {"arg_max", "arg_min", "argmax", "argmin", "decode", "glob", "initcap", "overlay", "string_agg"}
_NOT_TYPES = {"binary", "bool", "datetime", "float", "float64", "int64", "long", "number", "string", "text"}


def check(tree: exp.Expression, source: str) -> None:
    """Raise QueryFailed by the types that `kinds` has found."""
    places = _operator_places(tree, source)
    for node in tree.walk():
        if isinstance(node, exp.Concat | exp.DPipe):
            _check_text(node, source)
        elif type(node) in _OPERATORS:
            _check_operator(node, at(source, places.get(id(node), start_of(node))))
        elif isinstance(node, exp.If | exp.Case | exp.Coalesce | exp.SetOperation):
            _check_alternatives(node, at(source, start_of(node)))
        elif isinstance(node, exp.Between | exp.In):
            _check_list(node, at(source, start_of(node)))
        elif isinstance(node, _OF_TEXT) and (kind := base(node.this)) in _PLAIN and kind not in kinds.TEXTS:
            name = source[node.meta["start"] : node.meta["end"] + 1].lower() if "start" in node.meta else ""
            if re.fullmatch(r"\w+", name) and not (name == "length" and kind == Type.VARBINARY):
                shown = kinds.name_of(node.this.type)
                raise QueryFailed(
                    f"FUNCTION_NOT_FOUND: {at(source, node.meta['start'])}: Unexpected parameters ({shown}) for "
                    f"function {name}"
                )


def check_functions(tree: exp.Expression, source: str) -> None:
    """Raise QueryFailed for a function that Athena does not have, though DuckDB or sqlglot may."""
    for function in tree.find_all(exp.Func):
        if "start" not in function.meta:
            continue
        name = source[function.meta["start"] : function.meta["end"] + 1]
        if re.fullmatch(r"\w+", name) and name.lower() not in KNOWN and not _quantifier(function):
            place = at(source, function.meta["start"])
            raise QueryFailed(f"FUNCTION_NOT_FOUND: {place}: Function '{name.lower()}' not registered")
    for token, following in itertools.pairwise(Dialect().tokenize(source)):
        if token.text.lower() in _WITHOUT_PLACE and token.end + 1 == following.start and following.text == "(":
            place = at(source, token.start)
            raise QueryFailed(f"FUNCTION_NOT_FOUND: {place}: Function '{token.text.lower()}' not registered")


def check_type_names(source: str) -> None:
    """Raise QueryFailed for a cast to a type of DDL or of other dialects, which sqlglot takes for Trino's."""
    casts: list[int | None] = []  # of each bracket that is open, where its CAST begins
    for before, token in itertools.pairwise(Dialect().tokenize(source)):
        if token.text == "(":
            casts.append(before.start if before.text.lower() in ("cast", "try_cast") else None)
        elif token.text == ")" and casts:
            casts.pop()
        elif casts and casts[-1] is not None and before.text.lower() == "as" and token.text.lower() in _NOT_TYPES:
            raise QueryFailed(f"TYPE_NOT_FOUND: {at(source, casts[-1])}: Unknown type: {token.text.lower()}")


def _quantifier(node: Any) -> bool:
    """ALL or SOME before a list of values, which sqlglot takes for a function."""
    return node.name.lower() in ("all", "some", "any") and isinstance(node.parent, exp.Predicate)


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


def _check_operator(node: Any, place: str) -> None:
    left, right = base(node.this), base(node.expression)
    if left not in _PLAIN or right not in _PLAIN:
        return
    known = _meet(left, right) if type(node) in _COMPARISONS else base(node) is not None
    if not known:
        names = [kinds.name_of(side.type) for side in (node.this, node.expression)]
        raise QueryFailed(f"TYPE_MISMATCH: {place}: Cannot apply operator: {names[0]} {_OPERATORS[type(node)]} "
                          f"{names[1]}")  # fmt: skip


def _meet(left: Any, right: Any) -> bool:
    """Whether values of two plain types can be compared."""
    groups = (kinds.NUMBERS, exp.DataType.TEXT_TYPES, _TEMPORAL, {Type.BOOLEAN}, {Type.INTERVAL})
    return any(left in group and right in group for group in groups)


def _check_list(node: Any, place: str) -> None:
    others = [node.args[key] for key in ("low", "high") if node.args.get(key)] + node.expressions
    for other in others:
        left, right = base(node.this), base(other)
        if left in _PLAIN and right in _PLAIN and not _meet(left, right):
            shown = [kinds.name_of(one.type) for one in (node.this, *others[:2])]
            if isinstance(node, exp.Between):
                raise QueryFailed(f"TYPE_MISMATCH: {place}: Cannot check if {shown[0]} is BETWEEN {shown[1]} and "
                                  f"{shown[-1]}")  # fmt: skip
            raise QueryFailed(f"TYPE_MISMATCH: {place}: IN value and list items must be the same type: {shown[0]}")


def _check_alternatives(node: Any, place: str) -> None:
    """Values that stand for each other are of one kind: those of CASE, IF and coalesce, and columns of a UNION."""
    if isinstance(node, exp.SetOperation):
        for number, sides in enumerate(zip(node.this.selects, node.expression.selects, strict=False), 1):
            if wrong := _strangers(list(sides)):
                name = type(node).__name__.upper()
                raise QueryFailed(f"TYPE_MISMATCH: {place}: column {number} in {name} query has incompatible types: "
                                  f"{wrong[0]}, {wrong[1]}")  # fmt: skip
        return
    given = [node.this, *node.expressions] if isinstance(node, exp.Coalesce) else [node.args.get("true")]
    given += [one.args["true"] for one in node.args.get("ifs") or []]
    given += [node.args[key] for key in ("false", "default") if node.args.get(key)]
    if wrong := _strangers(given):
        raise QueryFailed(
            f"TYPE_MISMATCH: {place}: All {type(node).__name__.upper()} results must be the same type or coercible to "
            f"a common type. Cannot find common type between {wrong[0]} and {wrong[1]}"
        )


def _strangers(given: list) -> list[str | None]:
    """The names of two types that have no common type; none where all have."""
    known = [one for one in given if base(one) in _PLAIN]
    for one in known[1:]:
        if not _meet(base(known[0]), base(one)):
            return [kinds.name_of(known[0].type), kinds.name_of(one.type)]
    return []


def _check_text(node: Any, source: str) -> None:
    """Text is joined to text, and a number is not made text."""
    sides = node.expressions if isinstance(node, exp.Concat) else [node.this, node.expression]
    plain = [side for side in sides if base(side) in _PLAIN]
    if len(plain) == len(sides) and any(base(side) not in kinds.TEXTS for side in plain):
        shown = ", ".join(str(kinds.name_of(side.type)) for side in sides)
        place = at(source, node.meta.get("start", start_of(node)))
        raise QueryFailed(f"FUNCTION_NOT_FOUND: {place}: Unexpected parameters ({shown}) for function concat. "
                          "Expected: concat(char(x), char(y)), concat(array(E), E) E, concat(E, array(E)) E, "
                          "concat(array(E)) E, concat(varchar), concat(varbinary)")  # fmt: skip


_SIGNS = {"=": exp.EQ, "<>": exp.NEQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
          "+": exp.Add, "-": exp.Sub, "*": exp.Mul, "/": exp.Div, "%": exp.Mod}  # fmt: skip
_ENDS = {tokens.TokenType.NUMBER, tokens.TokenType.STRING, tokens.TokenType.VAR, tokens.TokenType.IDENTIFIER,
         tokens.TokenType.R_PAREN, tokens.TokenType.R_BRACKET, tokens.TokenType.END, tokens.TokenType.NULL,
         tokens.TokenType.TRUE, tokens.TokenType.FALSE}  # fmt: skip


def _operator_places(tree: exp.Expression, source: str) -> dict[int, int]:
    """Where each operator stands, as Trino counts: sqlglot keeps no place of an operator, so they are paired in order.

    Empty where the statement has others than the tree, a star or an added condition for one.
    """
    found: dict[Any, list[int]] = {}
    stream = Dialect().tokenize(source)
    for before, token in itertools.pairwise(stream):
        kind = _SIGNS.get(token.text)
        unary = token.text in "+-*" and not (before.token_type in _ENDS or before.text.isidentifier())
        if kind and not unary and token.token_type is not tokens.TokenType.STRING:
            found.setdefault(kind, []).append(token.start)
    places: dict[int, int] = {}
    for kind, starts in found.items():
        nodes = list(_in_order(tree, kind))
        if len(nodes) == len(starts):
            places |= {id(node): start for node, start in zip(nodes, starts, strict=True)}
    return places


def _in_order(node: exp.Expression, kind: Any) -> Iterator[exp.Expression]:
    """Operators from left to right as they are written."""
    binary = isinstance(node, exp.Binary)
    if binary:
        yield from _in_order(node.this, kind) if isinstance(node.this, exp.Expression) else ()
    if type(node) is kind:
        yield node
    for child in [node.expression] if binary else node.iter_expressions():
        if isinstance(child, exp.Expression):
            yield from _in_order(child, kind)
