"""Types of expressions as Trino has them: sqlglot finds where a column comes from, the rules are Trino's."""

from collections.abc import Callable
from typing import Any

from sqlglot import exp
from sqlglot.optimizer.annotate_types import TypeAnnotator
from sqlglot.typing import EXPRESSION_METADATA

Type = exp.DataType.Type
_NAMES = {Type.INT: "integer", Type.FLOAT: "real", Type.TEXT: "varchar", Type.NULL: "unknown"}
_DIGITS = {Type.TINYINT: 3, Type.SMALLINT: 5, Type.INT: 10, Type.BIGINT: 19}  # as decimals
_WIDTHS = [Type.TINYINT, Type.SMALLINT, Type.INT, Type.BIGINT, Type.DECIMAL, Type.FLOAT, Type.DOUBLE]
NUMBERS = frozenset(_WIDTHS)
WHOLE = frozenset(_DIGITS)
TEXTS = exp.DataType.TEXT_TYPES
MONTHS = "year to month"
_DATES = [Type.DATE, Type.TIMESTAMP, Type.TIMESTAMPTZ]


def made(base: Any, *parameters: Any) -> exp.DataType:
    """A type; parameters are digits, or the types inside it."""
    inside = [
        one if isinstance(one, exp.DataType) else exp.DataTypeParam(this=exp.Literal.number(one)) for one in parameters
    ]
    return exp.DataType(this=base, expressions=inside, nested=base in (Type.ARRAY, Type.MAP, Type.STRUCT))


def interval(unit: str) -> exp.DataType:
    months = unit.lower().rstrip("s") in ("month", "year", "quarter")
    return exp.DataType(this=Type.INTERVAL, expressions=[exp.Var(this=MONTHS)] if months else [])


def base(node: Any) -> Any:
    """The type of an expression without what is in its brackets; None where it is not known."""
    kind = node.type if isinstance(node, exp.Expression) else None
    return None if kind is None or kind.this == Type.UNKNOWN else kind.this


def digits(kind: exp.DataType) -> tuple[int, int] | None:
    """Precision and scale of a number that is exact; None for another type."""
    if kind.this in _DIGITS:
        return _DIGITS[kind.this], 0
    if kind.this != Type.DECIMAL:
        return None
    stated = [*(int(one.name) for one in kind.expressions), 0, 0]
    return stated[0] or 38, stated[1]


def name_of(kind: exp.DataType | None) -> str | None:
    """Trino's name, as typeof shows it; None where a part is not known."""
    if kind is None or kind.this == Type.UNKNOWN:
        return None
    if kind.this == Type.INTERVAL:
        return f"interval {MONTHS if kind.expressions else 'day to second'}"
    if kind.this in (Type.TIMESTAMP, Type.TIMESTAMPTZ):
        digit = kind.expressions[0].name if kind.expressions else "3"
        return f"timestamp({digit})" + (" with time zone" if kind.this == Type.TIMESTAMPTZ else "")
    name = _NAMES.get(kind.this) or str(getattr(kind.this, "value", kind.this)).lower()
    if kind.this == Type.DECIMAL:
        return "decimal({},{})".format(*(digits(kind) or ()))
    if kind.this in (Type.ARRAY, Type.MAP, Type.STRUCT):
        parts = [_part(one) for one in kind.expressions]
        known = [one for one in parts if one is not None]
        name = "row" if kind.this == Type.STRUCT else name
        return f"{name}({', '.join(known)})" if parts and len(known) == len(parts) else None
    return f"{name}({kind.expressions[0].name})" if kind.expressions else name


def _part(field: Any) -> str | None:
    if not isinstance(field, exp.ColumnDef):
        return name_of(field)
    inside = name_of(field.args.get("kind"))
    return inside and f"{field.name} {inside}"


