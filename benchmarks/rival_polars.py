"""The job of benchmarks/prepare.py in polars: PYTHON benchmarks/rival_polars.py CSV FOLDER"""

import sys

import polars as pl


def main(csv: str, folder: str) -> None:
    table = pl.read_csv(csv, try_parse_dates=True).unique(keep="first").sort("Ticker", "Date")
    newest = table.group_by("Date").len().sort("Date", descending=True).with_columns(since=pl.col("len").cum_sum())
    cut = newest.filter(pl.col("since") <= 0.2 * table.height)["Date"].min()
    known = table.filter(pl.col("Date") < cut)
    bounds = known.group_by("Ticker").agg(low=pl.col("Adj Close").min(), high=pl.col("Adj Close").max())
    bounds.write_parquet(f"{folder}/bounds.parquet")
    table.write_parquet(f"{folder}/prices.parquet")


if __name__ == "__main__":
    main(*sys.argv[1:])
