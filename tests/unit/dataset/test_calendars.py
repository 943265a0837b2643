"""Scenario 51 and its relatives, with days by lists of holidays that were written by hand, not by calendars.csv."""

import datetime

import numpy as np
import pytest

from stocks.dataset import calendars
from tests.support.exchanges import CUT, END, FIRST, HOLIDAYS, day, iso, span, weekdays, written

# Their governments announce a year's holidays late in the year before.
ANNOUNCED = {"XSHG", "XNSE", "XSES", "XPHS"}
GRACE = datetime.timedelta(days=90)


def tabled(exchange: str, last: str, rows: int = 500) -> np.ndarray:
    """An exchange's last sessions by calendars.csv."""
    sessions = calendars.of(exchange).sessions
    return sessions[sessions <= day(last)][-rows:]


def ahead(calendar: str, last: str, *horizons: int) -> list[str]:
    return [iso(calendars.sessions_ahead(calendar, np.array([day(last)], np.int32), h))[0] for h in horizons]


@pytest.mark.parametrize("exchange", HOLIDAYS)
def test_the_table_has_the_holidays_that_the_exchange_announced(exchange):
    sessions = calendars.of(exchange).sessions
    assert iso(sessions[(sessions >= day(FIRST)) & (sessions <= day(END))]) == iso(written(exchange))


@pytest.mark.parametrize(
    ("exchange", "iso_day", "trades"),
    [
        ("XNYS", "2001-09-12", False), ("XNYS", "2012-10-29", False), ("XNYS", "2018-12-05", False),
        ("XNYS", "2021-12-31", True), ("XNYS", "2022-06-20", False), ("XNYS", "2024-07-03", True),  # half a day
        ("XNYS", "2024-10-14", True), ("XNYS", "2026-07-03", False), ("CMES", "2024-07-04", True),
        ("XLON", "2020-05-04", True), ("XLON", "2020-05-08", False), ("XLON", "2022-09-19", False),
        ("XETR", "2017-10-31", False), ("XETR", "2024-10-03", True), ("XPAR", "2024-05-08", True),
        ("XTKS", "2019-05-01", False), ("XHKG", "2018-10-17", False), ("XHKG", "2024-02-09", True),
        ("XSHG", "2024-10-12", False), ("XKRX", "2025-01-27", False), ("XASX", "2022-09-22", False),
        ("XNSE", "2021-11-04", True), ("XNSE", "2024-11-01", True), ("XNSE", "2024-01-22", False),  # two of Muhurat
        ("XSAU", "2024-09-22", True), ("XSAU", "2024-09-23", False), ("XSAU", "2024-09-27", False),
        ("XTAE", "2024-10-03", False), ("XTAE", "2025-12-28", True), ("XTAE", "2025-12-26", False),
        ("XTAE", "2026-01-09", True), ("XTAE", "2026-01-11", False),  # Israel's week changed
    ],
)  # fmt: skip
def test_days_that_somebody_remembers_are_as_the_table_has_them(exchange, iso_day, trades):
    assert (day(iso_day) in calendars.of(exchange).sessions) is trades


@pytest.mark.parametrize("exchange", [name for name in HOLIDAYS if name != "XPAR"])
def test_a_ticker_is_of_the_exchange_whose_holidays_it_keeps(exchange):
    found = calendars.evidence(written(exchange, last=CUT))
    assert found == ("Mon-Fri", (exchange,), True)
    after = iso(written(exchange, first="2025-04-12"))
    assert ahead(exchange, CUT, 1, 5, 20) == [after[0], after[4], after[19]]


def test_51_nyse_with_one_gap_day_and_with_a_gap_of_a_month():
    days = written("XNYS", last=CUT)
    one = days[days != day("2024-08-14")]
    month = days[(days < day("2024-08-14")) | (days > day("2024-09-13"))]
    assert calendars.infer(one) == calendars.infer(month) == "XNYS"
    assert ahead("XNYS", "2024-07-03", 1) == ["2024-07-05"]
    assert ahead("XNYS", "2024-12-24", 1, 5) == ["2024-12-26", "2025-01-02"]
    assert ahead("XNYS", "2025-01-08", 1) == ["2025-01-10"]


