"""How files write days: year first, months by name, one order of day and month for the whole file, or epochs.

Accepted are 2024-01-05, 2024/1/5, 2024. 1. 5., 20240105, 2024年1月5日, 2024년 1월 5일 and Taiwan's 113/01/05; Jan 5,
2024, 5 January 2024, 05-Jan-24, 2024-Jan-05 and SAS's 05JAN2024:00:00:00; where the rows prove the order, 05/01/2024,
5.1.2024 or 05-01-24; and seconds since 1970, or thousandths, millionths or billionths of them, in the one unit that the
rows prove. A time behind the day is dropped, and its zone never moves the day. A year of two digits belongs to 1969 to
2068.
"""

import datetime
import functools
import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from stocks.reading.evidence import proves
from stocks.series import day_of

YEARS = range(1900, 2201)
FIRST_DAY, LAST_DAY = day_of(f"{YEARS[0]}-01-01"), day_of(f"{YEARS[-1]}-12-31")
FIRST_EPOCH = day_of("1975-01-01")  # before it, a count of seconds may be a day written as YYYYMMDD
LONGEST = 60  # characters: what is longer is no day and must not fill the cache
EVENING = 14  # hours of UTC; midnight in Sydney
EVES = 0.05  # of all rows; half of the Sundays of a year are a tenth
NOT_A_DAY = int(np.iinfo(np.int32).min)
FORMS = {
    "": "YYYY-MM-DD",
    "day": "DD/MM/YYYY or YYYY-MM-DD",
    "month": "MM/DD/YYYY or YYYY-MM-DD",
    "year": "YY/MM/DD or YYYY-MM-DD",
}
UNITS = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}  # how many a day has

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<name>jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|"
    r"nov(ember)?|dec(ember)?)\.?"
)
_CLOCK = r"[0-5]\d(:[0-5]\d([.,]\d+)?)?"
_TIME = (
    rf"([T ]((0?\d|1[0-2]):{_CLOCK} ?[AP]M|([01]?\d|2[0-3]):{_CLOCK})"
    r"( ?(Z|[A-Z]{3,4})?([+-]\d\d:?\d\d)?)?)?"
)
_BEFORE, _BEHIND = (
    r"((mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?|sun)(day)?,? )?",
    rf"\.?( ?[((].[))]|,[一二三四五六日])?{_TIME}",
)
_FORM = re.IGNORECASE | re.ASCII
_YEAR_FIRST = re.compile(
    r"((?P<year>[0-9]{4})(?P<sign>[-/.]) ?(?P<month>[0-9]{1,2})(?P=sign) ?(?P<day>[0-9]{1,2})|"
    r"(?P<compact>[0-9]{8})(\.0)?|"
    r"(?P<roc>1[0-9]{2})(?P<slash>/?)(?P<roc_month>[0-9]{2})(?P=slash)(?P<roc_day>[0-9]{2})|"
    r"(?P<cjk>[0-9]{4}) ?[年년] ?(?P<cjk_month>[0-9]{1,2}) ?[月월] ?(?P<cjk_day>[0-9]{1,2}) ?[日일])" + _BEHIND,
    _FORM,
)
_NAMED = (
    re.compile(r"(?P<year>\d{4})(?P<sign>[ /-])" + _MONTH + r"(?P=sign)(?P<day>\d\d?)" + _TIME, _FORM),
    re.compile(_BEFORE + _MONTH + r"[ -](?P<day>\d\d?),?[ -](?P<year>\d{4})" + _TIME, _FORM),
    re.compile(_BEFORE + r"(?P<day>\d\d?)[ /-]" + _MONTH + r"(,? |[/-])(?P<year>\d{4}|\d\d)" + _TIME, _FORM),
    re.compile(r"(?P<day>\d\d?)" + _MONTH + r"(?P<year>\d{4})(:00:00:00(\.0+)?)?", _FORM),
)
_YEAR_LAST = re.compile(
    _BEFORE + r"(?P<a>\d\d?)(?P<sign>[-/.]) ?(?P<b>\d\d?)(?P=sign) ?(?P<c>\d{4}|\d\d)" + _BEHIND, _FORM
)
_EPOCH = re.compile(r"(?P<count>\d{9,19})(\.0*)?", re.ASCII)


def read_day(written: str, order: str = "", short_years: bool = False, unit: str = "") -> int:
    """Days since 1970-01-01 of the first of 1900 to the last of 2200; NOT_A_DAY where it is none."""
    return _read(written, order, short_years, unit) if len(written) <= LONGEST else NOT_A_DAY


