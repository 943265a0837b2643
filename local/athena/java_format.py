"""format(): Java's format strings, as far as analysts use them, made of DuckDB's functions."""

import re
from typing import Any

from sqlglot import exp

from local.athena import kinds
from local.athena.errors import QueryFailed
from local.athena.kinds import Type, base

_SPECIFIER = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?([tT]?[a-zA-Z%])")
_TIMES = {"Y": "%Y", "y": "%y", "m": "%m", "d": "%d", "e": "%-d", "B": "%B", "b": "%b", "h": "%b", "A": "%A", "a": "%a",
          "H": "%H", "I": "%I", "M": "%M", "S": "%S", "L": "%g", "j": "%j", "F": "%Y-%m-%d", "T": "%H:%M:%S",
          "R": "%H:%M", "D": "%m/%d/%y"}  # fmt: skip


def formatted(node: exp.Format) -> exp.Expression:
    """The text and its specifiers joined. Raises QueryFailed for what is not known."""
    if not (isinstance(node.this, exp.Literal) and node.this.is_string):
        raise QueryFailed("NOT_SUPPORTED: the laptop cloud takes a format string as a literal only")
    words, arguments, place, pieces, number = node.this.name, node.expressions, 0, [], 0
    for found in _SPECIFIER.finditer(words):
        pieces.append(_plain(words[place : found.start()]))
        place = found.end()
        if found[5] in ("%", "n"):
            pieces.append(exp.Literal.string("%" if found[5] == "%" else "\n"))
            continue
        number = number if found[1] else number + 1
        index = int(found[1] or number) - 1
        if index >= len(arguments):
            raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: Invalid format string: {words} (Format specifier "
                              f"'{found[0]}')")  # fmt: skip
        pieces.append(_padded(_value(arguments[index], found, words), found[2], found[3]))
    pieces.append(_plain(words[place:]))
    joined = [piece for piece in pieces if piece is not None]
    return exp.Anonymous(this="concat", expressions=[exp.Literal.string(""), *joined])


def _plain(words: str) -> exp.Expression | None:
    if "%" in words:
        raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: Invalid format string: {words}")
    return exp.Literal.string(words) if words else None


def _value(argument: Any, found: re.Match, words: str) -> exp.Expression:
    flags, digits, letter = found[2], found[4], found[5]
    kind, sql = base(argument), argument.sql("duckdb", identify=True)
    if letter[0] in "tT" and len(letter) == 2 and letter[1] in _TIMES and kind in (Type.DATE, Type.TIMESTAMP, None):
        return _text(f"strftime({sql}, '{_TIMES[letter[1]]}')")
    if letter in "sS":
        value = argument.copy() if kind in kinds.TEXTS else exp.cast(argument.copy(), "varchar")
        shown = f"coalesce({value.sql('duckdb', identify=True)}, 'null')"
        shown = f"left({shown}, {digits})" if digits else shown
        return _text(f"upper({shown})" if letter == "S" else shown)
    if letter in "dxXo" and (kind in kinds.WHOLE or kind is None) and digits is None:
        spell = {"d": "d", "x": "x", "X": "X", "o": "o"}[letter]
        return _number(sql, f"format('{{:{spell}}}', {sql})", flags, letter == "d")
    if letter == "f" and kind not in kinds.WHOLE and kind not in kinds.TEXTS:
        places = int(digits or 6)
        # Java rounds halves of the shortest decimal up, so the number goes through its text.
        exact = f"cast(cast(cast({sql} as varchar) as decimal(38, {places})) as varchar)"
        return _number(sql, exact, flags, True)
    if letter in "eE" and kind in (Type.DOUBLE, Type.FLOAT, Type.DECIMAL):
        return _number(sql, f"printf('%.{digits or 6}{letter}', cast({sql} as double))", flags, False)
    if letter in "bB":
        return _text(f"coalesce(cast({sql} as varchar), 'false')")
    shown = kinds.name_of(argument.type) or "unknown"
    raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: Invalid format string: {words} ({letter} != {shown})")


def _number(sql: str, shown: str, flags: str, grouped: bool) -> exp.Expression:
    if "," in flags and grouped:
        shown = f"grouped({shown})"
    if "+" in flags or " " in flags:
        shown = f"case when {sql} >= 0 then '{'+' if '+' in flags else ' '}' || {shown} else {shown} end"
    if "(" in flags:
        shown = f"case when {sql} < 0 then '(' || substring({shown}, 2) || ')' else {shown} end"
    return _text(f"coalesce({shown}, 'null')")


def _padded(value: exp.Expression, flags: str, width: str | None) -> exp.Expression:
    if not width:
        return value
    sql = value.sql("duckdb", identify=True)
    if "-" in flags:
        return _text(f"rpad({sql}, greatest(length({sql}), {width})::integer, ' ')")
    return _text(f"padded_left({sql}, {width}, {'true' if '0' in flags else 'false'})")


def _text(sql: str) -> exp.Expression:
    return exp.Paren(this=exp.maybe_parse(sql, dialect="duckdb"))
