"""Gaps against a ticker's own calendar."""

import numpy as np
import pytest

from stocks.dataset import calendars
from stocks.health import gaps
from stocks.series import day_of, iso
from tests.support import shards as made


def sessions(name, first, last):
    known = calendars.of(name).sessions
    return known[(known >= day_of(first)) & (known <= day_of(last))]


def found(days, votes=None):
    days = np.asarray(days, np.int32)
    shard = made.shard({"A": 10 + np.arange(len(days)) % 7}, days={"A": days}, test_from=int(days[-1]) + 1)
    return [one.text for one in gaps.find(shard, votes or {})]


@pytest.mark.parametrize("name", ["XNYS", "XSHG", "XTKS", "XTAE", "XNSE"])
def test_holidays_are_no_gap_and_three_sessions_are(name):
    days = sessions(name, "2018-01-01", "2024-06-28")
    assert found(days) == []
    assert found(np.delete(days, [700, 701])) == []
    (text,) = found(np.delete(days, [700, 701, 702]))
    assert text == f"{iso(days[703])}: the first row after {iso(days[699])}, with 3 sessions of {name} between them"


def test_eleventh_september_is_a_holiday_and_the_years_before_the_table_are_judged_by_the_week():
    days = sessions("XNYS", "2000-01-03", "2004-12-31")
    assert found(days) == []
    before = np.concatenate([made.weekdays(519, "1998-01-05"), days])
    assert found(before) == []
    assert len(found(np.delete(before, np.arange(100, 110)))) == 1
    assert found(np.delete(before, np.arange(100, 105))) == [], "holidays of then are not known"


def test_where_holidays_are_not_known_a_gap_is_compared_with_the_other_absences():
    days = made.weekdays(600, "2021-01-04")
    assert len(found(np.delete(days, [300, 301, 302]))) == 1
    holidays = np.delete(days, [100, 101, 102, 103, 104, 300, 301, 302, 303, 304])
    assert found(holidays) == []
    assert len(found(np.delete(holidays, np.arange(400, 412)))) == 1
    assert found(np.delete(days[:200], [100, 101, 102])) == [], "it may be the holidays of the year"


def test_too_few_days_tell_no_calendar():
    days = made.weekdays(30)
    assert found(np.concatenate([days[:4], days[20:24]])) == []


def test_every_day_counts_for_a_coin():
    days = np.arange(day_of("2023-01-01"), day_of("2024-01-01"))
    assert found(days) == []
    assert found(np.delete(days, np.arange(100, 102))) == []
    assert len(found(np.delete(days, np.arange(100, 103)))) == 1
    (text,) = found(np.delete(days, np.arange(100, 110)))
    assert text.endswith("with 10 sessions of Mon-Sun between them")


def test_a_share_that_often_has_no_row_has_no_gap():
    days = sessions("XNYS", "2018-01-01", "2022-12-30")
    traded = days[np.random.default_rng(1).random(len(days)) < 0.5]
    assert found(traded) == []


def test_a_halt_of_months_is_a_gap():
    days = sessions("XSHG", "2018-01-01", "2022-12-30")
    (text,) = found(np.delete(days, np.arange(300, 420)))
    assert "with 120 sessions of XSHG between them" in text


@pytest.mark.parametrize("step", [7, 14, 30])
def test_weekly_and_monthly_prices_have_no_gaps(step):
    assert found(np.arange(18_000, 18_000 + 100 * step, step)) == []


def test_the_gap_before_another_ticker_is_none():
    early, late = made.weekdays(200, "2020-01-01"), made.weekdays(200, "2023-01-02")
    shard = made.shard(
        {"A": np.arange(200) + 1.0, "B": np.arange(200) + 1.0}, days={"A": late, "B": early}, test_from=30_000
    )
    assert list(gaps.find(shard, {})) == []
