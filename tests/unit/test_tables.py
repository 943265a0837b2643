"""The report's tables as plain values."""

import numpy as np
import pytest

from stocks import metrics, track, traffic_light
from stocks.reporting import tables
from stocks.reporting.facts import Corrected, Rescaled
from tests.support import results


def cells(table):
    return {row.head: [(cell.text, cell.detail) for cell in row.cells] for row in table.rows}


def test_the_leaderboard_has_every_model_and_the_median_beside_the_mean():
    table = tables.leaderboard(results.pooled(forecast=0.99, lstm=1.02))
    assert list(cells(table)) == ["Forecast", "Naive: no change", "Drift", "LSTM by itself", "Random Forest"]
    assert cells(table)["LSTM by itself"][0] == ("1.020\u00d7", "median 1.020\u00d7, may be chance")
    assert [row.head for row in table.rows if row.cells[0].style == "best"] == ["Forecast"]


@pytest.mark.parametrize(
    ("dm_t", "details"),
    [
        (-1.9, ["median 0.990\u00d7, may be chance"] * 3),
        (-2.1, ["median 0.990\u00d7"] * 2 + ["median 0.990\u00d7, may be chance"]),
        (-2.4, ["median 0.990\u00d7"] * 3),
    ],
)
def test_the_leaderboard_says_what_may_be_chance_by_the_limit_of_the_horizon(dm_t, details):
    table = cells(tables.leaderboard(results.pooled(lstm=0.99, dm_t=dm_t)))
    assert [detail for _, detail in table["LSTM by itself"]] == details
    assert [detail for _, detail in table["Drift"]] == ["median 1.000\u00d7"] * 3, "as large as naive's"


def test_a_model_without_a_figure_comes_last():
    table = tables.leaderboard(results.pooled(lstm=None))
    assert table.rows[-1].head == "LSTM by itself"
    assert set(cells(table)["LSTM by itself"]) == {("\u2013", "")}


def test_the_ranges_have_the_expected_move_and_the_loss_against_constant_ones():
    moves = [0.01, 0.02, 0.04]
    assert cells(tables.ranges(results.pooled(constant=0.97), moves, results.HELD))["5 days"] == [
        ("± 2.0 %", ""), ("79.8 %", ""), ("\u2013", ""), ("3.0 % less", "median 4.0 % less"),
    ]  # fmt: skip
    nothing = cells(tables.ranges(results.pooled(constant=None, coverage=None), [None] * 3, results.HELD))["5 days"]
    assert nothing == [("\u2013", "")] * 4


def test_a_tickers_row_has_its_ratios_by_horizon_and_model():
    figures = ((0.91, 1.01), (0.92, 1.02), (0.93, 1.03))
    known = dict.fromkeys(metrics.MEASURES) | {"n": 250, "rmse": 1.5, "coverage80": 0.8}
    rows = [
        known | {"ticker": "A", "model": model, "horizon": h, "rmse_vs_naive": ratio}
        for h, own in zip((1, 5, 20), figures, strict=True)
        for model, ratio in zip(("forecast", "lstm", "random_forest", "naive"), (*own, 7.0, 1.0), strict=True)
    ]
    ratios = [f"{ratio:.3f}\u00d7" for own in figures for ratio in own]
    assert [text for text, _ in cells(tables.by_ticker(rows, ["A"], 1))["A"]] == [
        "250", "1.5", *ratios, "7.0\u00d7", "80.0 %",
    ]  # fmt: skip


def test_the_wide_ranges_share_has_its_interval_where_days_are_enough():
    prices, beyond = np.full(60, 10), np.arange(60) % 2
    held = traffic_light.held({1: (prices, beyond), 5: (prices, beyond), 20: (prices, beyond)}, 0 * prices)
    shown = cells(tables.ranges(results.pooled(), [None] * 3, held))
    low, high = held.intervals[1] or (0, 0)
    assert 0.9 < low < 0.95 < high < 1
    assert shown["1 day"][2][1] == f"{low * 100:.1f} % to {high * 100:.1f} %"
    assert shown["20 days"][2][1] == ""


def test_breaches_stand_by_horizon_with_what_is_normal_and_100_of_each_at_most():
    found = [track.Breach("A" if at else "B <", 5, 20_000, 7, 8, 9, 130 - at) for at in range(130)]
    shown = tables.breaches({1: track.Score(new=40), 5: track.Score(new=2000, breaches=found), 20: track.Score()})
    assert shown is not None
    assert "1 day ahead 0 of 40 beyond 95 %; 2.0 are normal; 5 days ahead 130 of 2,000 beyond" in shown.caption
    assert "20 days" not in shown.caption
    assert len(shown.rows) == 100
    assert (shown.rows[0].head, [cell.text for cell in shown.rows[0].cells]) == (
        "B <",
        ["5 days", "2024-10-04", "7", "8 to 9", "130.00 half-widths from its middle"],
    )


def test_data_health_has_a_row_for_each_finding_and_ends_somewhere():
    assert tables.health([]) is None
    table = tables.health([("A", ["one", "two"]), ("B", ["three"])])
    assert [(row.head, row.cells[0].text) for row in table.rows] == [("A", "one"), ("A", "two"), ("B", "three")]
    assert table.caption.startswith("3 findings on 2 tickers. Nothing was changed: ")
    many = tables.health([(f"T{number}", ["a gap"] * 3) for number in range(5_000)])
    assert len(many.rows) == tables.MOST_FLAGGED
    assert many.caption.startswith("15,000 findings on 5,000 tickers.")
    assert many.caption.endswith(f"The first {tables.MOST_FLAGGED} are shown.")


def test_corrections_have_a_row_for_each_file_and_each_ticker_whose_prices_moved():
    assert tables.corrected([], []) is None
    files = [Corrected("a.csv", 1, 1), Corrected("<b>.csv", 5, 10)]
    table = tables.corrected(files, [Rescaled("ELMET", 0.25, "a.csv")] * 300)
    assert table is not None
    assert [(row.head, row.cells[0].text) for row in table.rows[:3]] == [
        ("<b>.csv", "corrected 5 of its 10 rows"),
        ("a.csv", "corrected 1 of its 1 row"),
        ("ELMET", "a.csv multiplied its older prices by 0.25"),
    ]
    assert len(table.rows) == 2 + tables.MOST_RESCALED
    assert table.caption.endswith("The first 200 tickers are shown.")
