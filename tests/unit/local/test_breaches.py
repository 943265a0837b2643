"""The view breaches and its saved query on forecasts of each kind: only those that count, most surprising first."""

import pytest

from stocks.contract import QUANTILES
from tests.support.athena_lake import Lake, price_rows, run_row, said_rows, ticker_rows
from tools.generate import queries

# The run finished on 2026-11-23 at 03:50 UTC. Ranges are 5 % to either side.
ORIGIN, CAME, LATE = "2026-11-22", "2026-11-24", "2026-12-05"
KINDS = {
    "FAR": (ORIGIN, 100.0, {ORIGIN: 100.0, CAME: 115.0}),
    "NEAR": (ORIGIN, 100.0, {ORIGIN: 100.0, CAME: 94.0}),
    "FLAT": (ORIGIN, 100.0, {ORIGIN: 100.0, CAME: 100.5}),  # a range without width
    "STILL": (ORIGIN, 0.2, {ORIGIN: 0.2, CAME: 0.2}),  # 0.2 * 0.2 / 0.2 is another number
    "INSIDE": (ORIGIN, 100.0, {ORIGIN: 100.0, CAME: 104.0}),
    "STARTED": ("2026-11-20", 100.0, {"2026-11-20": 100.0, "2026-11-23": 150.0}),
    "CORRECTED": (ORIGIN, 100.0, {ORIGIN: 90.0, CAME: 150.0}),
    "GAP": (ORIGIN, 100.0, {ORIGIN: 100.0, LATE: 150.0}),
    "WAITING": (ORIGIN, 100.0, {ORIGIN: 100.0}),
}


@pytest.fixture(scope="module")
def lake(laptop):
    made = Lake(laptop)
    made.make()
    said = said_rows(*((name, origin, 1, CAME, price) for name, (origin, price, _) in KINDS.items()))
    for at, (name, (_, price, _)) in enumerate(KINDS.items()):
        if name in ("FLAT", "STILL"):
            for bound in QUANTILES:
                said[bound][at] = price
    tables = [price_rows(name, list(days), list(days.values())) for name, (_, _, days) in KINDS.items()]
    made.put("predictions", "us", "us-1", said)
    made.put("prices", "us", "us-1", {name: [value for one in tables for value in one[name]] for name in tables[0]})
    made.put("runs", "us", "us-1", run_row(light_live="red"))
    tickers = ticker_rows(*KINDS)
    made.put("tickers", "us", "us-1", tickers)
    made.show("us", "us-1")
    made.register()
    made.make_views()
    return made


def test_the_view_has_prices_beyond_live_ranges_from_prices_that_stood(lake):
    asked = lake.ask("select ticker, realised_date, price, surprise from breaches order by ticker")
    assert asked.rows[1:] == [
        ["FAR", CAME, "115.0", "3.0"],
        ["FLAT", CAME, "100.5", None],
        ["NEAR", CAME, "94.0", "1.2"],
    ]


def test_a_price_that_stood_still_is_inside_its_range_without_width_and_naive_has_no_error(lake):
    asked = lake.ask("select price, move, naive_error, inside_80, inside_95 from track_record where ticker = 'STILL'")
    assert asked.rows[1:] == [["0.2", "0.0", "0.0", "true", "true"]]


def test_the_saved_query_puts_the_greatest_surprise_first_and_counts_what_was_scored(lake):
    (query,) = (one.text for one in queries.named_queries() if one.name == "14_breaches")
    names, *rows = lake.ask(query).rows
    found = [dict(zip(names, row, strict=True)) for row in rows]
    assert [row["ticker"] for row in found] == ["FLAT", "FAR", "NEAR"]
    assert {(row["breaches"], row["prices"], row["normal"]) for row in found} == {("3", "5", "0.25")}


def test_the_history_has_the_lights(lake):
    assert lake.ask("select light_live, light_backtest from run_history").rows[1:] == [["red", "green"]]
