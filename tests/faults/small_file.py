"""The file that every run of the suite drops: two tickers, 200 days, one shard; and what is published of it."""

from tests.support import csv_files

TICKERS, ROWS = ("ASH", "BIRCH"), 200
TOO_FEW = 60  # rows of a ticker, of which none can be forecast
FORECASTS = len(TICKERS) * 3  # rows of latest_forecast: each ticker's three horizons
TEST_DAYS = ROWS // 5
BACKTEST = len(TICKERS) * sum(TEST_DAYS - horizon for horizon in (1, 5, 20))


def prices_csv(rows: int = ROWS) -> bytes:
    frames = [csv_files.bars(ticker, seed, rows, "2023-01-02", memory=0) for seed, ticker in enumerate(TICKERS)]
    return csv_files.csv(*(frame.drop(columns="close") for frame in frames))
