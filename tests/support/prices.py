"""A small file of invented prices: two tickers, 200 days, one shard."""

import datetime
import random

TICKERS = {"ASH": 100.0, "BIRCH": 20.0}
ROWS = 200
FORECASTS = len(TICKERS) * 3  # rows of latest_forecast: each ticker's three horizons
TEST_DAYS = ROWS // 5
BACKTEST = len(TICKERS) * sum(TEST_DAYS - horizon for horizon in (1, 5, 20))


def days(first: datetime.date, count: int) -> list[datetime.date]:
    """The first weekdays from a day on."""
    every = (first + datetime.timedelta(number) for number in range(count * 2))
    return [day for day in every if day.weekday() < 5][:count]


def prices_csv() -> bytes:
    chance = random.Random(5)  # noqa: S311
    lines = ["ticker,date,open,high,low,adjclose,volume"]
    for ticker, price in TICKERS.items():
        for day in days(datetime.date(2023, 1, 2), ROWS):
            price *= 1 + chance.gauss(0, 0.012)
            values = f"{price:.4f},{price * 1.01:.4f},{price * 0.99:.4f},{price:.4f},{chance.randint(1000, 9000)}"
            lines.append(f"{ticker},{day},{values}")
    return "\n".join(lines).encode() + b"\n"
