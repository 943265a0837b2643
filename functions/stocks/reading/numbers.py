"""How files write numbers: a currency sign, thousands in groups, a decimal point or comma, and K, M or B of a volume.

The decimal sign is one decision for a whole file. Comma-separated files have decimal points unless their quoted values
prove otherwise; elsewhere a value that can be read in one way only decides, such as 12.5, 0.125, 1.234,5 or 1.234.567.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

POINT, COMMA = ".", ","
UNCLEAR = "?"
NO_VALUE = frozenset(["", "null", "nan", "n/a", "na", "none", "-"])
SUFFIXES = {"K": "e3", "M": "e6", "B": "e9"}
LONGEST = 60  # characters: what is longer is no number, and must not keep a pattern busy

# Patterns that Python and pyarrow (RE2) read alike. Thousands come in threes, in India in twos before the last three.
_PLAIN = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_CURRENCY = r"^([+-]?)[$€£] ?"
_GROUPED = {
    POINT: r"^[+-]?([0-9]{1,3}(,[0-9]{3})+|[0-9]{1,2}(,[0-9]{2})+,[0-9]{3})(\.[0-9]*)?$",
    COMMA: "^[+-]?[0-9]{1,3}(\\.[0-9]{3}|[ \u00a0\u202f][0-9]{3})+(,[0-9]*)?$",
}
_DECIMAL_COMMA = r"^[+-]?([0-9]+(,[0-9]*)?|,[0-9]+)([eE][+-]?[0-9]+)?$"
_SPACES = "[ \u00a0\u202f]"
_SUFFIX = r"^([0-9.,]*[0-9.,]) ?([KkMmBb])$"


def number(written: str, decimal: str, volume: bool = False) -> float:
    """The number, NaN where the text is none."""
    if len(written) > LONGEST:
        return math.nan
    text, power = (written if volume else re.sub(_CURRENCY, r"\1", written)), ""
    if volume and (parts := re.match(_SUFFIX, text)):
        text, power = parts[1], SUFFIXES[parts[2].upper()]
    if re.match(_GROUPED[decimal], text):
        text = re.sub(r"\." if decimal == COMMA else ",", "", text)
        text = re.sub(_SPACES, "", text)
    if decimal == COMMA:
        text = text.replace(",", ".") if re.match(_DECIMAL_COMMA, text) else ""
    return float(text + power) if re.match(_PLAIN, text) else math.nan


def numbers(column: pa.ChunkedArray, decimal: str, volume: bool = False) -> np.ndarray:
    """float64: 0 for the words that mean no value, NaN for what is not plainly a number."""
    longest = pc.max(pc.utf8_length(column)).as_py() or 0
    if decimal == POINT and longest <= LONGEST:
        try:
            found = pc.cast(column, pa.float64()).to_numpy()
            if not np.isnan(found).any():
                return found
        except pa.ArrowInvalid:
            pass
    column = pc.ascii_trim_whitespace(column)
    if longest > LONGEST:
        column = pc.if_else(pc.greater(pc.utf8_length(column), LONGEST), "too long", column)
    text = _canonical(column, decimal, volume)
    plain = pc.match_substring_regex(text, _PLAIN)
    found = pc.cast(pc.if_else(plain, text, "nan"), pa.float64()).to_numpy().copy()
    found[pc.is_in(pc.utf8_lower(column), pa.array(sorted(NO_VALUE))).to_numpy()] = 0
    return found


def _canonical(column: pa.ChunkedArray, decimal: str, volume: bool) -> pa.ChunkedArray:
    """Each text as a plain number with a decimal point, or as something that is none."""
    text, power = column, None
    if not volume:
        text = pc.replace_substring_regex(text, _CURRENCY, r"\1")
    else:
        suffixed = pc.match_substring_regex(text, _SUFFIX)
        power = pc.if_else(suffixed, pc.utf8_upper(pc.utf8_slice_codeunits(text, -1)), "")
        for letter, exponent in SUFFIXES.items():
            power = pc.replace_substring(power, letter, exponent)
        text = pc.if_else(suffixed, pc.replace_substring_regex(text, " ?[KkMmBb]$", ""), text)
    grouped = pc.match_substring_regex(text, _GROUPED[decimal])
    sign = r"\." if decimal == COMMA else ","
    text = pc.if_else(grouped, pc.replace_substring_regex(text, f"{sign}|{_SPACES}", ""), text)
    if decimal == COMMA:
        fine = pc.match_substring_regex(text, _DECIMAL_COMMA)
        text = pc.if_else(fine, pc.replace_substring(text, ",", "."), "")
    return text if power is None else pc.binary_join_element_wise(text, power, "")


def decimal_sign(values: Iterable[str]) -> str | None:
    """The sign that values such as 12.5 or 1.234,5 prove, "" where both or none do, None where nothing needs one."""
    votes: Counter[str] = Counter(filter(None, map(vote, values)))
    if votes[POINT] != votes[COMMA]:
        return POINT if votes[POINT] > votes[COMMA] else COMMA
    return "" if votes else None


def vote(written: str) -> str:
    """The decimal sign that one value proves, UNCLEAR where it may be either, "" where it has none."""
    if len(written) > LONGEST:
        return ""
    digits = re.sub(r"^[+-]?[$€£]? ?| ?[KkMmBb]$", "", written.strip())
    parts = re.findall(r"[0-9]+|[.,]", digits)
    signs = [part for part in parts if part in (POINT, COMMA)]
    if not signs or "".join(parts) != re.sub(_SPACES, "", digits):
        return ""
    other = {POINT: COMMA, COMMA: POINT}
    if signs[-1] != signs[0]:
        return signs[-1]
    if len(signs) > 1:
        return other[signs[0]]
    before, _, after = digits.partition(signs[0])
    return UNCLEAR if len(after) == 3 and 1 <= len(before) <= 3 and not before.startswith("0") else signs[0]
