"""Ranges of odd series through the whole path: finite, wide where a price moves, and wider the further ahead."""

import numpy as np
import pandas as pd
import pytest

from stocks.contract import HORIZONS, QUANTILES
from tests.support import csv_files, pipeline, prices

ROWS = 400
MOVING = ("BARE", "COIN", "LATE-BARS", "STOCK", "TICK")


def stock(name, seed):
    return csv_files.bars(name, seed, ROWS, memory=0.0)


def coin():
    """It trades on weekends, too, and moves more."""
    days = np.arange("2020-03-01", "2021-07-01", dtype="datetime64[D]")
    made = pd.DataFrame({"ticker": "COIN", "date": days.astype(str)} | prices.bars(2, len(days)))
    made[prices.PRICES] = made[prices.PRICES] ** 3 / 1e4
    return made


def tick():
    """It stands still, but for one day in ten at the next tick."""
    price = np.where(np.random.default_rng(3).random(ROWS) < 0.1, 1.01, 1.0)
    return stock("TICK", 4).assign(**dict.fromkeys(prices.PRICES, price))


def still(name, since):
    """Its price from one of its rows on is that row's."""
    made = stock(name, 5)
    made.loc[since:, prices.PRICES] = made["adjclose"][since]
    return made


def bare(name):
    return stock(name, 6).assign(open=np.nan, high=np.nan, low=np.nan)


def late_bars():
    """The first high and low come inside the test period, for a series that is BARE but for them."""
    made = bare("LATE-BARS")
    bars = stock("LATE-BARS", 6).loc[350:, ["high", "low"]]
    made.loc[350:, ["high", "low"]] = bars
    return made


@pytest.fixture(scope="module")
def predictions():
    file = csv_files.csv(
        stock("STOCK", 1), coin(), tick(), bare("BARE"), late_bars(), still("FLAT", 0), still("HALTED", 150)
    )
    table = pipeline.run(file).table("predictions")
    return {ticker: rows.reset_index(drop=True) for ticker, rows in table.groupby("ticker")}


def widths(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """By measure a frame of origin days by horizons, as shares of the price; origins without all horizons left out."""
    measures = {
        "expected move": rows["expected_move"],
        "80 %": (rows["p90"] - rows["p10"]) / rows["naive"],
        "95 %": (rows["p975"] - rows["p025"]) / rows["naive"],
    }
    return {
        name: rows.assign(width=width).pivot(index="origin_date", columns="horizon", values="width").dropna()
        for name, width in measures.items()
    }


@pytest.mark.parametrize("ticker", MOVING)
def test_widths_are_finite_positive_and_grow_with_the_horizon(predictions, ticker):
    for name, width in widths(predictions[ticker]).items():
        assert len(width) > 40
        assert width.columns.tolist() == list(HORIZONS)
        assert np.isfinite(width).all(axis=None)
        assert (width > 0).all(axis=None), name
        assert (width.diff(axis=1).iloc[:, 1:] > 0).all(axis=None), name
        assert (width < 1).all(axis=None), name


@pytest.mark.parametrize("ticker", ["FLAT", "HALTED"])
def test_a_price_that_stood_still_for_119_days_has_no_width(predictions, ticker):
    for width in widths(predictions[ticker]).values():
        assert (width == 0).all(axis=None)
    served = predictions[ticker][list(QUANTILES)]
    assert (served.eq(predictions[ticker]["naive"], axis=0)).all(axis=None)


def test_the_first_high_and_low_after_years_without_move_a_range_by_no_leap(predictions):
    """They count as one day among those that returns stand in for; here they say less than the returns."""
    with_bars, without = (widths(predictions[ticker])["80 %"] for ticker in ("LATE-BARS", "BARE"))
    ratio = with_bars / without
    first = stock("LATE-BARS", 6)["date"][350]
    before = ratio.index.astype(str) < first
    assert (ratio[before] == 1).all(axis=None)
    assert (ratio[~before] != 1).all(axis=None)
    assert ratio.min(axis=None) > 0.4
    assert ratio.max(axis=None) < 1.6


def test_prices_that_never_move_change_nothing_of_the_others():
    """Neither the fit of the ranges nor the tracker: no stretch gives them a width."""
    others = [csv_files.bars(name, seed, 300) for seed, name in enumerate("AB")]
    flat = [still(name, 0).head(300) for name in ("FLAT", "FLAT2", "FLAT3")]
    alone, beside = (pipeline.run(csv_files.csv(*frames)) for frames in (others, others + flat))
    table = beside.table("predictions")
    expected = alone.table("predictions")
    found = table[table["ticker"].isin(["A", "B"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