def common(left: exp.DataType, right: exp.DataType) -> exp.DataType:
    """The type that values of both become beside each other; UNKNOWN where there is none."""
    if left == right or right.this == Type.NULL:
        return left
    if left.this == Type.NULL:
        return right
    if Type.DECIMAL in (left.this, right.this) and (exact := (digits(left), digits(right))) and all(exact):
        (wide, scale), (other, finer) = exact[0] or (0, 0), exact[1] or (0, 0)
        most = max(scale, finer)
        return made(Type.DECIMAL, min(38, max(wide - scale, other - finer) + most), most)
    for order in (_WIDTHS, _DATES):
        if left.this in order and right.this in order:
            return left if order.index(left.this) >= order.index(right.this) else right
    if left.this in TEXTS and right.this in TEXTS:
        lengths = [int(one.expressions[0].name) for one in (left, right) if one.expressions]
        return made(Type.VARCHAR, max(lengths)) if len(lengths) == 2 else made(Type.VARCHAR)
    if left.this == right.this == Type.ARRAY and left.expressions and right.expressions:
        return made(Type.ARRAY, common(left.expressions[0], right.expressions[0]))
    return made(Type.UNKNOWN)


def arithmetic(node: Any, left: exp.DataType, right: exp.DataType) -> exp.DataType:
    """What +, -, *, / and % make of two types; UNKNOWN where Trino has no such operator, or is not asked."""
    if moved := _moved(node, left, right):
        return moved
    if left.this not in NUMBERS or right.this not in NUMBERS:
        return made(Type.UNKNOWN)
    if Type.DECIMAL not in (left.this, right.this) or not (digits(left) and digits(right)):
        return common(left, right)
    (p, s), (q, t) = digits(left) or (0, 0), digits(right) or (0, 0)
    if isinstance(node, exp.Mul):
        return made(Type.DECIMAL, min(38, p + q), s + t)
    if isinstance(node, exp.Div):
        return made(Type.DECIMAL, min(38, p + t + max(t - s, 0)), max(s, t))
    if isinstance(node, exp.Mod):
        return made(Type.DECIMAL, min(p - s, q - t) + max(s, t), max(s, t))
    return made(Type.DECIMAL, min(38, 1 + max(s, t) + max(p - s, q - t)), max(s, t))


def _moved(node: Any, left: exp.DataType, right: exp.DataType) -> exp.DataType | None:
    """Dates, times and intervals added and subtracted."""
    if isinstance(node, exp.Sub) and left.this in _DATES and right.this in _DATES:
        return made(Type.INTERVAL)
    if left.this == Type.INTERVAL and right.this == Type.INTERVAL and left.expressions == right.expressions:
        return left if isinstance(node, exp.Add | exp.Sub) else None
    if isinstance(node, exp.Mul | exp.Div) and left.this == Type.INTERVAL and right.this in NUMBERS:
        return left
    if isinstance(node, exp.Mul) and right.this == Type.INTERVAL and left.this in NUMBERS:
        return right
    movable = (*_DATES, Type.TIME)
    if isinstance(node, exp.Add | exp.Sub) and left.this in movable and right.this == Type.INTERVAL:
        return left
    return right if isinstance(node, exp.Add) and left.this == Type.INTERVAL and right.this in movable else None


class Annotator(TypeAnnotator):
    """sqlglot's, with Trino's common types instead of those that all dialects share."""

    def _maybe_coerce(self, type1: Any, type2: Any) -> Any:
        left, right = (one if isinstance(one, exp.DataType) else one.into_expr() for one in (type1, type2))
        return made(Type.UNKNOWN) if Type.UNKNOWN in (left.this, right.this) else common(left, right)

    def put(self, node: Any, kind: exp.DataType | None) -> None:
        self._set_type(node, kind or Type.UNKNOWN)


def _literal(node: exp.Literal) -> exp.DataType:
    if node.is_string:
        return made(Type.VARCHAR, len(node.name))
    if node.is_int:
        return made(Type.INT if int(node.name) < 2**31 else Type.BIGINT)
    if "e" in node.name.lower():
        return made(Type.DOUBLE)
    whole, _, fraction = node.name.partition(".")
    return made(Type.DECIMAL, len(whole + fraction), len(fraction))


def _cast(node: exp.Cast) -> exp.DataType:
    """`decimal '1.50'` has the digits that it is written with."""
    target = node.args["to"]
    if target.this == Type.DECIMAL and not target.expressions:
        whole, _, fraction = node.this.name.lstrip("+-").partition(".")
        literal = isinstance(node.this, exp.Literal) and (whole + fraction).isdigit()
        return made(Type.DECIMAL, len(whole + fraction), len(fraction)) if literal else made(Type.DECIMAL, 38, 0)
    return target


