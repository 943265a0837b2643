"""The benchmark of target days, on sessions that were written by hand."""

from collections import Counter

import pytest

from benchmarks import calendars, tables
from tests.support import exchanges

SESSIONS = exchanges.written("XNYS")


def test_a_ticker_that_keeps_the_holidays_of_its_exchange_has_no_wrong_day_and_by_weekdays_it_has_many():
    wrong, used = calendars.measure({"A": SESSIONS}, 1, 200)
    assert set(used) == {"XNYS"}
    assert wrong[calendars.OURS] == [0, 0, 0]
    one, five, twenty = wrong[calendars.FIRST]
    assert 0.02 < one < five < twenty


def test_a_day_that_nobody_could_know_is_wrong_for_each_row_that_reaches_over_it():
    day = exchanges.day("2025-05-14")
    rested = SESSIONS[day != SESSIONS]
    wrong, _ = calendars.measure({"A": rested}, 1, 200)
    origins = [len(rested) - horizon - 199 for horizon in calendars.HORIZONS]
    after = len(rested[rested > day])
    over = [min(horizon, after) for horizon in calendars.HORIZONS]
    assert over == [1, 5, 11]
    assert wrong[calendars.OURS] == pytest.approx([days / count for days, count in zip(over, origins, strict=True)])


@pytest.mark.parametrize(("last", "word"), [(0.08, "met"), (0.0801, "**not met**")])
def test_the_table_says_whether_the_limits_are_met(last, word):
    wrong = {calendars.FIRST: [0.03, 0.2, 0.6], calendars.OURS: [0.005, 0.02, last]}
    shares, used = calendars.report(wrong, Counter({"XNYS": 1200}))
    assert shares.title == f"Wrong target days in percent, at most 0.5 / 2 / 8: {word}"
    assert shares.rows == [["weekdays", "3.00", "20.00", "60.00"], ["calendars", "0.50", "2.00", f"{100 * last:.2f}"]]
    assert used.rows == [["XNYS", "1,200"]]


def test_the_document_has_both_tables():
    held = tables.keys("stocknet88")
    made = calendars.report({calendars.FIRST: [0] * 3, calendars.OURS: [0] * 3}, Counter())
    assert {table.key for table in made} <= set(held)


def test_the_command_reads_a_file_and_prints(tmp_path, capsys):
    file = tmp_path / "own.csv"
    file.write_text("date,ticker\n" + "".join(f"{day},A\n" for day in exchanges.iso(SESSIONS)))
    calendars.main([str(file), "--rows", "200"])
    assert "| calendars | 0.00 | 0.00 | 0.00 |" in capsys.readouterr().out
