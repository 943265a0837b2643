"""One history of two tickers, cut into the files that a seller would send: the past first, then days or months."""

import pandas as pd

from tests.support import csv_files

TICKERS = ("ASH", "BIRCH")
FIRST_DAY = "2023-01-02"


def table(rows: int) -> pd.DataFrame:
    """So many weekdays of each ticker, in the order of days as a daily file has them."""
    frames = [csv_files.bars(ticker, seed, rows, FIRST_DAY, memory=0) for seed, ticker in enumerate(TICKERS)]
    return pd.concat(frames).drop(columns="close").sort_values(["date", "ticker"], ignore_index=True)


def days(whole: pd.DataFrame) -> list[str]:
    return sorted(set(whole["date"]))


def of_days(whole: pd.DataFrame, chosen: list[str]) -> bytes:
    """The file of these days."""
    return csv_files.csv(whole[whole["date"].isin(chosen)])


def of_months(whole: pd.DataFrame) -> dict[str, bytes]:
    """A file for each month, by its name such as 2023-01."""
    months = whole["date"].str[:7]
    return {month: csv_files.csv(whole[months == month]) for month in sorted(set(months))}
