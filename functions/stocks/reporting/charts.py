"""What the report's charts draw: every ticker's test days one day ahead, and the ranges after its last day."""

import itertools
import statistics
from collections.abc import Iterable, Iterator, Sequence
from typing import TypedDict

import numpy as np

from stocks.contract import HORIZONS, Arrays

MOST_ROWS = 250_000  # ticker-days in one page: some 8 MB, which a browser opens in under three seconds
FEWEST_DAYS = 60  # of a ticker; with more tickers than that allows, the rest has no chart
AHEAD = ("forecast", "lstm", "p025", "p10", "p90", "p975")
STEPS = 100_000  # forecasts are whole hundred-thousandths of the naive price: half the characters of a price


class Chart(TypedDict):
    """One ticker's chart, plain values only; a list has an entry per test day unless it says otherwise."""

    ticker: str
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
    """How many tickers get a chart, and of how many days at most."""
    days = max(MOST_ROWS // max(tickers, 1), FEWEST_DAYS)
    return min(tickers, MOST_ROWS // days), days


def of_shard(rows: Arrays, names: np.ndarray, tickers: int) -> list[Chart]:
    """The charts of one shard, as far as a page of so many tickers has room.

    `rows` are the columns of stocks.predictions.join, `names` the shard's tickers.
    """
    most, days = room(tickers)
    kept = rows["future"] | (rows["horizon"] == 1)
    columns = {name: column[kept] for name, column in rows.items()}
    return [_chart(str(names[of["ticker"][0]]), of, days) for of in itertools.islice(_by_ticker(columns), most)]


def collect(shards: Iterable[list[Chart]], tickers: int) -> list[Chart]:
    """The page's charts by ticker; shards are asked one at a time and only as far as there is room."""
    most, _ = room(tickers)
    return sorted(itertools.islice(itertools.chain.from_iterable(shards), most), key=lambda chart: chart["ticker"])


def expected_moves(charted: Sequence[Chart]) -> list[float | None]:
    """Per horizon the median over charts of the move expected from the last day, a fraction; None without any."""
    by_ticker = [chart["expected"] for chart in charted if chart["expected"]]
    return [statistics.median(moves) for moves in zip(*by_ticker, strict=True)] or [None] * len(HORIZONS)


def _by_ticker(columns: Arrays) -> Iterator[Arrays]:
    tickers = columns["ticker"]
    edges = np.flatnonzero(tickers[1:] != tickers[:-1]) + 1
    for low, high in itertools.pairwise([0, *edges.tolist(), len(tickers)] if len(tickers) else []):
        yield {name: column[low:high] for name, column in columns.items()}


def _chart(ticker: str, rows: Arrays, days: int) -> Chart:
    future = rows["future"]
    test = {name: column[~future][-days:] for name, column in rows.items()}
    ahead = {name: column[future] for name, column in rows.items()}
    return {
        "ticker": ticker,
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


def _steps(rows: Arrays, name: str) -> list[int]:
    return np.rint((rows[name] / rows["naive"] - 1) * STEPS).astype(np.int64).tolist()


def _known(values: np.ndarray) -> list[float | None]:
    return [short if np.isfinite(short) else None for short in _short(values)]


def _short(prices: np.ndarray) -> list[float]:
    """Six digits: the page shows no more, and it stays small."""
    return [float(f"{price:.6g}") for price in prices]