def test_51_nse_with_saturday_sessions_and_evenings_of_muhurat():
    days = written("XNSE", last=CUT)
    unlisted = [day("2024-03-02"), day("2024-05-18")]  # Saturdays on which it traded, too
    with_saturdays = np.union1d(days, unlisted)
    without_muhurat = days[days != day("2024-11-01")]
    for own in (days, with_saturdays, without_muhurat):
        assert calendars.evidence(own) == ("Mon-Fri", ("XNSE",), True)
    assert ahead("XNSE", "2024-01-19", 1, 2) == ["2024-01-20", "2024-01-23"]


def test_china_is_closed_on_the_saturdays_on_which_others_make_up_for_the_new_year():
    days = written("XSHG", last=CUT)
    some_rows_of_saturdays = np.union1d(days, [day("2024-02-04"), day("2024-10-12")])
    assert calendars.infer(days) == calendars.infer(some_rows_of_saturdays) == "XSHG"
    assert ahead("XSHG", "2024-09-30", 1, 4, 5) == ["2024-10-08", "2024-10-11", "2024-10-14"]


def test_51_riyadh_trades_from_sunday_to_thursday():
    found = calendars.evidence(tabled("XSAU", "2024-09-19"))
    assert found == ("Sun-Thu", ("XSAU",), True)
    assert ahead("XSAU", "2024-09-19", 1, 2) == ["2024-09-22", "2024-09-24"]
    without_holidays = span("2023-01-01", "2024-09-19")
    without_holidays = without_holidays[np.isin(calendars._weekday(without_holidays), (6, 0, 1, 2, 3))]
    assert calendars.infer(without_holidays) == "Sun-Thu"
    assert ahead("Sun-Thu", "2024-09-19", 1, 5, 6) == ["2024-09-22", "2024-09-26", "2024-09-29"]


def test_tel_aviv_before_and_after_its_week_changed():
    assert calendars.evidence(tabled("XTAE", "2025-06-26")) == ("Sun-Thu", ("XTAE",), True)
    assert ahead("XTAE", "2025-06-26", 1) == ["2025-06-29"]
    for last in ("2026-03-12", "2026-07-02", "2026-11-26"):
        assert calendars.infer(tabled("XTAE", last)) == "XTAE"
    assert ahead("XTAE", "2026-03-12", 1, 2) == ["2026-03-13", "2026-03-16"]


def test_51_crypto_trades_every_day():
    days = span("2023-06-01", "2024-12-24")
    gaps = days[(days < day("2024-03-02")) | (days > day("2024-03-09"))]
    assert calendars.infer(days) == calendars.infer(gaps) == "Mon-Sun"
    assert ahead("Mon-Sun", "2024-12-24", 1, 5, 20) == ["2024-12-25", "2024-12-29", "2025-01-13"]


def test_51_weekly_rows_get_weekly_targets():
    fridays = span("2020-01-01", "2024-03-22")
    fridays = fridays[calendars._weekday(fridays) == 4]
    fridays[fridays == day("2023-04-07")] -= 1  # Good Friday: the week's last session was on Thursday
    days = np.append(fridays, np.int32(day("2024-03-28")))
    assert calendars.infer(days) == "Fri"
    assert ahead("Fri", "2024-03-22", 1, 5) == ["2024-03-29", "2024-04-26"]
    assert ahead("Fri", "2024-03-28", 1, 20) == ["2024-04-05", "2024-08-16"]
    assert calendars.infer(fridays - 4) == "Mon"
    assert ahead("Mon", "2024-05-28", 1) == ["2024-06-03"]  # Tuesday, since Monday was a holiday


def test_monthly_rows_are_irregular():
    first_days = np.arange("2014-01", "2024-12", dtype="datetime64[M]").astype("datetime64[D]")
    last_sessions = np.busday_offset(first_days, -1, roll="forward")
    for days in (first_days.astype(np.int32), last_sessions.astype(np.int32)):
        assert calendars.evidence(days) == (calendars.IRREGULAR, (), False)
    assert ahead(calendars.IRREGULAR, "2024-11-29", 1, 5) == ["2024-12-02", "2024-12-06"]


def test_51_holidays_filled_with_the_last_price_leave_weekdays():
    filled = weekdays(FIRST, CUT)
    assert calendars.evidence(filled) == ("Mon-Fri", (), False)
    assert ahead("Mon-Fri", "2024-12-24", 1, 5) == ["2024-12-25", "2024-12-31"]