@functools.lru_cache(maxsize=1 << 16)
def _read(written: str, order: str, short_years: bool, unit: str) -> int:
    if unit and (found := _EPOCH.fullmatch(written)):
        day = int(found["count"]) // UNITS[unit]
        return day if FIRST_EPOCH <= day <= LAST_DAY else NOT_A_DAY
    if (plain := _unambiguous(written)) is not None:
        return plain
    if parts := _YEAR_LAST.fullmatch(written):
        if not order or (len(parts["c"]) == 2 and not short_years):
            return NOT_A_DAY
        return _ordered(parts, order)
    return NOT_A_DAY


def _unambiguous(written: str) -> int | None:
    """The day of a text whose form alone says how to read it; None for other forms."""
    if parts := _YEAR_FIRST.fullmatch(written):
        if whole := parts["compact"]:
            return _day(whole[:4], whole[4:6], whole[6:])
        if parts["roc"]:
            return _day(str(int(parts["roc"]) + 1911), parts["roc_month"], parts["roc_day"])
        if parts["cjk"]:
            return _day(parts["cjk"], parts["cjk_month"], parts["cjk_day"])
        return _day(parts["year"], parts["month"], parts["day"])
    for form in _NAMED:
        if parts := form.fullmatch(written):
            return _day(parts["year"], str(_MONTHS.index(parts["name"][:3].lower()) + 1), parts["day"])
    return None


def _ordered(parts: re.Match, order: str) -> int:
    a, b, c = parts["a"], parts["b"], parts["c"]
    year, month, day = {"day": (c, b, a), "month": (c, a, b), "year": (a, b, c)}[order]
    return _day(year, month, day) if len(year) in (2, 4) and len(day) <= 2 else NOT_A_DAY


def _day(year: str, month: str, day: str) -> int:
    full = int(year) if len(year) == 4 else int(year) + (2000 if int(year) < 69 else 1900)
    if full not in YEARS:
        return NOT_A_DAY
    try:
        return (datetime.date(full, int(month), int(day)) - datetime.date(1970, 1, 1)).days
    except ValueError:
        return NOT_A_DAY


def is_day(written: str) -> bool:
    """Whether a text is a day in some form, an epoch apart."""
    if len(written) > LONGEST:
        return False
    found = _unambiguous(written)
    if found is None and (parts := _YEAR_LAST.fullmatch(written)):
        return any(_ordered(parts, order) != NOT_A_DAY for order in ("day", "month", "year"))
    return found is not None and found != NOT_A_DAY


def eve(counted: Iterable[tuple[str, int]], way: "Way") -> str:
    """A text that shows that days begin elsewhere than their UTC times say, or an empty string.

    The midnight of an exchange east of Greenwich is the evening before in UTC: its Mondays are Sundays. What trades at
    all times shows itself by Saturdays. Times without a zone are an exchange's own, and tell nothing.
    """
    sundays, saturdays, total, example = 0, 0, 0, ""
    for text, rows in counted:
        day, total = read_day(text, *way), total + rows
        weekday = (day + 3) % 7  # 1970-01-01 was a Thursday, 0 is Monday
        saturdays += rows if weekday == 5 else 0
        if day != NOT_A_DAY and weekday == 6 and _is_evening(text, way.unit):
            sundays, example = sundays + rows, text
    return example if sundays > max(EVES * total, 2 * saturdays) else ""


def _is_evening(written: str, unit: str) -> bool:
    """Whether a time of UTC may be a midnight of Asia or Europe: a quarter of an hour after 14:00."""
    if unit and (found := _EPOCH.fullmatch(written)):
        seconds = int(found["count"]) % UNITS[unit] * 86_400 // UNITS[unit]
    elif found := re.search(r"[T ](\d\d):(\d\d)(:00(\.0+)?)? ?(Z|UTC|GMT|\+00:?00)$", written):
        seconds = int(found[1]) * 3600 + int(found[2]) * 60
    else:
        return False
    return seconds >= EVENING * 3600 and seconds % 900 == 0


def is_epoch(written: str, until: int) -> bool:
    return bool(_unit(written, until))


def time_of(written: str, unit: str) -> str:
    """The time behind a day, to the second, or an empty string."""
    if unit and (found := _EPOCH.fullmatch(written.strip())):
        return str(int(found["count"]) % UNITS[unit])
    found = re.search(r"[T ](\d\d?:\d\d(:\d\d)?)", written) if ":" in written else None
    return found[1] if found else ""


