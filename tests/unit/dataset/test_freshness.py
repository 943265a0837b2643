"""When a dataset counts as silent: daily files that stop, and nothing else."""

import datetime

import numpy as np
import pytest

from stocks.dataset import calendars
from stocks.dataset.freshness import Silence, silence
from stocks.series import EPOCH, day_of


def instant(day: int, hour: float = 21.0) -> datetime.datetime:
    return datetime.datetime.combine(EPOCH, datetime.time(), datetime.UTC) + datetime.timedelta(days=day, hours=hour)


def ids(days, hour: float = 21.0) -> list[str]:
    return [f"{instant(int(day), hour):%Y%m%dT%H%M%SZ}-{number:012x}" for number, day in enumerate(days)]


def sessions(first: str, last: str, name: str = "XNYS") -> np.ndarray:
    known = calendars.of(name).sessions
    return known[(known >= day_of(first)) & (known <= day_of(last))]


def first_told(days, waits: int = 4, hour: float = 21.0) -> float | None:
    """So many days after the last upload the silence is first seen, by quarters of a day; None if never."""
    uploads = ids(days, hour)
    for quarter in range(4 * 40):
        if silence(uploads, instant(int(days[-1]), hour + 6 * quarter), waits):
            return quarter / 4
    return None


DAILY = sessions("2025-06-02", "2025-11-21")  # a Friday


def test_daily_files_that_stop_are_told_after_the_days():
    assert first_told(DAILY) == 4.25, "Friday evening to Wednesday: Monday and Tuesday are over"
    assert first_told(DAILY[:-2]) == 4, "Wednesday evening to Sunday: Thursday and Friday are over"
    assert first_told(DAILY, waits=6) == 6
    found = silence(ids(DAILY), instant(int(DAILY[-1]) + 6), 4)
    assert found == Silence(ids(DAILY)[-1], instant(int(DAILY[-1])), 20)


def test_nothing_is_told_while_files_come():
    for until in range(30, len(DAILY)):
        assert silence(ids(DAILY[:until]), instant(int(DAILY[until]), 20.5), 4) is None


def test_a_long_weekend_is_no_silence():
    easter = sessions("2024-10-01", "2025-04-17")  # Maundy Thursday
    assert silence(ids(easter), instant(day_of("2025-04-22"), 12), 4) is None
    assert silence(ids(easter), instant(day_of("2025-04-24"), 12), 4) is not None


def test_it_can_be_switched_off_and_a_dataset_that_ended_is_not_told_for_ever():
    assert first_told(DAILY, waits=0) is None
    assert silence(ids(DAILY), instant(int(DAILY[-1]) + 29), 4)
    assert silence(ids(DAILY), instant(int(DAILY[-1]) + 30), 4) is None


@pytest.mark.parametrize(
    "days",
    [
        [],
        DAILY[-1:],
        DAILY[-9:],
        DAILY[::20],  # once a month
        np.array([day_of("2025-01-15"), *DAILY[-6:]]),
        np.append(DAILY[:60], DAILY[60::15]),  # once daily, by now every third week
    ],
)
def test_files_that_nobody_expects_daily_are_never_missed(days):
    assert not len(days) or first_told(days) is None


def test_many_files_of_one_day_are_one_day():
    assert silence(ids(np.repeat(DAILY[-1:], 500)), instant(int(DAILY[-1]) + 6), 4) is None


def test_half_of_the_days_is_enough():
    other = DAILY[np.random.default_rng(3).random(len(DAILY)) < 0.75]
    assert first_told(other) is not None


def test_a_coin_and_the_evening_of_america():
    every_day = np.arange(day_of("2025-06-02"), day_of("2025-11-21"))
    assert first_told(every_day) == 4
    next_day = DAILY + 1  # half past midnight UTC, so Tuesday to Saturday
    for until in range(30, len(next_day)):
        assert silence(ids(next_day[:until], 0.5), instant(int(next_day[until]), 0.4), 4) is None
    assert first_told(next_day, hour=0.5) is not None
