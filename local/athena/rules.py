"""What DuckDB writes as Trino does and means otherwise: numbers, arrays, maps and text, a rule for each expression."""

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena import java_format, kinds
from local.athena.errors import QueryFailed
from local.athena.kinds import Type, base

type Rule = Callable[[Any], exp.Expression | None]


def call(name: str, *arguments: Any) -> exp.Expression:
    """A function or macro of DuckDB's, by its own name."""
    given = [one.copy() if isinstance(one, exp.Expression) else exp.Literal.number(one) for one in arguments]
    return exp.Anonymous(this=name, expressions=given)


def applied(function: Any, *arguments: exp.Expression) -> exp.Expression:
    """The body of a lambda with expressions in place of its parameters."""
    body = function.this.copy()
    held = exp.Paren(this=body)
    given = {one.name.lower(): argument for one, argument in zip(function.expressions, arguments, strict=True)}
    for node in list(held.find_all(exp.Identifier, exp.Column)):
        name = node.name.lower()
        whole = isinstance(node, exp.Column) or not isinstance(node.parent, exp.Column | exp.Dot | exp.PropertyEQ)
        if name in given and whole and not getattr(node, "table", ""):
            node.replace(given[name].copy())
    return held


def over(name: str, array: Any, body: str) -> exp.Expression:
    """DuckDB's list function with a lambda of its own, which is text."""
    return exp.maybe_parse(f"{name}({array.sql('duckdb', identify=True)}, {body})", dialect="duckdb")


def _sql(node: exp.Expression) -> str:
    return node.sql("duckdb", identify=True)


def _whole_or(node: Any, name: str) -> exp.Expression | None:
    return call(name, node) if base(node) in kinds.WHOLE else None


def divide(node: exp.Div) -> exp.Expression | None:
    """Whole numbers give whole numbers, decimals decimals; only a double may be divided by zero."""
    sides = {base(node.this), base(node.expression)}
    if sides & {Type.DOUBLE, Type.FLOAT} and None not in sides:
        return exp.Paren(this=exp.Div(this=node.this.copy(), expression=exp.cast(node.expression.copy(), "double")))
    if base(node) == Type.DECIMAL and node.type is not None:
        inexact = exp.Div(this=node.this.copy(), expression=call("divisor", node.expression))
        return exp.cast(exp.Paren(this=inexact), node.type)
    return exp.Paren(this=exp.IntDiv(this=node.this.copy(), expression=node.expression.copy()))


def typed(node: Any) -> exp.Expression | None:
    """The value in the type that Trino gives it, where DuckDB's is another."""
    if base(node) is None or isinstance(node.parent, exp.Window | exp.Filter):
        return None
    return exp.cast(node.copy(), node.type)


def mean(node: exp.Avg) -> exp.Expression | None:
    return typed(node) if base(node) == Type.DECIMAL else None


def over_window(node: Any) -> exp.Expression | None:
    """The window or filter around an aggregate whose own type DuckDB would not keep."""
    inside = node.this.this if isinstance(node.this, exp.Filter) else node.this
    if isinstance(inside, exp.Avg) and base(inside) == Type.DECIMAL and not isinstance(node.parent, exp.Window):
        return exp.cast(node.copy(), inside.type)
    return None


def quantile(node: exp.ApproxQuantile) -> exp.Expression | None:
    if node.args.get("weight"):
        raise QueryFailed("NOT_SUPPORTED: the laptop cloud knows no approx_percentile with weights")
    return None if isinstance(node.parent, exp.Filter | exp.Window) else typed(node)


def cast(node: exp.Cast) -> exp.Expression | None:
    """Trino rounds halves away from zero, takes no fraction from text and cuts text to its length."""
    target, given = node.args["to"], base(node.this)
    if target.this == Type.STRUCT and isinstance(node.this, exp.Struct):
        return _named_row(node.this, target)
    if target.this in kinds.WHOLE and given in (Type.DOUBLE, Type.FLOAT):
        return type(node)(this=exp.func("round", node.this.copy()), to=target.copy())
    if target.this in kinds.WHOLE and given in kinds.TEXTS:
        return type(node)(this=call("whole_text", node.this), to=target.copy())
    if target.this == Type.DECIMAL and not target.expressions and node.type is not None:
        return type(node)(this=node.this.copy(), to=node.type.copy())
    if target.this in kinds.TEXTS:
        return _cast_to_text(node, given)
    return None


def _named_row(given: exp.Struct, target: exp.DataType) -> exp.Expression:
    """A row cast to one with names: DuckDB would look for fields of those names."""
    values = [one.expression if isinstance(one, exp.PropertyEQ) else one for one in given.expressions]
    fields = [
        exp.PropertyEQ(this=field.this.copy(), expression=exp.cast(value.copy(), field.args["kind"].copy()))
        for value, field in zip(values, target.expressions, strict=True)
    ]
    return exp.Struct(expressions=fields)


