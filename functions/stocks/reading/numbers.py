"""How files write numbers: a currency, thousands in groups, a decimal point or comma, and K, M or B of a volume.

The decimal sign is one decision for a whole file. Comma-separated files have decimal points unless their quoted values
prove otherwise; elsewhere values that can be read in one way only decide, such as 12.5, 0.125, 1.234,5 or 1.234.567.
"""

import math
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

POINT, COMMA, UNDECIDED = ".", ",", ""
SIGNS = {"": UNDECIDED, "point": POINT, "comma": COMMA}  # by the words of settings.json
NO_VALUE = frozenset(
    (
        *("", "null", "nan", "n/a", "na", "none", "-", "--", "---", "–", "—", ".", "nil", "<na>", "#n/a", "#n/a n/a"),
        *("n.a.", "n/d", "nd", "nat", "(null)", "\\n", "*", "..."),
    )
)
LONGEST = 60  # characters: what is longer is no number, and must not keep a pattern busy
NO_SIGN, FOR_POINT, FOR_COMMA, UNCLEAR = range(4)  # what one value says of the decimal sign

_SUFFIXES = {
    "e3": ("K", "k", "千", "тыс", "Tsd"),
    "e4": ("万", "萬"),
    "e6": ("M", "m", "mln", "Mln", "Mio", "млн"),
    "e8": ("亿", "億"),
    "e9": ("B", "b", "mld", "Mld", "Mrd", "млрд"),
}
_POWERS = {suffix: power for power, suffixes in _SUFFIXES.items() for suffix in suffixes}

# Patterns that Python and pyarrow (RE2) read alike. Thousands come in threes, in India in twos before the last three.
_CURRENCIES = (
    r"(?:(?:R|US|HK|NT|A|C|S)?\$|[€£¥￥₩₹₽₺₫฿₴₪₱₦₸৳]|Rs\.?|Rp\.?|RM|kr|zł|TL|Ft|Kč|円|元|원|GBp|GBX|ZAc|"
    r"USD|EUR|GBP|CHF|JPY|INR|CAD|AUD|BRL|RUB|PLN|SEK|NOK|DKK|TRY|CNY|HKD|KRW|TWD)"
)
HUNDREDTHS = frozenset(("GBp", "GBX", "ZAc"))  # prices in them are a hundred times those without a sign
_SPACE = "[ \u00a0\u2009\u202f]"
_NOTHING = f"^({'|'.join(map(re.escape, sorted(NO_VALUE)))})$"
_PLAIN = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_CURRENCY_BEFORE = rf"^([+-]?){_CURRENCIES}{_SPACE}?"
_CURRENCY_BEHIND = rf"([0-9.,]){_SPACE}?{_CURRENCIES}$"
_WITH_CURRENCY = rf"^[+-]?(?P<before>{_CURRENCIES})?{_SPACE}?[0-9.,][0-9.,'’{_SPACE[1:-1]}]*(?P<behind>{_CURRENCIES})?$"
_BLANK_GROUPS = rf"[1-9][0-9]{{0,2}}({_SPACE}[0-9]{{3}})+|[1-9][0-9]{{0,2}}(['’][0-9]{{3}})+"
_GROUPED = {
    POINT: rf"^[+-]?([1-9][0-9]{{0,2}}(,[0-9]{{3}})+|[1-9][0-9]?(,[0-9]{{2}})+,[0-9]{{3}}|{_BLANK_GROUPS})(\.[0-9]*)?$",
    COMMA: rf"^[+-]?([1-9][0-9]{{0,2}}(\.[0-9]{{3}})+|{_BLANK_GROUPS})(,[0-9]*)?$",
}
_GROUP_SIGNS = {POINT: f",|['’]|{_SPACE}", COMMA: rf"\.|['’]|{_SPACE}"}
_DECIMAL_COMMA = r"^[+-]?([0-9]+(,[0-9]*)?|,[0-9]+)([eE][+-]?[0-9]+)?$"
_UNPROVEN_COMMA = r"^[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}$"
_SUFFIX = rf"^([0-9.,]*[0-9.,]){_SPACE}?({'|'.join(_POWERS)})\.?$"
_DRESS = rf"^[+-]?{_CURRENCIES}?{_SPACE}?|{_SPACE}?(?:{_CURRENCIES}|%|(?:{'|'.join(_POWERS)})\.?)$|{_SPACE}|['’]"


def number(written: str, decimal: str, volume: bool = False) -> float:
    """The number, NaN where the text is none."""
    if len(written) > LONGEST:
        return math.nan
    text, power = written, ""
    if not volume:
        text = re.sub(_CURRENCY_BEHIND, r"\1", re.sub(_CURRENCY_BEFORE, r"\1", text))
    elif parts := re.match(_SUFFIX, text):
        text, power = parts[1], _POWERS[parts[2]]
    if decimal == UNDECIDED and vote(text) in (FOR_COMMA, UNCLEAR):
        return math.nan
    sign = decimal or POINT
    if re.match(_GROUPED[sign], text):
        text = re.sub(_GROUP_SIGNS[sign], "", text)
    if sign == COMMA:
        text = text.replace(",", ".") if re.match(_DECIMAL_COMMA, text) else ""
    return float(text + power) if re.match(_PLAIN, text) else math.nan


