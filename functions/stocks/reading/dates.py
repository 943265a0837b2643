"""How files write days: year first, months by name, or day and month in an order that holds for the whole file.

Accepted are 2024-01-05, 2024/1/5, 20240105; Jan 5, 2024, 5 January 2024, 05-Jan-24; and, where some row proves the
order by a component above 12, 05/01/2024, 5.1.2024 or 05-01-2024. A time behind the day is dropped and its zone never
moves the day. A year of two digits belongs to 1969 to 2068; without a month's name it is accepted where it cannot be a
day: with the month first, or where a year above 31 occurs.
"""

import datetime
import functools
import re
from collections.abc import Iterable

import numpy as np

from stocks.series import day_of

YEARS = range(1900, 2201)
FIRST_DAY, LAST_DAY = day_of(f"{YEARS[0]}-01-01"), day_of(f"{YEARS[-1]}-12-31")
LONGEST = 60  # characters: what is longer is no day and must not fill the cache
NOT_A_DAY = int(np.iinfo(np.int32).min)
FORMS = {"": "YYYY-MM-DD", "day": "DD/MM/YYYY or YYYY-MM-DD", "month": "MM/DD/YYYY or YYYY-MM-DD"}

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<name>jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|"
    r"nov(ember)?|dec(ember)?)\.?"
)
_TIME = r"([T ]\d\d?:\d\d(:\d\d([.,]\d+)?)?( ?[AP]M)?( ?(Z|UTC|GMT|[+-]\d\d:?\d\d))?)?"
_FLAGS = re.ASCII | re.IGNORECASE
_YEAR_FIRST = re.compile(
    r"((?P<year>\d{4})(?P<sign>[-/.])(?P<month>\d\d?)(?P=sign)(?P<day>\d\d?)|(?P<compact>\d{8}))" + _TIME, _FLAGS
)
_NAMED = (
    re.compile(_MONTH + r"[ -](?P<day>\d\d?),?[ -](?P<year>\d{4})" + _TIME, _FLAGS),
    re.compile(r"(?P<day>\d\d?)[ -]" + _MONTH + r"[ -](?P<year>\d{4}|\d\d)" + _TIME, _FLAGS),
)
_YEAR_LAST = re.compile(r"(?P<a>\d\d?)(?P<sign>[-/.])(?P<b>\d\d?)(?P=sign)(?P<year>\d{4}|\d\d)" + _TIME, _FLAGS)


def read_day(written: str, order: str = "", short_years: bool = False) -> int:
    """Days since 1970-01-01 of the first of 1900 to the last of 2200; NOT_A_DAY where it is none."""
    return _read(written, order, short_years) if len(written) <= LONGEST else NOT_A_DAY


@functools.lru_cache(maxsize=1 << 16)
def _read(written: str, order: str, short_years: bool) -> int:
    if parts := _YEAR_FIRST.fullmatch(written):
        if whole := parts["compact"]:
            return _day(whole[:4], whole[4:6], whole[6:])
        return _day(parts["year"], parts["month"], parts["day"])
    if parts := _YEAR_LAST.fullmatch(written):
        if not order or (len(parts["year"]) == 2 and not short_years):
            return NOT_A_DAY
        month, day = (parts["b"], parts["a"]) if order == "day" else (parts["a"], parts["b"])
        return _day(parts["year"], month, day)
    for form in _NAMED:
        if parts := form.fullmatch(written):
            return _day(parts["year"], str(_MONTHS.index(parts["name"][:3].lower()) + 1), parts["day"])
    return NOT_A_DAY


def _day(year: str, month: str, day: str) -> int:
    full = int(year) if len(year) == 4 else int(year) + (2000 if int(year) < 69 else 1900)
    if full not in YEARS:
        return NOT_A_DAY
    try:
        return (datetime.date(full, int(month), int(day)) - datetime.date(1970, 1, 1)).days
    except ValueError:
        return NOT_A_DAY


class Undecided(Exception):
    """Dates can be read in two ways; holds an example and what is missing."""


def order(written: Iterable[str]) -> tuple[str, bool]:
    """(order, whether years may have two digits) as the dates prove it. Raises Undecided.

    Where most dates are in another form, the few that have the year last decide nothing and are bad rows.
    """
    last, others = [], 0
    for text in written:
        if parts := _YEAR_LAST.fullmatch(text):
            last.append((int(parts["a"]), int(parts["b"]), parts["year"], text))
        else:
            others += read_day(text) != NOT_A_DAY
    if len(last) <= others:
        return "", False
    day_first = sum(a > 12 >= b for a, b, _, _ in last)
    month_first = sum(b > 12 >= a for a, b, _, _ in last)
    if day_first == month_first:
        missing = "the rows contradict each other" if day_first else "no row shows which"
        raise Undecided(last[0][3], f"may have the day or the month first, and {missing}")
    found = "day" if day_first > month_first else "month"
    short = found == "month" or any(len(year) == 2 and int(year) > 31 for _, _, year, _ in last)
    if not short and all(len(year) == 2 for _, _, year, _ in last):
        raise Undecided(last[0][3], "may have the day or the year first, and no row shows which")
    return found, short