def test_a_ticker_of_thirty_rows_is_where_most_of_the_dataset_is():
    days = written("XNYS", "2024-10-15", "2024-11-25")
    found = calendars.evidence(days)
    assert (len(days), found.week, found.proven) == (30, "Mon-Fri", False)
    assert {"XNYS", "XLON", "XETR"} <= set(found.exchanges)
    assert not {"XTKS", "XNSE", "BVMF"} & set(found.exchanges)
    others = [calendars.evidence(written(name, last=CUT)) for name in ("XTKS", "XTKS", "XTKS", "XLON", "XLON", "XETR")]
    votes = calendars.count_votes([found, *others])
    assert votes == {"XTKS": 3, "XLON": 2, "XETR": 1}
    assert calendars.choose(found, votes) == "XLON"
    assert calendars.choose(found, {}) == calendars.infer(days) == "XNYS"


def test_where_exchanges_explain_the_same_the_dataset_decides():
    """Frankfurt and Paris differ on 24 and 31 December only."""
    days = written("XETR", last="2024-11-29")
    found = calendars.evidence(days)
    assert {"XPAR", "XETR"} <= set(found.exchanges)
    assert not found.proven
    assert calendars.infer(days) == "XPAR"
    assert calendars.infer(days, {"XNYS": 9, "XETR": 1}) == "XETR"


def test_two_absences_prove_nothing_and_three_do():
    days = written("XNYS", "2024-02-20", "2024-06-18")  # Good Friday and Memorial Day
    assert not calendars.evidence(days).proven
    proven = calendars.evidence(written("XNYS", "2024-02-20", "2024-06-20"))  # and Juneteenth
    assert proven == ("Mon-Fri", ("XNYS",), True)


def test_of_exchanges_that_are_not_proven_the_one_that_explains_more_comes_first():
    days = written("XASX", "2024-04-03", "2024-05-24")  # away on Anzac Day, and New York trades on every day
    found = calendars.evidence(days)
    assert (found.exchanges[0], found.proven) == ("XASX", False)
    assert "XNYS" in found.exchanges
    assert calendars.infer(days) == "XASX"
    assert calendars.infer(days, {"XNYS": 1}) == "XNYS"


def test_what_a_table_does_not_know_it_does_not_explain():
    days = span("2020-06-01", "2021-01-20")  # the table of Riyadh begins in 2021
    days = days[np.isin(calendars._weekday(days), (6, 0, 1, 2, 3))]
    away = [day(iso_day) for iso_day in ("2020-07-29", "2020-07-30", "2020-08-02", "2020-09-23")]
    assert calendars.evidence(np.setdiff1d(days, away)) == ("Sun-Thu", ("XSAU",), False)


@pytest.mark.parametrize(("of_three", "week"), [(1, "Mon-Sat"), (0.9, "Mon-Fri")])
def test_a_day_is_of_the_week_if_it_trades_in_a_third_of_the_weeks(of_three, week):
    days = weekdays("2024-01-01", "2024-12-29")
    saturdays = np.arange(day("2024-01-06"), day("2024-12-27"), 7)
    chosen = saturdays[: int(np.ceil(of_three * len(saturdays) / 3))]
    assert calendars.evidence(np.union1d(days, chosen)).week == week


def test_only_the_last_500_rows_count():
    every_day = span("2018-01-01", "2022-12-31")
    days = np.concatenate([every_day, tabled("XNYS", "2024-12-31", 502)])
    assert calendars.infer(days) == "XNYS"
    assert calendars.infer(days[:-20]) != "XNYS"


@pytest.mark.parametrize("stray", ["1970-01-01", "1926-09-30"])
def test_a_row_of_decades_before_hides_no_calendar(stray):
    days = tabled("XNYS", "2024-12-31", 300)
    assert calendars.infer(np.append(span(stray, stray), days)) == calendars.infer(days) == "XNYS"


def test_where_too_few_rows_follow_a_gap_of_years_those_before_it_count():
    few = span("2022-01-03", "2022-01-10")
    assert calendars.infer(np.append(span("2016-01-01", "2020-12-31"), few)) == "Mon-Sun"
    assert calendars.infer(np.append(few, tabled("XNYS", "2024-12-31", 100))) == "XNYS"


def test_too_few_rows_show_no_week():
    days = written("XNYS", "2024-10-15", "2024-10-25")
    assert calendars.infer(days) == calendars.infer(days[:0]) == calendars.IRREGULAR


def test_before_the_first_table_it_is_the_week():
    days = weekdays("1990-01-01", "1993-01-01")
    assert calendars.evidence(days) == ("Mon-Fri", (), False)