def _binary(node: Any) -> exp.DataType | None:
    sides = node.this.type, node.expression.type
    return arithmetic(node, *sides) if all(sides) else None


def _array(node: Any) -> exp.DataType | None:
    inside: exp.DataType | None = made(Type.NULL)
    for one in node.expressions:
        inside = common(inside, one.type) if inside and one.type and one.type.this != Type.UNKNOWN else None
    return inside and made(Type.ARRAY, inside)


def _array_of(node: Any) -> exp.DataType | None:
    inside = node.this.this if isinstance(node.this, exp.Order | exp.Distinct) else node.this
    inside = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else inside
    return made(Type.ARRAY, inside.type) if base(inside) else None


def _whole_part(node: Any) -> exp.DataType | None:
    """floor, ceil and round to an integer keep the type, and a decimal's scale goes."""
    kind = node.this.type
    if kind is None or kind.this != Type.DECIMAL:
        return kind
    precision, scale = digits(kind) or (38, 0)
    if node.args.get("decimals"):
        return made(Type.DECIMAL, min(38, precision + 1), scale)
    return made(Type.DECIMAL, max(1, precision - scale + min(scale, 1)), 0)


def _sum(node: Any) -> exp.DataType | None:
    kind = node.this.type
    if kind is not None and kind.this == Type.DECIMAL:
        return made(Type.DECIMAL, 38, (digits(kind) or (38, 0))[1])
    return made(Type.BIGINT) if kind is not None and kind.this in WHOLE else kind


def _mean(node: Any) -> exp.DataType | None:
    kind = node.this.type
    return made(Type.DOUBLE) if kind is not None and kind.this in WHOLE else kind


def _element(node: exp.Bracket) -> exp.DataType | None:
    kind = node.this.type
    if kind is None or kind.this not in (Type.ARRAY, Type.MAP) or not kind.expressions:
        return None
    return kind.expressions[-1]


def _row(node: exp.Struct) -> exp.DataType | None:
    """Fields of a row that is not cast have no names."""
    inside = [one.expression if isinstance(one, exp.PropertyEQ) else one for one in node.expressions]
    kinds = [one.type for one in inside if base(one)]
    return made(Type.STRUCT, *kinds) if len(kinds) == len(inside) else None


def _map(node: Any) -> exp.DataType | None:
    sides = [node.args.get(key) for key in ("keys", "values")]
    kinds = [side.type.expressions[0] for side in sides if base(side) == Type.ARRAY and side.type.expressions]
    return made(Type.MAP, *kinds) if len(kinds) == 2 else None


def _first(node: Any) -> exp.DataType | None:
    return node.this.type if isinstance(node.this, exp.Expression) else None


def _quantile(node: Any) -> exp.DataType | None:
    return made(Type.ARRAY, node.this.type) if base(node.args["quantile"]) == Type.ARRAY else node.this.type


def _extreme(node: Any) -> exp.DataType | None:
    """max, min and their kind give an array where they are asked for several values."""
    several = (node.args.get("count") or node.expressions) and base(node.this)
    return made(Type.ARRAY, node.this.type) if several else node.this.type


def _sequence(node: exp.GenerateSeries) -> exp.DataType | None:
    kind = node.args["start"].type
    return made(Type.ARRAY, made(Type.BIGINT) if kind.this in WHOLE else kind) if base(node.args["start"]) else None


def _anonymous(node: exp.Anonymous) -> exp.DataType | None:
    return made(_BY_NAME[node.name.lower()]) if node.name.lower() in _BY_NAME else None


_NAMES_OF = {
    Type.VARCHAR: "format_datetime format_number human_readable_seconds to_base current_timezone",
    Type.BIGINT: "to_milliseconds hamming_distance json_array_length year_of_week yow",
    Type.BOOLEAN: "any_match all_match none_match arrays_overlap every is_finite is_infinite",
    Type.TIMESTAMPTZ: "at_timezone with_timezone", Type.DOUBLE: "geometric_mean infinity nan e",
    Type.INT: "codepoint regexp_position",
}  # fmt: skip
_BY_NAME = {name: kind for kind, names in _NAMES_OF.items() for name in names.split()}


