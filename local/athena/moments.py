"""Rules for dates and times: whole units, patterns of three kinds, and time zones other than UTC.

DuckDB keeps a moment without the zone it was written in. So a zone is remembered beside the expression, at `ZONE`, and
the query fails if the zone would be lost before somebody sees it.
"""

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.errors import QueryFailed
from local.athena.kinds import Type, base

ZONE = "zone"
_TRUE_TO_THE_MOMENT = (exp.Predicate, exp.DateDiff, exp.TimeToUnix, exp.Ordered, exp.Count)
_JODA = {"yyyy": "%Y", "yy": "%y", "y": "%Y", "YYYY": "%Y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%-m",
         "dd": "%d", "d": "%-d", "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M", "m": "%-M", "ss": "%S",
         "s": "%-S", "SSS": "%g", "EEEE": "%A", "EEE": "%a", "E": "%a", "a": "%p", "DDD": "%j", "xxxx": "%G",
         "ww": "%V", "e": "%u", "ZZ": "%z", "Z": "%z"}  # fmt: skip
_JODA_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")
_PARTS = {"dow": "isodow", "day_of_week": "isodow", "doy": "doy", "day_of_year": "doy", "yow": "isoyear",
          "year_of_week": "isoyear", "day_of_month": "day", "dayofweek": "isodow", "dayofyear": "doy"}  # fmt: skip


def _call(name: str, *arguments: Any) -> exp.Expression:
    return exp.Anonymous(this=name, expressions=[one.copy() for one in arguments])


def zone_of(node: Any) -> str:
    """The zone of an expression that was rewritten; UTC where nothing else was said."""
    return node.meta.get(ZONE, "UTC") if isinstance(node, exp.Expression) else "UTC"


def _at(node: exp.Expression, zone: str) -> exp.Expression:
    if zone != "UTC":
        node.meta[ZONE] = zone
    return node


def local(node: Any) -> exp.Expression:
    """What the clock shows there: a timestamp without a zone."""
    return _call("timezone", exp.Literal.string(_duckdb_zone(zone_of(node))), node)


def seen_at(column: str, zone: str) -> exp.Expression:
    """A column of moments by the clock of a zone."""
    return local(_at(exp.column(column), zone))


def _duckdb_zone(zone: str) -> str:
    """POSIX counts offsets the other way round."""
    offset = re.fullmatch(r"([+-])(\d\d):00", zone)
    if offset:
        return f"Etc/GMT{'-' if offset[1] == '+' else '+'}{int(offset[2])}"
    if re.match(r"[+-]", zone):
        raise QueryFailed(f"NOT_SUPPORTED: the laptop cloud knows no time zone {zone}")
    return zone


def joda(pattern: Any, reading: bool) -> exp.Expression:
    """DuckDB's pattern of a Joda pattern. Raises QueryFailed."""
    if not isinstance(pattern, exp.Literal):
        raise QueryFailed("NOT_SUPPORTED: the laptop cloud takes a pattern of dates as a literal only")
    text = ""
    for found in _JODA_TOKEN.finditer(pattern.name):
        token = found[0]
        if token.startswith("'"):
            text += (found[1].replace("''", "'") or "'").replace("%", "%%")
        elif not found[2]:
            text += token.replace("%", "%%")
        elif token in _JODA:
            text += _JODA[token].replace("-", "") if reading else _JODA[token]
        else:
            raise QueryFailed(f"NOT_SUPPORTED: the laptop cloud does not know '{token}' in a pattern of dates")
    return exp.Literal.string(text)


def _moment(node: Any) -> exp.Expression:
    """A date, timestamp or moment as DuckDB's moment."""
    if base(node) == Type.TIMESTAMPTZ:
        return node.copy()
    return exp.AtTimeZone(this=exp.Paren(this=exp.cast(node.copy(), "timestamp")), zone=exp.Literal.string("UTC"))


def _zone_name(zone: Any) -> str:
    if not (isinstance(zone, exp.Literal) and zone.is_string):
        raise QueryFailed("NOT_SUPPORTED: the laptop cloud takes a time zone as a literal only")
    return zone.name


def at_zone(node: exp.AtTimeZone) -> exp.Expression:
    return _at(exp.Paren(this=_moment(node.this)), _zone_name(node.args["zone"]))


def at_timezone(value: Any, zone: Any) -> exp.Expression:
    return _at(exp.Paren(this=_moment(value)), _zone_name(zone))


def with_timezone(value: Any, zone: Any) -> exp.Expression:
    name = _zone_name(zone)
    clock = exp.Paren(this=exp.cast(value.copy(), "timestamp"))
    return _at(_call("timezone", exp.Literal.string(_duckdb_zone(name)), clock), name)


def from_unix(node: exp.UnixToTime) -> exp.Expression:
    made = _call("to_timestamp", node.this)
    return _at(made, _zone_name(node.args["zone"]) if node.args.get("zone") else "UTC")


def from_iso(node: exp.FromISO8601Timestamp) -> exp.Expression:
    """An offset that is written is the zone."""
    offset = re.search(r"[+-]\d\d(:?\d\d)?$", node.this.name[11:]) if isinstance(node.this, exp.Literal) else None
    if not offset:
        return _call("from_iso8601_timestamp", node.this)
    zone = offset[0] if ":" in offset[0] else f"{offset[0][:3]}:{offset[0][3:] or '00'}"
    return _at(exp.cast(node.this.copy(), "timestamptz"), zone)


