"""Split, Merge and Scale in polars: PYTHON benchmarks/rival_polars.py CSV OUT

The file is read, its rows are sorted by ticker and day, equal ones dropped, each ticker's bounds are found on the rows
before the last fifth of the days, and the table is written once. Nothing is checked of what a row says.
"""

import sys

import polars as pl


def main(csv: str, out: str) -> None:
    table = pl.read_csv(csv, try_parse_dates=True).unique(["Ticker", "Date"], keep="first").sort("Ticker", "Date")
    cut = table["Date"].unique().sort()
    known = table.filter(pl.col("Date") < cut[int(len(cut) * 0.8)])
    bounds = known.group_by("Ticker").agg(low=pl.col("Adj Close").min(), high=pl.col("Adj Close").max())
    table.join(bounds, on="Ticker").write_parquet(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