class Undecided(Exception):
    """Days can be read in two ways; holds an example and what is missing."""


class Way(NamedTuple):
    """How a file writes its days: see `read_day`."""

    order: str = ""
    short_years: bool = False
    unit: str = ""


ANY_WAY = Way()  # no row needs a decision


class _Row(NamedTuple):
    """Rows of one text: under which orders it is a day that has come, and how many rows."""

    text: str
    fits: frozenset[str]
    rows: int


def way(counted: Iterable[tuple[str, int]], until: int, tolerance: float) -> Way:
    """How the texts, each with its number of rows, prove that the file writes its days. Raises Undecided.

    Where most rows are in a form that says it by itself, the others decide nothing and are bad rows.
    """
    long: list[_Row] = []
    short: list[_Row] = []
    units, plain, other = Counter[str](), 0, ""
    for text, count in counted:
        if len(text) > LONGEST:
            continue
        if (parts := _YEAR_LAST.fullmatch(text)) and _unambiguous(text) is None:
            orders = ("day", "month", "year") if len(parts["c"]) == 2 else ("day", "month")
            fits = frozenset(order for order in orders if NOT_A_DAY < _ordered(parts, order) <= until)
            (short if len(parts["c"]) == 2 else long).append(_Row(text, fits, count))
        elif unit := _unit(text, until):
            units[unit] += count
        else:
            if is_day(text):
                plain, other = plain + count, text
    ordered = sum(row.rows for row in long + short)
    if units.total() > max(ordered, plain):
        return Way(unit=_one_unit(units, tolerance))
    if min(ordered, plain) > max(tolerance * (ordered + plain), 1):
        raise Undecided((long + short)[0].text, f"is in another form than {other!r}; a program may have turned some")
    if ordered <= plain:
        return Way()
    if not long:
        return Way(_decided(short, ("day", "month", "year"), tolerance), True)
    order = _decided(long, ("day", "month"), tolerance)
    return Way(order, bool(short) and _beats(short, order, "year", tolerance))


def _unit(written: str, until: int) -> str:
    """The unit in which a count is a day from 1975 on that has come; no count is one in two units."""
    found = _EPOCH.fullmatch(written) if len(written) <= LONGEST else None
    days = {unit: int(found["count"]) // size for unit, size in UNITS.items()} if found else {}
    return next((unit for unit, day in days.items() if FIRST_EPOCH <= day <= until), "")


def _one_unit(units: Counter[str], tolerance: float) -> str:
    proven = [unit for unit, count in units.items() if proves(count, units.total(), tolerance)]
    if len(proven) != 1:
        raise Undecided("", f"counts the time since 1970 in {' and '.join(sorted(units))}; write one of them, or days")
    return proven[0]


def _beats(rows: list[_Row], order: str, other: str, tolerance: float) -> bool:
    """Whether the rows prove one order and not the other."""
    total = sum(row.rows for row in rows)
    better = sum(row.rows for row in rows if order in row.fits and other not in row.fits)
    worse = sum(row.rows for row in rows if other in row.fits and order not in row.fits)
    return proves(better, total, tolerance) and not proves(worse, total, tolerance)


def _decided(rows: list[_Row], orders: tuple[str, ...], tolerance: float) -> str:
    """The order that beats every other one. Raises Undecided."""
    for order in orders:
        if all(_beats(rows, order, other, tolerance) for other in orders if other != order):
            return order
    telling = [row for row in rows if len(row.fits & {"day", "month"}) == 1]
    sides = {order for row in telling for order in row.fits & {"day", "month"}}
    count, total = sum(row.rows for row in telling), sum(row.rows for row in rows)
    if len(sides) > 1:
        fewer = min(sorted(sides), key=lambda side: sum(row.rows for row in telling if side in row.fits))
        example = next(row.text for row in telling if fewer in row.fits)
        raise Undecided(example, "contradicts other rows on whether the day or the month comes first")
    if not any(row.fits for row in rows):
        raise Undecided(rows[0].text, f"is no day from {YEARS[0]} until today, whatever comes first")
    if not telling:
        raise Undecided(rows[0].text, "may have the day or the month first, and no row shows which")
    if any(_beats(rows, order, other, tolerance) for order, other in (("day", "month"), ("month", "day"))):
        raise Undecided(rows[0].text, "may have the day or the year first, and no row shows which")
    who = "alone says" if count == 1 else f"and {count - 1:,} more of {total:,} rows say"
    raise Undecided(telling[0].text, f"{who} whether the day or the month comes first, too few to go by")