def numbers(column: pa.ChunkedArray, decimal: str, volume: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """float64 and bool: 0 and True for the words that mean no value, NaN for what is not plainly a number."""
    short = (pc.max(pc.binary_length(column)).as_py() or 0) <= LONGEST  # of bytes there are as many or more
    if decimal == POINT and short and (found := _plainly(column)) is not None:
        return found, np.zeros(len(found), bool)
    column = pc.utf8_trim_whitespace(column)
    if decimal == POINT and short and (found := _plainly(column)) is not None:
        return found, np.zeros(len(found), bool)
    if not short:
        column = pc.if_else(pc.greater(pc.utf8_length(column), LONGEST), "too long", column)
    text = _canonical(column, decimal, volume)
    plain = pc.match_substring_regex(text, _PLAIN)
    found = np.full(len(text), math.nan)
    found[to_numpy(plain)] = to_numpy(pc.cast(pc.filter(text, plain), pa.float64()))
    missing = to_numpy(pc.match_substring_regex(pc.utf8_lower(column), _NOTHING))
    found[missing] = 0
    return found, missing


def _plainly(column: pa.ChunkedArray) -> np.ndarray | None:
    """The numbers of a column of nothing else; None where one text is none, or NaN."""
    try:
        found = to_numpy(pc.cast(column, pa.float64()))
    except pa.ArrowInvalid:
        return None
    return None if np.isnan(found).any() else found


def currencies(column: pa.ChunkedArray) -> list[str | None]:
    """The currency of each number, "" for one without, None for other texts; nothing where no text has letters."""
    if not pc.any(pc.match_substring_regex(column, r"[^0-9.,+'’ \t\x{a0}\x{2009}\x{202f}-]")).as_py():
        return []
    text = pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(column), 0, LONGEST + 1)
    found = pc.extract_regex(text, _WITH_CURRENCY)
    joined = pc.binary_join_element_wise(pc.struct_field(found, "before"), pc.struct_field(found, "behind"), "")
    return pc.replace_substring_regex(joined, r"^US|\.$", "").to_pylist()


def to_numpy(values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """The values, none of which is null. pyarrow's own to_numpy imports pandas, which takes half a second."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if pa.types.is_boolean(array.type):
        return np.from_dlpack(array.cast(pa.uint8())).view(bool)
    return np.from_dlpack(array)


def _canonical(column: pa.ChunkedArray, decimal: str, volume: bool) -> pa.ChunkedArray:
    """Each text as a plain number with a decimal point, or as something that is none."""
    text, power = column, None
    if not volume:
        text = pc.replace_substring_regex(text, _CURRENCY_BEFORE, r"\1")
        text = pc.replace_substring_regex(text, _CURRENCY_BEHIND, r"\1")
    else:
        suffixed = pc.match_substring_regex(text, _SUFFIX)
        power = pc.if_else(suffixed, pc.replace_substring_regex(text, _SUFFIX, r"\2"), "")
        power = pc.fill_null(pc.index_in(power, pa.array(list(_POWERS))), len(_POWERS))
        power = pc.take(pa.array([*_POWERS.values(), ""]), power)
        text = pc.if_else(suffixed, pc.replace_substring_regex(text, _SUFFIX, r"\1"), text)
    if decimal == UNDECIDED:
        doubtful = np.isin(votes(text), (FOR_COMMA, UNCLEAR))
        text = pc.if_else(pa.array(doubtful), "doubtful", text)
    sign = decimal or POINT
    grouped = pc.match_substring_regex(text, _GROUPED[sign])
    text = pc.if_else(grouped, pc.replace_substring_regex(text, _GROUP_SIGNS[sign], ""), text)
    if sign == COMMA:
        fine = pc.match_substring_regex(text, _DECIMAL_COMMA)
        text = pc.if_else(fine, pc.replace_substring(text, ",", "."), "")
    return text if power is None else pc.binary_join_element_wise(text, power, "")


def vote(written: str) -> int:
    """What one value says of the decimal sign; NO_SIGN where it has none, or is no number."""
    return int(votes(pa.chunked_array([[written]]))[0])


def votes(column: pa.ChunkedArray) -> np.ndarray:
    """int8: what each value says of the decimal sign."""
    column = pc.utf8_trim_whitespace(column)
    bare = pc.replace_substring_regex(pc.utf8_slice_codeunits(column, 0, LONGEST + 1), _DRESS, "")

    def matches(pattern: str) -> np.ndarray:
        return to_numpy(pc.match_substring_regex(bare, pattern))

    signed = matches(r"^[0-9.,]*[.,][0-9.,]*$") & matches("[0-9]") & (to_numpy(pc.utf8_length(column)) <= LONGEST)
    first_comma, last_comma = matches("^[0-9]*,"), matches(",[0-9]*$")
    several, unclear = matches("[.,].*[.,]"), matches(_UNPROVEN_COMMA)
    grouped = several & (first_comma == last_comma)  # 1.234.567: the sign of the groups is not the decimal one
    found = np.where(last_comma != grouped, FOR_COMMA, FOR_POINT)
    found[unclear] = UNCLEAR
    found[~signed] = NO_SIGN
    return found.astype(np.int8)


def is_number(written: str) -> bool:
    """Whether a text is a number by some decimal sign."""
    return any(math.isfinite(number(written, decimal, volume=True)) for decimal in (POINT, COMMA))
