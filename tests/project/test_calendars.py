"""The holidays of exchanges against exchange_calendars, which make setup puts into .venv-calendars."""

import datetime

import pytest

from stocks.dataset import calendars as dataset_calendars
from tools.generate import calendars


def sessions(*more: str) -> set[datetime.date]:
    """The weekdays of 2024, and more days."""
    every = (datetime.date(2024, 1, 1) + datetime.timedelta(days) for days in range(366))
    return {day for day in every if day.weekday() < 5} | {datetime.date.fromisoformat(day) for day in more}


def test_a_year_is_its_week_with_what_it_lacks_and_what_it_has_beside():
    traded = sessions("2024-01-20", "2023-01-07") - {datetime.date(2024, 1, 1), datetime.date(2024, 7, 4)}
    assert calendars.columns(2024, traded) == ("1111100", "0101 0704", "0120")


def test_a_day_of_the_week_that_trades_in_a_third_of_the_year_is_of_its_week():
    sundays = [f"{datetime.date(2024, 1, 7) + datetime.timedelta(7 * week)}" for week in range(18)]
    traded = sessions(*sundays)
    assert calendars.columns(2024, traded)[0] == "1111101"
    assert calendars.columns(2024, traded - {datetime.date(2024, 1, 7)})[0] == "1111100"


def test_the_package_knows_sessions_outside_the_usual_week():
    """With pandas 3 it forgets them."""
    known = calendars.answer()
    assert "2024-01-20" in known["XBOM"]["sessions"]
    assert {"2025-12-28", "2026-01-09"} <= set(known["XTAE"]["sessions"])
    assert not {"2025-12-26", "2026-01-11"} & set(known["XTAE"]["sessions"])


def test_evenings_of_muhurat_are_holidays_by_the_package_and_sessions_by_us():
    assert not set(calendars.MUHURAT) & set(calendars.answer()["XBOM"]["sessions"])
    lines = [line.split(",") for line in calendars.text().splitlines()]
    closed = {
        f"{year}-{day[:2]}-{day[2:]}" for name, year, _, days, _ in lines[1:] if name == "XNSE" for day in days.split()
    }
    assert not set(calendars.MUHURAT) & closed
    assert "2024-11-15" in closed


def test_without_the_environment_it_says_what_makes_it(tmp_path, monkeypatch):
    monkeypatch.setattr(calendars, "ENVIRONMENT", tmp_path / ".venv-calendars")
    with pytest.raises(FileNotFoundError, match=r"there is no \.venv-calendars; make setup installs"):
        calendars.answer()


def test_the_tables_are_small():
    names = dataset_calendars.exchanges().names
    assert dataset_calendars.FILE.stat().st_size < 150_000
    assert len(names) == len(set(names)) > 40
