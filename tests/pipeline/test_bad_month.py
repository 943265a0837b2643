"""What a bad month does to a dataset, through all handlers: what the message says of files that lack something."""

import datetime

import numpy as np
import pandas as pd
import pytest

from tests.support import csv_files, pipeline

ROWS = 200
NAMES = ("A", "BB", "C-D", "E")
WHOLE = pd.concat([csv_files.bars(name, seed, ROWS + 20) for seed, name in enumerate(NAMES)])
DAYS = sorted(WHOLE["date"].unique())
BEHIND = "without a row of the newest trading day"


def days(first: int, end: int, names=NAMES) -> bytes:
    """A file of some days, by their number after the history, and of some tickers."""
    own = WHOLE["date"].isin(DAYS[max(0, ROWS + first) : ROWS + end]) & WHOLE["ticker"].isin(names)
    return csv_files.csv(WHOLE[own])


@pytest.fixture
def cloud():
    with pipeline.cloud(model=pipeline.stand_in) as made:
        made.send(days(-ROWS, 0), "history.csv")
        yield made


def told(ran: pipeline.Ran, words: str) -> list[str]:
    return [line.strip() for line in ran.json("message.json")["lines"] if words in line]


def test_half_a_file_is_told_with_the_tickers_that_it_lacks_and_once(cloud):
    assert told(cloud.send(days(0, 1, NAMES[:2]), "half.csv"), BEHIND) == [f"2 tickers {BEHIND}: C-D, E"]
    assert told(cloud.send(days(0, 1, NAMES[:3]), "more.csv"), BEHIND) == []
    assert told(cloud.send(days(0, 1), "whole.csv"), BEHIND) == []
    assert told(cloud.send(days(1, 2, NAMES[1:]), "next.csv"), BEHIND) == [f"1 ticker {BEHIND}: A"]


def test_a_ticker_that_has_another_name_from_now_on_is_told_under_its_old_one(cloud):
    body = days(0, 1).replace(b"\nA,", b"\nA.US,")
    ran = cloud.send(body, "renamed.csv")
    assert told(ran, BEHIND) == [f"1 ticker {BEHIND}: A"]
    assert told(ran, "new ticker") == ["1 new ticker: A.US"]


def test_weekends_of_what_trades_on_all_days_are_no_day_of_the_others(cloud):
    friday = datetime.date.fromisoformat(DAYS[ROWS + 2])
    assert friday.weekday() == 4
    cloud.send(days(0, 3), "stocks.csv")
    first = datetime.date.fromisoformat(DAYS[0])
    dates = [f"{first + datetime.timedelta(day)}" for day in range((friday - first).days + 3)]
    prices = np.exp(np.random.default_rng(5).normal(0, 0.01, len(dates)).cumsum())
    coin = pd.DataFrame({"ticker": "COIN", "date": dates, "adjclose": prices})
    for name, until in (("saturday.csv", -1), ("sunday.csv", None)):
        assert told(cloud.send(csv_files.csv(coin[:until]), name), BEHIND) == []
    (row,) = cloud.send(days(3, 4, NAMES[1:]), "monday.csv").table("tickers").query("ticker == 'COIN'")["calendar"]
    assert row == "Mon-Sun"


def test_a_slip_of_the_pen_in_exclude_is_told_at_once_and_by_the_next_message(cloud):
    cloud.send(days(0, 1), "may.csv")
    unknown = "no file has a name that settings.json excludes: May.csv"
    cloud.put_settings(exclude=["May.csv"])
    with pytest.raises(pipeline.Ended) as ended:
        cloud.nudge()
    assert ended.value.args == ("current", unknown)
    ran = cloud.send(days(1, 2), "june.csv")
    assert told(ran, "excludes") == [
        "settings.json excludes what no file is called, so nothing is left out for it: May.csv"
    ]
    cloud.put_settings(exclude=["may.csv"])
    assert told(cloud.nudge(), "excludes") == []


@pytest.mark.parametrize("said", [{"mode": "replace"}, {"exclude": ["history.csv"]}])
def test_settings_that_leave_too_few_days_say_that_the_forecasts_of_before_stay(cloud, said):
    cloud.send(days(0, 1), "day.csv")
    cloud.put_settings(**said)
    with pytest.raises(pipeline.Ended) as ended:
        cloud.nudge()
    status, reason = ended.value.args
    assert status == "too_short"
    assert reason.endswith("upload more history; the forecasts stay those of the run before")


def test_a_first_file_that_is_too_short_has_no_run_before_it():
    with pipeline.cloud(model=pipeline.stand_in) as empty, pytest.raises(pipeline.Ended) as ended:
        empty.send(days(0, 1), "day.csv")
    assert ended.value.args[1].endswith("; upload more history")


def test_a_file_of_one_ticker_whose_name_has_a_day_is_told_as_a_ticker_that_is_there_already(cloud):
    own = WHOLE[WHOLE["date"].isin(DAYS[ROWS - 5 : ROWS + 1]) & (WHOLE["ticker"] == "A")].drop(columns="ticker")
    ran = cloud.send(csv_files.csv(own), "A_2020-10-07.csv")
    assert told(ran, "new ticker") == ["1 new ticker: A_2020-10-07"]
    assert told(ran, "anew") == ["data health flags 1 ticker anew: A_2020-10-07 (a look-alike)"]
    (notes,) = ran.table("tickers").query("ticker == 'A_2020-10-07'")["notes"]
    assert list(notes) == ["health: its name is like A; the same ticker twice?"]