def written(node: exp.Cast) -> exp.Expression | None:
    """A literal with its zone, and casts of a moment that has one."""
    target = node.args["to"].this
    if target == Type.TIMESTAMPTZ and isinstance(node.this, exp.Literal):
        zone = re.search(r"[A-Za-z][\w/+-]*$|[+-]\d\d:\d\d$", node.this.name)
        return _at(node.copy(), zone[0]) if zone and zone[0] != "UTC" else None
    if target in (Type.DATE, Type.TIMESTAMP) and zone_of(node.this) != "UTC":
        return exp.cast(local(node.this), node.args["to"])
    return None


def moved(node: Any) -> exp.Expression | None:
    """A date stays a date, and a moment keeps its zone."""
    zone = zone_of(node.this)
    if isinstance(node, exp.Add | exp.Sub) and base(node) == Type.INTERVAL and base(node.this) != Type.INTERVAL:
        return _call("between_moments", node.this, node.expression)
    if base(node) == Type.DATE:
        return exp.cast(exp.Paren(this=node.copy()), "date") if base(node.this) == Type.DATE else None
    if zone != "UTC" and isinstance(node, exp.DateTrunc | exp.TimestampTrunc):
        cut = exp.TimestampTrunc(this=local(node.this), unit=node.args["unit"].copy())
        return _at(_call("timezone", exp.Literal.string(_duckdb_zone(zone)), cut), zone)
    return _at(exp.Paren(this=node.copy()), zone) if zone != "UTC" else None


def counted(node: exp.DateDiff) -> exp.Expression:
    """Trino counts whole units; DuckDB's date_diff counts the boundaries between them."""
    unit = exp.Literal.string(node.text("unit").lower() or "day")
    return _call("date_sub", unit, node.expression, node.this)


def part(name: str | None = None) -> Callable[[Any], exp.Expression | None]:
    """A part of a moment is that of the clock of its zone."""

    def rewritten(node: Any) -> exp.Expression | None:
        value = node.expression if isinstance(node, exp.Extract) else node.this
        unit = name or _PARTS.get(node.name.lower(), node.name.lower())
        seen = local(value) if zone_of(value) != "UTC" else value.copy()
        return _call("date_part", exp.Literal.string(unit), seen)

    return rewritten


def shown(node: exp.TimeToStr) -> exp.Expression | None:
    if zone_of(node.this) == "UTC":
        return None
    return exp.TimeToStr(this=local(node.this), format=node.args["format"].copy())


def format_datetime(value: Any, pattern: Any) -> exp.Expression:
    clock = local(value) if zone_of(value) != "UTC" else exp.cast(value.copy(), "timestamp")
    return _call("strftime", clock, joda(pattern, reading=False))


def parse_datetime(node: exp.ParseDatetime) -> exp.Expression:
    pattern = joda(node.args["format"], reading=True)
    if "%z" in pattern.name:
        raise QueryFailed("NOT_SUPPORTED: the laptop cloud reads no time zone by parse_datetime")
    return exp.Paren(this=_moment(_call("strptime", node.this, pattern)))


def check_zones(tree: exp.Expression) -> list[str]:
    """The zones of the query's columns. Raises QueryFailed where a zone would be lost on the way."""
    columns = tree.expressions if isinstance(tree, exp.Select) else []
    outermost = {id(one.unalias()): number for number, one in enumerate(columns)}
    zones = ["UTC"] * len(columns)
    for node in tree.walk():
        if zone_of(node) == "UTC":
            continue
        parent = node.parent
        if id(node) in outermost:
            zones[outermost[id(node)]] = zone_of(node)
        elif not (isinstance(parent, _TRUE_TO_THE_MOMENT) or zone_of(parent) != "UTC" or _by_clock(parent)):
            raise QueryFailed("NOT_SUPPORTED: the laptop cloud shows a time zone in the outermost columns only")
    return zones


def _by_clock(node: Any) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.lower() in ("timezone", "date_sub", "epoch")


_MOVES = (exp.Add, exp.Sub, exp.DateAdd, exp.DateSub, exp.DateTrunc, exp.TimestampTrunc)
RULES: dict[Any, Callable[[Any], exp.Expression | None]] = {
    **dict.fromkeys(_MOVES, moved), exp.DateDiff: counted, exp.AtTimeZone: at_zone, exp.UnixToTime: from_unix,
    exp.FromISO8601Timestamp: from_iso, exp.TimeToStr: shown, exp.ParseDatetime: parse_datetime,
    exp.Extract: part(), exp.Year: part("year"), exp.Quarter: part("quarter"), exp.Month: part("month"),
    exp.WeekOfYear: part("week"), exp.Week: part("week"), exp.Day: part("day"), exp.DayOfMonth: part("day"),
    exp.DayOfWeekIso: part("isodow"), exp.DayOfYear: part("doy"), exp.YearOfWeek: part("isoyear"),
    exp.Hour: part("hour"), exp.Minute: part("minute"), exp.Second: part("second"),
    exp.FromISO8601Date: lambda node: _call("from_iso8601_date", node.this),
}  # fmt: skip
NAMED: dict[str, Callable[..., exp.Expression]] = {
    "at_timezone": at_timezone, "with_timezone": with_timezone, "format_datetime": format_datetime,
    "to_milliseconds": lambda value: _call("interval_milliseconds", value),
}  # fmt: skip
