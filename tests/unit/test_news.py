"""What a message tells of a run beside its figures."""

from stocks.reporting.news import Corrected, Flagged, News, Outlook, Rescaled, lines

QUIET = News(20, [], [], [], [], [], [], [], [])


def test_a_run_without_news_says_nothing():
    assert list(lines(QUIET)) == []


def test_the_widest_moves_come_first_and_line_up():
    outlooks = [Outlook("LONGNAME", 1234.5, 0.1234, 1100, 1400), Outlook("A", 0.00012, 0.05, 0.0001, 0.00015)]
    told = list(lines(News(20, outlooks, [], [], [], [], [], [], [])))
    assert told == [
        "Widest expected moves, 20 trading days ahead:",
        "  LONGNAME  1234.5, ± 12.3 %, 1100 to 1400 with 80 %",
        "  A         0.00012, ± 5.0 %, 0.0001 to 0.00015 with 80 %",
        "",
    ]


def test_every_kind_of_change_has_its_line():
    news = News(
        horizon=5,
        outlooks=[],
        files=["a.csv"],
        tickers=["NEW"],
        stale=["OLD"],
        corrected=[Corrected("a.csv", 1, 8), Corrected("b.csv", 5, 10)],
        rescaled=[Rescaled("ELMET", 0.25, "a.csv")],
        missing=["incoming/us/late.csv"],
        flagged=[Flagged("ELMET", "a gap, an end"), Flagged("OLD", "an end")],
    )
    assert list(lines(news)) == [
        "What is new:",
        "  1 new file: a.csv",
        "  1 new ticker: NEW",
        "  1 ticker without rows for more than ten sessions: OLD",
        "  b.csv corrected 5 of its 10 rows (50.0 %)",
        "  a.csv corrected 1 of its 8 rows (12.5 %)",
        "  older prices rescaled: ELMET by 0.25 (a.csv)",
        "  data health flags 2 tickers anew: ELMET (a gap, an end), OLD (an end)",
        "  not read in time, so the next run takes them: incoming/us/late.csv",
    ]


def test_long_lists_are_counted():
    (_, line) = lines(News(1, [], [f"{number}.csv" for number in range(500)], [], [], [], [], [], []))
    assert line == "  500 new files: 0.csv, 1.csv, 2.csv, 3.csv, 4.csv and 495 more"
