import datetime
import random
from collections import Counter

import pytest

from stocks.reading import dates
from stocks.series import day_of, iso


@pytest.mark.parametrize(
    "written",
    [
        *(
            "2024-01-05",
            "2024-1-5",
            "2024/01/05",
            "2024.1.5",
            "20240105",
            "2024-01-05T09:30:00.000Z",
            "2024-01-05 16:00",
        ),
        *(
            "Jan 5, 2024",
            "Jan 05, 2024",
            "January 5, 2024",
            "5 January 2024",
            "05-Jan-2024",
            "5-JAN-24",
            "05 January, 2024",
            "2024-Jan-05",
            "2024 Jan 5",
            "05JAN2024:00:00:00",
            "Jan. 5, 2024",
        ),
        *(
            "2024. 01. 05.",
            "2024- 01- 05",
            "2024年1月5日",
            "2024년 01월 05일",
            "113/01/05",
            "1130105",
            "2024/01/05(金)",
        ),
        *("Friday, January 5, 2024", "05JAN2024", "05/Jan/2024", "2024-01-05 23:59:59.999999999", "2024-01-05,五"),
        *("2024-01-05 4:00 PM", "2024-01-05 00:00:00-05:00", "2024-01-05T00:00:00,5+0530", "05-jan-2024 00:00 GMT"),
    ],
)
def test_a_day_that_can_be_read_in_one_way_needs_no_order(written):
    assert iso(dates.read_day(written)) == "2024-01-05"


@pytest.mark.parametrize(
    ("written", "order", "day"),
    [
        ("01/02/2024", "day", "2024-02-01"),
        ("01/02/2024", "month", "2024-01-02"),
        ("1.2.2024 16:00:00", "day", "2024-02-01"),
        ("1-2-2024", "month", "2024-01-02"),
        ("2024-01-02", "day", "2024-01-02"),
        ("01/02/68", "month", "2068-01-02"),
        ("01/02/69", "month", "1969-01-02"),
    ],
)
def test_the_order_holds_for_days_with_the_year_last_only(written, order, day):
    assert iso(dates.read_day(written, order, short_years=True)) == day


@pytest.mark.parametrize(
    "written",
    [
        *("", "2024", "2024-01", "2024-02-30", "20240230", "1899-12-31", "2201-01-01", "2024-01/05", "05/01.2024"),
        *("01/02/2024", "01/02/24", "32-Jan-2024", "5 Foo 2024", "Jan 5 24", "2024-01-05x", "2024-01-05 25", "45292"),
        *("2024-01-05 25:00", "2024-01-05 24:00", "2024-01-05 12:60", "2024-01-05 12:00:60", "2024-01-05 13:00 PM"),
        "2024-01-05" + " " * 100,
    ],
)
def test_what_is_no_day_or_more_than_one_is_none(written):
    assert dates.read_day(written) == dates.NOT_A_DAY


def test_a_short_year_is_none_where_it_may_be_a_day():
    assert dates.read_day("10.09.08", "day") == dates.NOT_A_DAY
    assert dates.read_day("13/14/2024", "day") == dates.NOT_A_DAY


def test_values_too_long_for_a_day_are_never_kept():
    before = dates._read.cache_info().currsize
    dates.read_day("x" * 100_000)
    assert dates._read.cache_info().currsize == before


def way(written: list[str], until: str = "2024-12-31", tolerance: float = 0.01) -> dates.Way:
    return dates.way(Counter(written).items(), day_of(until), tolerance)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (["2024-01-05", "x", ""], ("", False, "")),
        (["13/02/2024"], ("day", False, "")),
        (["13/02/2024", "14/02/2024"], ("day", False, "")),
        (["01/02/2024", "13/02/2024", "14/02/2024"], ("day", False, "")),
        (["01/02/2024", "01/13/2024", "01/14/2024"], ("month", False, "")),
        (["1/2/24", "1/13/24", "1/14/24"], ("month", True, "")),
        (["30.01.23", "31.01.23"], ("day", True, "")),
        (["13.01.99", "14.01.99"], ("day", True, "")),
        (["24/01/30", "24/01/31"], ("year", True, "")),
        (["13/01/2024", "14/01/2024", "13/01/24"], ("day", False, "")),
        (["13/01/2024", "14/01/2024", "01/15/2024"], ("day", False, "")),
        (["2024-01-05", "2024-01-06", "13/01/2024"], ("", False, "")),
        (["99/99/2024", "13/01/2024", "14/01/2024"], ("day", False, "")),
        (["1704067200", "1704153600"], ("", False, "s")),
        (["1704067200000", "1704153600000.0"], ("", False, "ms")),
        (["1704067200000000"], ("", False, "us")),
        (["1704067200000000000"], ("", False, "ns")),
        (["20240102", "20240103"], ("", False, "")),
    ],
)
def test_the_rows_prove_how_a_file_writes_its_days(written, found):
    assert way(written) == found


def test_a_day_that_would_not_have_come_proves_the_order_too():
    assert way(["03/02/2024", "04/02/2024", "05/02/2024"], until="2024-02-28").order == "day"


@pytest.mark.parametrize(
    ("written", "example", "missing"),
    [
        (["x", "01/02/2024"], "01/02/2024", "may have the day or the month first, and no row shows which"),
        (["01/02/2024", "13/02/2024"], "13/02/2024", "alone says whether the day or the month comes first"),
        (["01/02/1999"] * 539 + ["01/13/1999"], "01/13/1999", "alone says whether the day or the month comes first"),
        (["01/02/1999"] * 538 + ["01/13/1999"] * 2, "01/13/1999", "and 1 more of 540 rows say whether the day or"),
        (["13/2/2024", "2/13/2024"], "13/2/2024", "contradicts other rows on whether the day or the month comes first"),
        (["13.01.24"], "13.01.24", "may have the day or the year first, and no row shows which"),
        (["2024-01-05", "2024-02-05"] * 9 + ["13/01/2024"] * 9, "13/01/2024", "is in another form than '2024-02-05'"),
        (["1704067200", "1704153600000"], "", "counts the time since 1970 in ms and s; write one of them, or days"),
    ],
)
def test_a_file_that_proves_no_way_says_so(written, example, missing):
    with pytest.raises(dates.Undecided) as refused:
        way(written)
    assert refused.value.args[0] == example
    assert refused.value.args[1].startswith(missing)


@pytest.mark.parametrize("seed", range(5))
def test_what_one_slip_says_never_decides(seed):
    """Whatever one row of a file says, the others are read as without it, or the file is refused."""
    choose = random.Random(seed)  # noqa: S311
    first = datetime.date(2001, 1, 1)
    for order, form in (("day", "%d/%m/%Y"), ("month", "%m/%d/%Y")):
        days = [first + datetime.timedelta(choose.randrange(8000)) for _ in range(choose.randrange(3, 400))]
        written = [day.strftime(form) for day in days]
        slip = choose.choice(["13/13/2020", "1/31/2020", "31/1/2020", "2020-01-31", "1577836800", "x", "01.02.03"])
        try:
            assert way([*written, slip]).order in ("", order)
        except dates.Undecided:
            continue


def test_every_day_of_a_century_is_read_back_in_every_form():
    forms = {"%Y-%m-%d": "", "%Y%m%d": "", "%d/%m/%Y": "day", "%m/%d/%Y": "month", "%d-%b-%Y": "", "%B %d, %Y": ""}
    first = datetime.date(1970, 1, 1)
    for number in range(0, 36_525, 7):
        day = first + datetime.timedelta(number)
        for form, order in forms.items():
            assert dates.read_day(day.strftime(form), order) == number
