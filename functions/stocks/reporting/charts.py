"""What the report's charts draw: a ticker's history, its test days one day ahead, the ranges after its last day."""

import heapq
import itertools
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import TypedDict

import numpy as np

from stocks.contract import HORIZONS, Arrays
from stocks.series import Shard, Ticker

MOST_CHARTS = 500  # of the widest tickers; those that the message names have one, too
MOST_TEST_DAYS = 125_000  # of all charts: some 4.5 MB
MOST_EARLIER_DAYS = 75_000  # before the test days, of all charts; a longer history is thinned out
AHEAD = ("forecast", "lstm", "p025", "p10", "p90", "p975")
STEPS = 100_000  # forecasts are whole hundred-thousandths of the naive price: half the characters of a price


class Chart(TypedDict):
    """One ticker's chart, plain values only; a list has an entry per test day unless it says otherwise."""

    ticker: str
    earlier: list[list[float]]  # days and prices before the price in `before`, some of them where they are many
    day: int | None  # the first test day, since 1970; None without test days
    gaps: list[int]  # days from each test day to the next, so one fewer than test days
    before: list[float]  # the price before the first test day, alone
    actual: list[float]
    forest: list[int]  # forecasts in STEPS above or below naive
    forecast: list[int]
    lstm: list[int]  # empty where none was trained
    low: list[int]
    high: list[int]
    ahead: list[list[float | None]]  # per horizon: target day, then the prices of AHEAD; None where no LSTM was trained
    expected: list[float]  # per horizon: the move expected from the last day, a fraction
    last: list[float] | None  # the last day and its price


def room(tickers: int) -> tuple[int, int]:
    """Of how many test days and of how many earlier ones a chart is at most, where the run has so many tickers."""
    charted = min(max(tickers, 1), MOST_CHARTS)
    return MOST_TEST_DAYS // charted, MOST_EARLIER_DAYS // charted


def of_shard(rows: Arrays, shard: Shard, tickers: int) -> list[Chart]:
    """The charts of one shard in a run of so many tickers; `rows` are the columns of stocks.predictions.join."""
    kept = rows["future"] | (rows["horizon"] == HORIZONS[0])
    columns = {name: column[kept] for name, column in rows.items()}
    return [_chart(shard.of(int(of["ticker"][0])), of, *room(tickers)) for of in _by_ticker(columns)]


def chosen(charted: Iterable[Chart], named: Set[str]) -> list[Chart]:
    """The MOST_CHARTS widest and those that are named, widest first; of what was chosen it chooses the same again."""
    every = list(charted)
    widest = heapq.nsmallest(MOST_CHARTS, every, key=_order)
    kept = {chart["ticker"] for chart in widest} | named
    return sorted((chart for chart in every if chart["ticker"] in kept), key=_order)


def _order(chart: Chart) -> tuple[float, str]:
    return -chart["expected"][-1] if chart["expected"] else 1.0, chart["ticker"]


def _by_ticker(columns: Arrays) -> Iterator[Arrays]:
    tickers = columns["ticker"]
    edges = np.flatnonzero(tickers[1:] != tickers[:-1]) + 1
    for low, high in itertools.pairwise([0, *edges.tolist(), len(tickers)] if len(tickers) else []):
        yield {name: column[low:high] for name, column in columns.items()}


def _chart(ticker: Ticker, rows: Arrays, days: int, earlier: int) -> Chart:
    future = rows["future"]
    test = {name: column[~future][-days:] for name, column in rows.items()}
    ahead = {name: column[future] for name, column in rows.items()}
    first = int(test["origin_day"][0]) if len(test["origin_day"]) else int(ticker.rows["days"][-1])
    return {
        "ticker": ticker.name,
        "earlier": _earlier(ticker, first, earlier),
        "day": int(test["target_day"][0]) if len(test["target_day"]) else None,
        "gaps": np.diff(test["target_day"]).tolist(),
        "before": _short(test["naive"][:1]),
        "actual": _short(test["actual"]),
        "forest": _steps(test, "random_forest"),
        "forecast": _steps(test, "forecast"),
        "lstm": _steps(test, "lstm") if np.isfinite(test["lstm"]).all() else [],
        "low": _steps(test, "p10"),
        "high": _steps(test, "p90"),
        "ahead": [
            [int(day), *values]
            for day, *values in zip(ahead["target_day"], *(_known(ahead[name]) for name in AHEAD), strict=True)
        ],
        "expected": _short(ahead["expected_move"]),
        "last": [int(ahead["origin_day"][0]), *_short(ahead["naive"][:1])] if future.any() else None,
    }


def _earlier(ticker: Ticker, until: int, most: int) -> list[list[float]]:
    """Days up to and including `until`, evenly thinned out to at most so many, and their prices."""
    count = int(np.searchsorted(ticker.rows["days"], until, side="right"))
    at = np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))
    return [ticker.rows["days"][at].tolist(), _short(ticker.rows["adjclose"][at])]


def _steps(rows: Arrays, name: str) -> list[int]:
    return np.rint((rows[name] / rows["naive"] - 1) * STEPS).astype(np.int64).tolist()


def _known(values: np.ndarray) -> list[float | None]:
    return [short if np.isfinite(short) else None for short in _short(values)]


def _short(prices: Sequence[float] | np.ndarray) -> list[float]:
    """Six digits: the page shows no more, and it stays small."""
    return [float(f"{price:.6g}") for price in prices]
