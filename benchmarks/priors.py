"""Fit the constants of training/priors.json anew: python -m benchmarks.priors CSV [--before 2019-01-01] [--write]

By the code of training/ranges.py, without a prior, on every row before a day. Prints how far each constant moves, for
each horizon. The features are alike, so single coefficients may move far and their forecast hardly: the last line is
the root mean square by which the logarithm of the forecast volatility moves. --write puts the tables into
docs/results.md.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import data
import ranges
import train
import volatility
from benchmarks import tables, walk
from benchmarks.tables import Table
from stocks import series

NAMES = (
    "1",
    *(f"P{days}" for days in volatility.RANGE_DAYS),
    *(f"R{days}" for days in volatility.RETURN_DAYS),
    *(f"M{days}" for days in volatility.TREND_DAYS),
)
ALONE: Any = {"COEFFICIENT_DAYS": 0, "SHAPE_DAYS": 0, "DRIFT_DAYS": 0}  # the observations that the prior counts as


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=Path, help="prices, in the columns that docs/files.md lists")
    parser.add_argument("--before", type=series.day_of, help="a day, such as 2019-01-01; every row if left out")
    parser.add_argument("--write", action="store_true", help="into docs/results.md")
    args = parser.parse_args(argv)
    prices = read(args.csv, args.before)
    table = moved(prices, train.measures(prices))
    print(table)
    if args.write:
        tables.write(args.csv.stem, [table])


def read(csv: Path, before: int | None = None) -> data.Prices:
    """Every ticker's rows before a day, as training holds them."""
    rows = walk.read(csv)
    if before is not None:
        rows = walk.chosen_rows(rows, rows["day"] < before)
    shard = series.build(rows, dict.fromkeys(series.CUTS, series.iso(rows["day"].max() + 1)))
    cuts = shard.offsets[:-1, None] + shard.bounds
    return data.Prices(shard.tickers.tolist(), shard.offsets, shard.days, shard.adjclose, shard.high, shard.low, cuts)


def fit(prices: data.Prices, measured: ranges.Measured) -> ranges.Ranges:
    """The file's own fit: the weight of the prior is 0."""
    with mock.patch.multiple(ranges, **ALONE):
        return ranges.fit(prices, measured, prices.offsets[1:])


def moved(prices: data.Prices, measured: ranges.Measured) -> Table:
    """Shipped, fitted here, and the difference of each constant by horizon."""
    own, shipped = fit(prices, measured), shipped_ranges()
    root = np.sqrt(data.HORIZONS)
    lines = [
        *zip((f"coefficient {name}" for name in NAMES), shipped.coefficients.T, own.coefficients.T, strict=True),
        *zip((f"shape {level:g}" for level in ranges.QUANTILES), shipped.shapes.T, own.shapes.T, strict=True),
        ("drift, over √h", shipped.drifts / root, own.drifts / root),
        ("root mean square move", shipped.moves, own.moves),
    ]
    told = [
        (name, *(f"{a:.3f}: {b:.3f} ({b - a:+.3f})" for a, b in zip(old, new, strict=True))) for name, old, new in lines
    ]
    distances = (f"{value:.3f}" for value in apart(prices, measured, own, shipped))
    told.append(("log volatility, root mean square of the difference", *distances))
    span = f"{series.iso(prices.days.min())} to {series.iso(prices.days.max())}"
    title = f"Constants as shipped: fitted on {len(prices.tickers)} tickers, {span} (difference)"
    return Table("priors", title, ("", *(f"h = {horizon}" for horizon in data.HORIZONS)), told)


def shipped_ranges() -> ranges.Ranges:
    """The constants as a fit; they have no level of their own."""
    coefficients, shapes, moves = (
        np.array([ranges.PRIORS[name][str(horizon)] for horizon in data.HORIZONS])
        for name in ("coefficients", "shapes", "moves")
    )
    drifts = ranges.PRIORS["drift"] * np.sqrt(data.HORIZONS)
    return ranges.Ranges(coefficients, np.zeros(len(data.HORIZONS)), shapes, drifts, moves)


def apart(
    prices: data.Prices, measured: ranges.Measured, own: ranges.Ranges, shipped: ranges.Ranges
) -> Iterator[float]:
    """Of each horizon the distance of the two forecasts of log volatility, at the fit's level."""
    for i, horizon in enumerate(data.HORIZONS):
        rows = ranges.origins(prices, prices.offsets[1:], horizon)
        centred, _ = ranges.relative(measured.features[rows[measured.moving[rows]]], own.levels[i])
        difference = centred @ (own.coefficients[i] - shipped.coefficients[i])
        yield float(np.sqrt(np.mean(difference**2)))


if __name__ == "__main__":
    main()