def _returns(kind: Any, *classes: Any) -> dict[Any, Any]:
    return {one: {"returns": kind} for one in classes}


def _given(kind: Callable[[Any], exp.DataType | None], *classes: Any) -> dict[Any, Any]:
    """An annotation by a function of the expression."""
    annotation = {"annotator": lambda annotator, node: annotator.put(node, kind(node))}
    return dict.fromkeys(classes, annotation)


METADATA: dict[Any, Any] = {
    **EXPRESSION_METADATA,
    **_returns(Type.BIGINT, exp.Count, exp.CountIf, exp.ApproxDistinct, exp.ArraySize, exp.Length, exp.StrPosition,
               exp.ArrayPosition, exp.Levenshtein, exp.DateDiff, exp.Extract, exp.Year, exp.Quarter, exp.Month,
               exp.Week, exp.WeekOfYear, exp.Day, exp.DayOfWeek, exp.DayOfWeekIso, exp.DayOfMonth, exp.DayOfYear,
               exp.YearOfWeek, exp.Hour, exp.Minute, exp.Second, exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor,
               exp.BitwiseNot, exp.WidthBucket, exp.RegexpCount, exp.FromBase),
    **_returns(Type.DOUBLE, exp.Sqrt, exp.Cbrt, exp.Pow, exp.Log, exp.Ln, exp.Exp, exp.TimeToUnix, exp.Corr,
               exp.CovarPop, exp.CovarSamp, exp.RegrSlope, exp.RegrIntercept),
    **_returns(Type.VARCHAR, exp.Typeof, exp.Format, exp.TimeToStr, exp.RegexpExtract, exp.RegexpReplace,
               exp.SplitPart, exp.Replace, exp.Pad, exp.JSONExtractScalar, exp.JSONFormat, exp.Hex, exp.Decode),
    **_returns(Type.DATE, exp.FromISO8601Date, exp.LastDay, exp.CurrentDate, exp.Date),
    **_returns(made(Type.TIMESTAMP, 3), exp.StrToTime),
    **_returns(Type.TIMESTAMPTZ, exp.CurrentTimestamp, exp.UnixToTime, exp.FromISO8601Timestamp, exp.ParseDatetime,
               exp.AtTimeZone),
    **_returns(Type.VARBINARY, exp.Encode, exp.MD5Digest, exp.HexString),
    **_returns(Type.BOOLEAN, exp.RegexpLike, exp.ArrayContains),
    **_returns(Type.JSON, exp.JSONExtract, exp.ParseJSON),
    **_given(_first, exp.Abs, exp.Sign, exp.Neg, exp.Paren, exp.AnyValue, exp.DateAdd, exp.DateSub, exp.TimestampTrunc,
             exp.DateTrunc, exp.Try, exp.ArrayDistinct, exp.ArrayRemove, exp.ArrayFilter, exp.ArraySlice,
             exp.ArraySort, exp.Reverse, exp.FirstValue, exp.LastValue, exp.NthValue, exp.Window, exp.Filter),
    **_given(_binary, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod),
    **_given(_whole_part, exp.Ceil, exp.Floor, exp.Round, exp.Trunc),
    **_given(_extreme, exp.Max, exp.Min, exp.ArgMax, exp.ArgMin),
    **_given(_literal, exp.Literal), **_given(_cast, exp.Cast, exp.TryCast), **_given(_array, exp.Array),
    **_given(_array_of, exp.ArrayAgg), **_given(_sum, exp.Sum), **_given(_mean, exp.Avg),
    **_given(_element, exp.Bracket), **_given(_row, exp.Struct), **_given(_map, exp.Map),
    **_given(_quantile, exp.ApproxQuantile), **_given(_sequence, exp.GenerateSeries),
    **_returns(Type.UNKNOWN, exp.Any, exp.All), **_given(_anonymous, exp.Anonymous),
    **_given(lambda node: interval(node.text("unit")), exp.Interval),
    **_given(lambda node: node.this.type and _element(node), exp.ArrayMax, exp.ArrayMin, exp.ArrayFirst,
             exp.ArrayLast),
}  # fmt: skip
