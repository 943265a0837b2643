"""The job of benchmarks/prepare.py as tutorials do it: PYTHON benchmarks/rival_tutorial.py CSV FOLDER

Filter the file for each ticker, fit a MinMaxScaler on its training days, and write a CSV for each ticker.
"""

import sys

import pandas as pd
from sklearn.preprocessing import MinMaxScaler


def main(csv: str, folder: str) -> None:
    table = pd.read_csv(csv, parse_dates=["Date"]).drop_duplicates()
    since = table["Date"].value_counts().sort_index(ascending=False).cumsum()
    cut = since[since <= 0.2 * len(table)].index.min()
    bounds = []
    for ticker in table["Ticker"].unique():
        own = table[table["Ticker"] == ticker].sort_values("Date")
        scaler = MinMaxScaler().fit(own.loc[own["Date"] < cut, ["Adj Close"]])
        own["scaled"] = scaler.transform(own[["Adj Close"]])
        own.to_csv(f"{folder}/{ticker}.csv", index=False)
        bounds.append({"Ticker": ticker, "low": scaler.data_min_[0], "high": scaler.data_max_[0]})
    pd.DataFrame(bounds).to_parquet(f"{folder}/bounds.parquet", index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