def _cast_to_text(node: exp.Cast, given: Any) -> exp.Expression | None:
    length = node.args["to"].expressions
    value = node.this.copy()
    if given == Type.TIMESTAMP and node.this.type is not None:
        digit = node.this.type.expressions[0].name if node.this.type.expressions else "3"
        value = call("strftime", value, exp.Literal.string("%Y-%m-%d %H:%M:%S" + (".%g" if digit != "0" else "")))
    if not length or given is None:
        return value if given == Type.TIMESTAMP else None
    if given in kinds.TEXTS:
        return call("left", value, int(length[0].name))
    return call("fitting", exp.cast(value, "varchar"), int(length[0].name))


def type_name(node: exp.Typeof) -> exp.Expression:
    name = "unknown" if isinstance(node.this, exp.Null) else kinds.name_of(node.this.type)
    if name is None:
        raise QueryFailed("NOT_SUPPORTED: the laptop cloud does not know the type of that expression for typeof")
    words = exp.Literal.string(name)
    # The argument stays, for an aggregate in it makes one row of many.
    return exp.Case(ifs=[exp.If(this=exp.Is(this=node.this.copy(), expression=exp.Null()), true=words)], default=words)


def trying(node: exp.Try) -> exp.Expression | None:
    """DuckDB's TRY knows no aggregate and no subquery, which fail for themselves."""
    if node.find(exp.AggFunc, exp.Subquery):
        raise QueryFailed("NOT_SUPPORTED: the laptop cloud knows no aggregate or subquery inside try")
    return None


def bracket(node: exp.Bracket) -> exp.Expression | None:
    """An index or key that is missing is an error, and element_at gives null there. Indices begin at 1, as written."""
    index = node.expressions[0]
    if base(node.this) == Type.MAP and not node.args.get("safe"):
        return call("map_value", node.this, index)
    if base(node.this) in (Type.MAP, Type.STRUCT) or base(index) in kinds.TEXTS:
        return exp.Bracket(this=node.this.copy(), expressions=[index.copy()], offset=1)
    return call("element_or_null" if node.args.get("safe") else "subscript", node.this, index)


def sequence(node: exp.GenerateSeries) -> exp.Expression | None:
    start, end, step = (node.args.get(key) for key in ("start", "end", "step"))
    if base(start) in (Type.DATE, Type.TIMESTAMP):
        name = "dates" if base(start) == Type.DATE else "moments"
        return call(name, start, end, step) if step else call(f"{name}_by_day", start, end)
    return call("numbers", start, end, step) if step else call("numbers_by_one", start, end)


def concatenate(node: exp.DPipe) -> exp.Expression | None:
    """An array takes an element on either side."""
    left, right = base(node.this) == Type.ARRAY, base(node.expression) == Type.ARRAY
    if left == right:
        return None
    sides = [node.this.copy(), node.expression.copy()]
    return call("list_append", *sides) if left else call("list_prepend", *sides)


def row(node: exp.Struct) -> exp.Expression | None:
    """Fields without a name are field0, field1 where they are shown."""
    fields = []
    for number, one in enumerate(node.expressions):
        value = one.expression if isinstance(one, exp.PropertyEQ) else one
        fields.append(exp.PropertyEQ(this=exp.to_identifier(f"field{number}"), expression=value.copy()))
    return exp.Struct(expressions=fields)


def reduce(node: exp.Reduce) -> exp.Expression | None:
    finish = node.args.get("finish")
    inside = exp.Reduce(this=node.this.copy(), initial=node.args["initial"].copy(), merge=node.args["merge"].copy())
    return applied(finish, inside) if finish else None


def unnest(node: exp.Unnest) -> None:
    if len(node.expressions) > 1:
        raise QueryFailed("NOT_SUPPORTED: the laptop cloud unnests one array at a time")


def zipped(first: Any, second: Any, *more: Any) -> exp.Expression:
    if more:
        raise QueryFailed("NOT_SUPPORTED: the laptop cloud zips two arrays, and no more")
    pair = f"{{'field0': ({_sql(first)})[_i], 'field1': ({_sql(second)})[_i]}}"
    return over("list_transform", call("places", first, second), f"lambda _i: {pair}")


def zipped_with(first: Any, second: Any, function: Any) -> exp.Expression:
    at = [exp.maybe_parse(f"({_sql(array)})[_i]", dialect="duckdb") for array in (first, second)]
    return over("list_transform", call("places", first, second), f"lambda _i: {_sql(applied(function, *at))}")


def _entry(function: Any) -> str:
    return _sql(applied(function, exp.maybe_parse("_e.key"), exp.maybe_parse("_e.value")))


def of_map(kept: str) -> Callable[[Any, Any], exp.Expression]:
    """map_filter and its kind, by what becomes of an entry."""

    def rewritten(given: Any, function: Any) -> exp.Expression:
        name = "list_filter" if kept == "{0}" else "list_transform"
        body = kept.format(_entry(function))
        return call("map_from_entries", over(name, call("map_entries", given), f"lambda _e: {body}"))

    return rewritten


