"""Rows as Athena writes them: every value as text, in GetQueryResults and in the file that OutputLocation names."""

import datetime
import decimal
import struct

from local.athena.models import Result


def as_file(result: Result) -> bytes:
    """Athena's CSV, where null is empty and the empty string is \"\"; or plain lines."""
    if result.lines:
        return "".join("\t".join(value or "" for value in row) + "\n" for row in result.rows).encode()
    return "".join(",".join(map(_quoted, row)) + "\n" for row in result.with_header()).encode()


def _quoted(value: str | None) -> str:
    return "" if value is None else '"' + value.replace('"', '""') + '"'


def text(value: object, trino: str) -> str | None:
    """A value of DuckDB's Python client as Athena's text; null inside an array or row is the word."""
    return None if value is None else _text(value, trino)


def _text(value: object, trino: str = "") -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return java_double(_shortest_float32(value) if trino == "real" else value)
    if isinstance(value, decimal.Decimal):
        return f"{value:f}"
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03d}"
    if isinstance(value, bytes):
        return value.hex(" ")
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(key)}={_text(item)}" for key, item in value.items()) + "}"
    return str(value)


def java_double(value: float) -> str:
    """Double.toString of Java: 1.0E7 from ten million on and below a thousandth."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    sign, digits, exponent = decimal.Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)
    figures = "".join(map(str, digits)).rstrip("0")
    power = exponent + len(digits) - 1
    return f"{'-' if sign else ''}{figures[0]}.{figures[1:] or '0'}E{power}"


def _shortest_float32(value: float) -> float:
    """The double with the fewest digits that is the same float32."""
    packed = struct.pack("f", value)
    candidates = (float(f"{value:.{digits}g}") for digits in range(1, 10))
    return next((candidate for candidate in candidates if struct.pack("f", candidate) == packed), value)