def test_past_the_end_of_its_table_a_calendar_is_its_week_and_says_so():
    until = calendars.of("XNSE").until
    end = iso(np.array([until]))[0]
    days = np.array([until - 1, until, until + 30], np.int32)
    assert end.endswith("-12-31")
    for h in (1, 5, 20):
        found = calendars.sessions_ahead("XNSE", days, h)
        expected = np.busday_offset(days.astype("datetime64[D]"), h, roll="backward")
        assert iso(found) == expected.astype(str).tolist()
    assert calendars.note("XNSE", days[:2]) == ""
    assert calendars.note("XNSE", days) == f"the holidays of XNSE are known to {end}; after it every Mon-Fri counts"
    assert calendars.note("Mon-Fri", days) == ""
    assert calendars.of("XTAE").week.tolist() == [True] * 5 + [False] * 2
    assert calendars.of("XSAU").week.tolist() == [True] * 4 + [False] * 2 + [True]


@pytest.mark.parametrize("calendar", ["XNYS", "XNSE", "XTAE", "Mon-Sun", "Sun-Thu", "Mon-Tue,Thu", "irregular"])
def test_sessions_are_counted_as_one_by_one(calendar):
    known = calendars.of(calendar)
    first, last = ("2024-12-01", "2027-03-31") if calendar == "XNSE" else ("2025-11-15", "2026-03-31")
    days = span(first, last)
    open_ = [
        at for at in days
        if (at in known.sessions if known.since <= at <= known.until else known.week[(at - calendars.MONDAY) % 7])
    ]  # fmt: skip
    origins = days[:-60]
    for h in (1, 5, 20):
        expected = [
            next(at for n, at in enumerate((o for o in open_ if o > origin), 1) if n == h) for origin in origins
        ]
        found = calendars.sessions_ahead(calendar, origins, h)
        assert (found.dtype, found.tolist()) == (np.int32, expected)
        assert set(calendars.sessions_between(calendar, origins, found).tolist()) == {h}
        assert set(calendars.sessions_between(calendar, origins, found - 1).tolist()) == {h - 1}


def test_before_its_table_a_calendar_counts_its_week():
    first = calendars.of("XNYS").since
    days = np.array([first - 30, first - 1, first], np.int32)
    assert iso(calendars.sessions_ahead("XNYS", days[:1], 1)) == ["1999-12-03"]
    between = calendars.sessions_between("XNYS", days, np.full(3, day("2000-01-18"), np.int32))
    assert between.tolist() == [21 + 11, 11, 11]  # no session on 17 January


def test_chinese_new_year_beside_crypto_is_no_end():
    last, of_dataset = (np.array([day(iso_day)], np.int32) for iso_day in ("2024-02-08", "2024-02-18"))
    assert calendars.sessions_between("XSHG", last, of_dataset).tolist() == [0]
    assert calendars.sessions_between("Mon-Sun", last, of_dataset).tolist() == [10]
    assert calendars.sessions_between("XSHG", last, last).tolist() == [0]


@pytest.mark.parametrize(
    ("name", "days"),
    [("Mon-Fri", "01234"), ("Sun-Thu", "01236"), ("Mon-Sun", "0123456"), ("Fri", "4"), ("Mon,Wed", "02"),
     ("Tue,Sat-Sun", "156"), ("Sun-Mon", "06")],
)  # fmt: skip
def test_a_week_has_the_name_of_its_days(name, days):
    week = np.array([str(weekday) in days for weekday in range(7)])
    assert calendars._name(week) == name
    assert calendars.of(name).week.tolist() == week.tolist()


@pytest.mark.parametrize("name", ["XXXX", "", "Mon-", "Mon-Xyz", "Mon-Tue-Wed", "mon"])
def test_another_name_is_an_error(name):
    with pytest.raises(ValueError, match=f"{name!r} is the name of no calendar"):
        calendars.of(name)


def test_the_tables_reach_a_year_ahead():
    """They end: raise exchange-calendars in requirements/calendars.in, then make lock, setup and generate."""
    today = datetime.date.today()
    until = {name: datetime.date.fromisoformat(iso(np.array([calendars.of(name).until]))[0]) for name in names()}
    wanted = {name: today - GRACE if name in ANNOUNCED else today + datetime.timedelta(days=365) for name in names()}
    assert {name: str(until[name]) for name in names() if until[name] < wanted[name]} == {}


def names() -> tuple[str, ...]:
    return calendars.exchanges().names
