"""Invented prices of any number of tickers and days, as one CSV: python -m benchmarks.invented OUT TICKERS DAYS

Each ticker is a random walk on weekdays. One row in a thousand stands twice, so that who reads the file must notice.
"""

import datetime
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

LAST = datetime.date(2024, 12, 31)
CHUNK = 250_000  # rows that are made at once
TWICE = 1_000  # one row in so many stands twice
VOLATILITY = 0.015  # of a day
COLUMNS = ("Date", "Ticker", "Open", "High", "Low", "Close", "Adj Close", "Volume")


def write(out: Path, tickers: int, days: int, seed: int = 1, first: int = 0) -> int:
    """The CSV of so many tickers, numbered from `first`, each with so many days up to 2024-12-31; returns its rows,
    repeated ones included."""
    rng = np.random.default_rng(seed)
    dates = np.array([day.isoformat() for day in weekdays(days)])
    at_once, rows = max(CHUNK // days, 1), 0
    with out.open("wb") as file:
        file.write(f"{','.join(COLUMNS)}\n".encode())
        plain = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
        for begin in range(first, first + tickers, at_once):
            names = np.array([f"T{number:05d}" for number in range(begin, min(begin + at_once, first + tickers))])
            table = _rows(names, dates, rng)
            pyarrow.csv.write_csv(table, file, plain)
            rows += table.num_rows
    return rows


def weekdays(count: int) -> list[datetime.date]:
    """So many weekdays, the newest last."""
    found: list[datetime.date] = []
    day = LAST
    while len(found) < count:
        if day.weekday() < 5:
            found.append(day)
        day -= datetime.timedelta(1)
    return found[::-1]


def _rows(names: np.ndarray, dates: np.ndarray, rng: np.random.Generator) -> pa.Table:
    """The rows of some tickers, one ticker after the other."""
    shape = (len(names), len(dates))
    close = rng.uniform(5, 500, (len(names), 1)) * np.exp(rng.normal(0, VOLATILITY, shape).cumsum(axis=1))
    begin = close * np.exp(rng.normal(0, VOLATILITY / 2, shape))
    high = np.maximum(begin, close) * np.exp(rng.exponential(VOLATILITY / 2, shape))
    low = np.minimum(begin, close) * np.exp(-rng.exponential(VOLATILITY / 2, shape))
    prices = [begin, high, low, close, close * 0.97]
    columns = [np.tile(dates, len(names)), np.repeat(names, len(dates))]
    columns += [np.round(price, 4).ravel() for price in prices]
    columns.append(rng.lognormal(14, 0.5, shape).astype(np.int64).ravel())
    order = np.arange(len(columns[0]))
    order = np.sort(np.concatenate([order, order[::TWICE]]))
    return pa.table({name: pa.array(column[order]) for name, column in zip(COLUMNS, columns, strict=True)})


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
