import datetime

import pytest

from stocks.reading import dates
from stocks.series import iso


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
            "Jan. 5, 2024",
        ),
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


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (["2024-01-05", "x", ""], ("", False)),
        (["01/02/2024", "13/02/2024"], ("day", False)),
        (["01/02/2024", "01/13/2024"], ("month", True)),
        (["1/2/24", "1/13/24"], ("month", True)),
        (["13.01.24", "13.01.99"], ("day", True)),
        (["13/01/2024", "13/01/24"], ("day", False)),
        (["13/01/2024", "14/01/2024", "01/15/2024"], ("day", False)),
        (["2024-01-05", "13/01/2024"], ("", False)),
        (["99/99/2024", "13/01/2024"], ("day", False)),
    ],
)
def test_a_component_above_12_decides_for_the_file(written, found):
    assert dates.order(written) == found


@pytest.mark.parametrize(
    ("written", "example", "missing"),
    [
        (["x", "01/02/2024"], "01/02/2024", "may have the day or the month first, and no row shows which"),
        (
            ["13/2/2024", "2/13/2024"],
            "13/2/2024",
            "may have the day or the month first, and the rows contradict each other",
        ),
        (["13.01.24"], "13.01.24", "may have the day or the year first, and no row shows which"),
    ],
)
def test_a_file_that_proves_no_order_says_so(written, example, missing):
    with pytest.raises(dates.Undecided) as refused:
        dates.order(written)
    assert refused.value.args == (example, missing)


def test_every_day_of_a_century_is_read_back_in_every_form():
    forms = {"%Y-%m-%d": "", "%Y%m%d": "", "%d/%m/%Y": "day", "%m/%d/%Y": "month", "%d-%b-%Y": "", "%B %d, %Y": ""}
    first = datetime.date(1970, 1, 1)
    for number in range(0, 36_525, 7):
        day = first + datetime.timedelta(number)
        for form, order in forms.items():
            assert dates.read_day(day.strftime(form), order) == number
