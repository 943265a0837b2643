"""What a message tells of a run beside its figures."""

import dataclasses
import math

from stocks.reporting.news import Corrected, Flagged, News, Noted, Outlook, Rescaled, lines, named
from stocks.track import Breach, Score

QUIET = News(20, [], [], [], [], [], [], [], [], [], {}, [], [])


def test_a_run_without_news_says_nothing():
    assert list(lines(QUIET)) == []


def test_the_widest_moves_come_first_and_line_up():
    outlooks = [Outlook("LONGNAME", 1234.5, 0.1234, 1100, 1400), Outlook("A", 0.00012, 0.05, 0.0001, 0.00015)]
    told = list(lines(dataclasses.replace(QUIET, outlooks=outlooks)))
    assert told == [
        "Widest expected moves, 20 trading days ahead:",
        "  LONGNAME  1234.5, ± 12.3 %, 1100 to 1400 with 80 %",
        "  A         0.00012, ± 5.0 %, 0.0001 to 0.00015 with 80 %",
        "",
    ]


def test_every_kind_of_change_has_its_line():
    news = dataclasses.replace(
        QUIET,
        files=["a.csv"],
        tickers=["NEW"],
        behind=["LATE", "LATER"],
        stale=["OLD"],
        corrected=[Corrected("a.csv", 1, 8), Corrected("b.csv", 5, 10)],
        rescaled=[Rescaled("ELMET", 0.25, "a.csv")],
        missing=["incoming/us/late.csv"],
        unmatched=["May.csv"],
        flagged=[Flagged("ELMET", "a gap, an end"), Flagged("OLD", "an end")],
        noted=[Noted("BOTH", "mixed price columns"), Noted("ODD", "a.csv: a step by 3 at 2024-10-04, not rescaled")],
        gone=["LOST"],
        late=["may.csv"],
    )
    assert list(lines(news)) == [
        "What is new:",
        "  1 new file: a.csv",
        "  1 new ticker: NEW",
        "  1 ticker of the run before without any row now: LOST",
        "  2 tickers without a row of the newest trading day: LATE, LATER",
        "  1 ticker without rows for more than ten sessions: OLD",
        "  b.csv corrected 5 of its 10 rows (50.0 %)",
        "  a.csv corrected 1 of its 8 rows (12.5 %)",
        "  older prices rescaled: ELMET by 0.25 (a.csv)",
        "  noted of 2 tickers: BOTH (mixed price columns), ODD (a.csv: a step by 3 at 2024-10-04, not rescaled)",
        "  data health flags 2 tickers anew: ELMET (a gap, an end), OLD (an end)",
        "  not read in time, so the next run takes them: incoming/us/late.csv",
        "  settings.json excludes what no file is called, so nothing is left out for it: May.csv",
        "  settings.json leaves out by its name what came after it; to leave out one, write name@version: may.csv",
    ]


def test_long_lists_are_counted():
    (_, line) = lines(dataclasses.replace(QUIET, files=[f"{number}.csv" for number in range(500)]))
    assert line == "  500 new files: 0.csv, 1.csv, 2.csv, 3.csv, 4.csv and 495 more"


def breach(ticker: str, surprise: float, horizon: int = 1) -> Breach:
    return Breach(ticker, horizon, 20_000, 123.45678, 100, 110.5, surprise)


def test_prices_that_came_are_told_first_with_the_most_surprising_in_full():
    found = [breach("LONGNAME", math.inf), *(breach(f"T{at}", 3 - at / 8) for at in range(6))]
    came = {1: Score(new=100, breaches=found), 5: Score(new=40), 20: Score(new=0)}
    assert list(lines(dataclasses.replace(QUIET, track=came))) == [
        "Prices that came, beside the 95 % ranges published before:",
        "  1 day ahead: 7 of 100 beyond 95 %; 5.0 are normal. Most surprising:",
        "    LONGNAME  123.457 on 2024-10-04, range 100 to 110.5, which has no width",
        "    T0        123.457 on 2024-10-04, range 100 to 110.5, 3.00 half-widths from its middle",
        "    T1        123.457 on 2024-10-04, range 100 to 110.5, 2.88 half-widths from its middle",
        "    T2        123.457 on 2024-10-04, range 100 to 110.5, 2.75 half-widths from its middle",
        "    T3        123.457 on 2024-10-04, range 100 to 110.5, 2.62 half-widths from its middle",
        "    and 2 more in the view breaches",
        "  5 days ahead: 0 of 40 beyond 95 %; 2.0 are normal",
        "",
    ]


def test_of_longer_horizons_names_are_told():
    came = {1: Score(), 5: Score(new=300, breaches=[breach(f"T{at}", 2, 5) for at in range(6)]), 20: Score()}
    assert list(lines(dataclasses.replace(QUIET, track=came)))[1:] == [
        "  5 days ahead: 6 of 300 beyond 95 %; 15 are normal: T0, T1, T2, T3, T4 and 1 more",
        "",
    ]


def test_lights_are_told_under_their_question():
    assert list(lines(dataclasses.replace(QUIET, lights=["Backtest: green"]))) == [
        "Do the ranges hold?",
        "  Backtest: green",
        "",
    ]


def test_the_tickers_that_a_message_names_are_known():
    breaches = [breach(f"BREACH{at}", 9 - at) for at in range(7)]
    news = dataclasses.replace(
        QUIET,
        outlooks=[Outlook("WIDE", 1, 0.1, 1, 1)],
        tickers=[f"NEW{at}" for at in range(7)],
        behind=["LATE", "LATER"],
        stale=["OLD"],
        rescaled=[Rescaled("SPLIT", 0.25, "a.csv")],
        flagged=[Flagged("ODD", "a gap")],
        track={1: Score(new=9, breaches=breaches), 5: Score(new=9, breaches=[breach("LATER", 2, 5)])},
    )
    known = named(news)
    assert known == {
        *(f"BREACH{at}" for at in range(5)), *(f"NEW{at}" for at in range(5)), "LATER", "WIDE", "OLD", "SPLIT", "ODD",
    }  # fmt: skip
    assert all(any(name in line for line in lines(news)) for name in known)
