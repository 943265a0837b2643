"""Scenario 50 of the contract in SQL: runs that say it again, origins that change, days that are missing, and ends."""

import datetime
from typing import Any

import pytest

from tests.support.athena_lake import Lake, metrics_rows, price_rows, run_row, said_rows, ticker_rows

ORIGIN, NEXT, LATER = "2024-01-03", "2024-01-04", "2024-01-16"
FINISHED = datetime.datetime(2024, 1, 3, 21)
AGAIN = datetime.datetime(2024, 1, 4, 9)
# Of each ticker the days and prices of today's table. Each was forecast from 100 on the origin for the day after it.
TABLE = {
    "FIXED": ([ORIGIN, NEXT], [101.0, 102.0]),
    "GAP5": ([ORIGIN, "2024-01-09"], [100.0, 103.0]),
    "GAP6": ([ORIGIN, "2024-01-10"], [100.0, 103.0]),
    "LATE": ([ORIGIN, LATER], [100.0, 104.0]),
    "GONE": ([ORIGIN], [100.0]),
    "ORIGINLESS": ([NEXT], [100.0]),
    "PLAIN": ([ORIGIN, NEXT], [100.0, 105.0]),
    "SPLIT": ([ORIGIN, NEXT], [50.0, 53.0]),
}


def tickers(basis: dict[str, float]) -> dict[str, list]:
    """The rows of a run's tickers, of which some have another basis."""
    made = ticker_rows(*sorted(TABLE))
    return made | {"basis": [basis.get(name, 1.0) for name in made["ticker"]]}


@pytest.fixture(scope="module")
def record(laptop) -> dict[str, dict[str, Any]]:
    """The rows of the view, by ticker."""
    lake = Lake(laptop)
    lake.make()
    first = said_rows(*((name, ORIGIN, 1, NEXT, 100.0) for name in TABLE))
    again = first | {"p975": [500.0] * len(TABLE), "forecast": [105.0] * len(TABLE)}  # it knows the outcome
    for run_id, term, finished, rows, basis in (
        ("us-first", 1, FINISHED, first, {}),
        ("us-again", 2, AGAIN, again, {"SPLIT": 0.5}),
    ):
        lake.put("predictions", "us", run_id, rows)
        lake.put("runs", "us", run_id, run_row(term=term) | {"finished": [finished]})
        lake.put("tickers", "us", run_id, tickers(basis))
    prices = [price_rows(name, *own) for name, own in TABLE.items()]
    columns = {column: [value for one in prices for value in one[column]] for column in prices[0]}
    lake.put("prices", "us", "us-again", columns)
    lake.put("metrics", "us", "us-again", metrics_rows())
    lake.put_file("F1")
    lake.show("us", "us-again", 2)
    lake.register()
    lake.make_views()
    asked = lake.ask("select * from track_record")
    assert asked.state == "SUCCEEDED", asked.reason
    found = [dict(zip(map(str, asked.rows[0]), row, strict=True)) for row in asked.rows[1:]]
    assert len(found) == len(TABLE), "a ticker, origin and horizon stands in it once"
    return {str(row["ticker"]): row for row in found}


def test_50_of_a_run_that_is_repeated_after_the_outcome_is_known_the_first_counts(record):
    assert {row["run_id"] for row in record.values()} == {"us-first"}
    row = record["PLAIN"]
    assert (row["forecast"], row["p975"], row["inside_95"]) == ("102.0", "105.0", "true")
    assert (row["live"], float(row["hours_before"])) == ("true", 3.0)


def test_50_an_origin_that_was_corrected_is_marked_and_a_recorded_split_is_none(record):
    marked = {name: row["origin_corrected"] for name, row in record.items() if row["state"] != "no_origin"}
    assert {name for name, said in marked.items() if said == "true"} == {"FIXED"}
    assert float(record["SPLIT"]["price"]) == pytest.approx(106.0)  # on the basis of that time
    assert float(record["FIXED"]["price"]) == pytest.approx(100 * 102 / 101)


def test_50_a_day_more_than_five_days_off_is_a_gap_and_is_not_scored(record):
    assert {name: row["state"] for name, row in record.items() if row["state"] != "scored"} == {
        "GAP6": "gap", "LATE": "gap", "GONE": "waiting", "ORIGINLESS": "no_origin"
    }  # fmt: skip


def test_50_a_ticker_that_is_gone_waits_without_a_price(record):
    row = record["GONE"]
    assert [row[name] for name in ("realised_date", "price", "move", "inside_80", "live")] == [None] * 5