def entries(given: Any) -> exp.Expression:
    return over("list_transform", call("map_entries", given), "lambda _e: {'field0': _e.key, 'field1': _e.value}")


def matches(kept: str) -> Callable[[Any, Any], exp.Expression]:
    """any_match and its kind, by how many elements a lambda lets through."""

    def rewritten(array: Any, condition: Any) -> exp.Expression:
        through = f"len(list_filter({_sql(array)}, {_sql(condition)}))"
        return exp.Paren(this=exp.maybe_parse(kept.format(through, f"len({_sql(array)})"), dialect="duckdb"))

    return rewritten


def substring(node: exp.Substring) -> exp.Expression | None:
    start, length = node.args.get("start"), node.args.get("length")
    if isinstance(start, exp.Literal) and int(start.name) > 0:
        return None
    return call("text_from", node.this, start, length) if length else call("text_to_end", node.this, start)


def split(node: exp.Split) -> exp.Expression | None:
    limit = node.args.get("limit")
    return call("split_at_most", node.this, node.expression, limit) if limit else None


def place(node: exp.StrPosition) -> exp.Expression | None:
    occurrence = node.args.get("occurrence")
    return call("nth_place", node.this, node.args["substr"], occurrence) if occurrence else None


def extract_match(node: exp.RegexpExtract) -> exp.Expression | None:
    return call("matched_text", node.this, node.expression, node.args.get("group") or exp.Literal.number(0))


def replace_match(node: exp.RegexpReplace) -> exp.Expression | None:
    words = node.args.get("replacement")
    if isinstance(words, exp.Lambda):
        raise QueryFailed("NOT_SUPPORTED: the laptop cloud knows no regexp_replace with a function")
    if not isinstance(words, exp.Literal) or "$" not in words.name:
        return None
    text = re.sub(r"\\(\$)|\$(\d)|\$", lambda found: found[1] or f"\\{found[2]}", words.name)
    return call("regexp_replace", node.this, node.expression, exp.Literal.string(text), exp.Literal.string("g"))


RULES: dict[Any, Rule] = {
    exp.Div: divide, exp.Avg: mean, exp.Window: over_window, exp.Filter: over_window, exp.ApproxQuantile: quantile,
    exp.Cast: cast, exp.TryCast: cast, exp.Typeof: type_name, exp.Try: trying, exp.Bracket: bracket,
    exp.GenerateSeries: sequence, exp.DPipe: concatenate, exp.Struct: row, exp.Reduce: reduce, exp.Unnest: unnest,
    exp.Substring: substring, exp.Split: split, exp.StrPosition: place, exp.RegexpExtract: extract_match,
    exp.RegexpReplace: replace_match, exp.Format: java_format.formatted,
    **dict.fromkeys((exp.Sign, exp.Ceil, exp.Floor, exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.Levenshtein,
                     exp.Round), typed),
    exp.CountIf: lambda node: exp.Count(this=exp.If(this=node.this, true=exp.Literal.number(1))),  # 0, not null
    exp.Cbrt: lambda node: call("cube_root", node.this),
    exp.ArraySize: lambda node: call("cardinality", node.this) if base(node.this) == Type.MAP else None,
    exp.ArrayPosition: lambda node: call("place_or_zero", node.this, node.expression),
    exp.ArrayMax: lambda node: call("greatest_element", node.this),
    exp.ArrayMin: lambda node: call("least_element", node.this),
    exp.ArrayDistinct: lambda node: call("distinct_elements", node.this),
    exp.ArrayIntersect: lambda node: call("common_elements", *node.expressions),
    exp.ArrayToString: lambda node: call("joined", node.this, node.expression, node.args.get("null") or exp.Null()),
    exp.ArraySlice: lambda node: call("part_of", node.this, node.args["start"], node.args["end"]),
    exp.Repeat: lambda node: call("repeated", node.this, node.args["times"]),
    exp.Reverse: lambda node: call("list_reverse", node.this) if base(node.this) == Type.ARRAY else None,
    exp.SplitPart: lambda node: call("part_of_text", node.this, node.args["delimiter"], node.args["part_index"]),
    exp.WidthBucket: lambda node: call("bucket", node.this, *(node.args[key] for key in
                                                              ("min_value", "max_value", "num_buckets"))),
}  # fmt: skip
NAMED: dict[str, Callable[..., exp.Expression]] = {
    "any_match": matches("{0} > 0"), "none_match": matches("{0} = 0"), "all_match": matches("{0} = {1}"),
    "to_base": lambda number, radix: call("lower", exp.Anonymous(this="to_base", expressions=[number, radix])),
    "zip": zipped, "zip_with": zipped_with, "map_entries": entries, "map_filter": of_map("{0}"),
    "transform_values": of_map("{{'key': _e.key, 'value': {0}}}"),
    "transform_keys": of_map("{{'key': {0}, 'value': _e.value}}"),
}  # fmt: skip
