"""What fewer trees cost and save: python -m benchmarks.forest CSV --years 2015-2017 [--write]

The tutorial's Random Forest as it is and with the first version's trees, ticker by ticker in turn, on the test years of
benchmarks.forecast. --write puts the table into docs/results.md.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np

from benchmarks import forecast, tables, walk
from benchmarks.files import HORIZONS
from benchmarks.tables import Table
from stocks import baseline
from stocks.series import Ticker

FIRST_TREES = 100  # of commit b4723cb, which is otherwise the same
MOST_CPU, MOST_ERROR = 0.5, 0.02


class Measured(NamedTuple):
    """CPU seconds of one ticker and year, and RMSE / naive of each horizon [3]."""

    cpu: float
    error: np.ndarray


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=Path, help="prices, in the columns that docs/files.md lists")
    parser.add_argument("--years", type=forecast.years_of, required=True, help="test years, such as 2015-2017 or 2016")
    parser.add_argument("--write", action="store_true", help="into docs/results.md")
    args = parser.parse_args(argv)
    rows = walk.read(args.csv)
    by_year = [[both(ticker) for ticker in walk.shard_of(rows, year)[0]] for year in args.years]
    table = compared(by_year)
    print(table)
    if args.write:
        tables.write(args.csv.stem, [table])


def both(ticker: Ticker) -> list[Measured]:
    """With the first version's trees, and with today's."""
    return [measure(ticker, trees) for trees in (FIRST_TREES, baseline.TREES)]


def measure(ticker: Ticker, trees: int) -> Measured:
    prices, before = ticker.rows["adjclose"], int(ticker.bounds[2])
    origins = np.arange(before, len(prices))
    with mock.patch.object(baseline, "TREES", trees):
        started = time.process_time()
        forecasts = baseline.random_forest(prices, origins, before, ticker.minmax)
        cpu = time.process_time() - started
    errors = []
    for i, horizon in enumerate(HORIZONS):
        known = origins[:-horizon]
        actual = prices[known + horizon]
        ours, naive = (np.mean((actual - other) ** 2) for other in (forecasts[:-horizon, i], prices[known]))
        errors.append(np.sqrt(ours / naive))
    return Measured(cpu, np.array(errors))


def compared(by_year: Sequence[Sequence[Sequence[Measured]]]) -> Table:
    """Means over tickers, then over years."""
    first, today = (
        np.mean([np.mean([[pair[at].cpu, *pair[at].error] for pair in year], axis=0) for year in by_year], axis=0)
        for at in (0, 1)
    )
    ratio = today / first
    met = ratio[0] <= MOST_CPU and (np.abs(ratio[1:] - 1) <= MOST_ERROR).all()
    lines = [
        (f"{trees} trees", f"{values[0]:.3f}", *(f"{value:.4f}" for value in values[1:]))
        for trees, values in ((FIRST_TREES, first), (baseline.TREES, today))
    ]
    lines.append(("ratio", f"{ratio[0]:.2f}", *(f"{value:.4f}" for value in ratio[1:])))
    limits = f"CPU at most {MOST_CPU:g}, errors within {MOST_ERROR:.0%}: {'met' if met else '**not met**'}"
    header = ("", "CPU s a ticker", *(f"RMSE / naive, h = {horizon}" for horizon in HORIZONS))
    return Table("forest", f"The tutorial's Random Forest, {limits}", header, lines)


if __name__ == "__main__":
    main()
