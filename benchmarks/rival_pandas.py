"""The job of benchmarks/prepare.py in pandas, with groupby: PYTHON benchmarks/rival_pandas.py CSV FOLDER"""

import sys

import pandas as pd


def main(csv: str, folder: str) -> None:
    table = pd.read_csv(csv, parse_dates=["Date"]).drop_duplicates().sort_values(["Ticker", "Date"])
    since = table.groupby("Date").size().sort_index(ascending=False).cumsum()
    cut = since[since <= 0.2 * len(table)].index.min()
    known = table[table["Date"] < cut].groupby("Ticker")["Adj Close"]
    bounds = known.agg(low="min", high="max").reset_index()
    bounds.to_parquet(f"{folder}/bounds.parquet", index=False)
    table.to_parquet(f"{folder}/prices.parquet", index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
