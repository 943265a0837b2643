"""Make examples/prices.csv: invented tickers that behave like stocks, the same bytes at every run.

Daily log returns are a drift plus a GARCH(1,1) shock with Student-t tails (Bollerslev 1986), so that quiet and wild
spells alternate. Open, high and low lie on a walk from close to close that is as wild as its day. One ticker splits,
one starts late, and one is too short to be forecast.
"""

import csv
import dataclasses
import datetime
import math
import pathlib
import random
from collections.abc import Iterator

NIGHT = 0.2  # of a day's variance, before the open
STEPS = 30  # of the walk from open to close
FIRST, LAST = datetime.date(2020, 1, 2), datetime.date(2024, 12, 31)


@dataclasses.dataclass(frozen=True)
class Stock:
    """Drift and volatility are per year; starts is the first day of its history."""

    ticker: str
    price: float
    drift: float
    volatility: float
    starts: datetime.date = FIRST
    split: tuple[datetime.date, int] | None = None


STOCKS = [
    Stock("JAJIL.CQ", 18.40, 0.09, 0.28),
    Stock("ALDER", 142.10, 0.14, 0.24),
    Stock("BRYNE", 61.75, 0.02, 0.19),
    Stock("CORVO", 9.12, 0.22, 0.46),
    Stock("DUNMORE", 33.30, -0.08, 0.31),
    Stock("ELMET", 508.00, 0.17, 0.27, split=(datetime.date(2022, 6, 6), 4)),
    Stock("FARROW", 78.90, 0.06, 0.16),
    Stock("GANNET", 24.05, -0.15, 0.38),
    Stock("HOLT-B", 1190.00, 0.11, 0.21),
    Stock("IVORY", 45.60, 0.08, 0.33, starts=datetime.date(2022, 9, 1)),
    Stock("KESTREL", 15.00, 0.10, 0.40, starts=datetime.date(2024, 8, 1)),
]


def weekdays(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    days = [first + datetime.timedelta(n) for n in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5]


def log_returns(stock: Stock, count: int, rng: random.Random) -> list[tuple[float, float]]:
    """Daily log returns with clustering volatility, each with its day's own standard deviation; the long-run variance
    is the stock's own."""
    alpha, beta, freedom = 0.08, 0.90, 6
    long_run = stock.volatility**2 / 252
    variance, returns = long_run, []
    for _ in range(count):
        chi_square = rng.gammavariate(freedom / 2, 2)
        deviation = math.sqrt((freedom - 2) / chi_square * variance)
        shock = rng.gauss(0, deviation)
        returns.append(((stock.drift - stock.volatility**2 / 2) / 252 + shock, deviation))
        variance = long_run * (1 - alpha - beta) + alpha * shock**2 + beta * variance
    return returns


def walk(change: float, deviation: float, rng: random.Random) -> Iterator[float]:
    """Log prices from open to close, from the last close on: a Brownian bridge that ends at the day's change."""
    price = time = 0.0
    for step in range(STEPS + 1):
        later = NIGHT + (1 - NIGHT) * step / STEPS
        part = (later - time) / (1 - time)
        price += part * (change - price) + rng.gauss(0, deviation * math.sqrt(part * (1 - later)))
        time = later
        yield price


def rows(stock: Stock) -> Iterator[list]:
    """The stock's rows as the CSV holds them: close as traded, adjclose on the scale after the split."""
    rng = random.Random(stock.ticker)  # noqa: S311 (repeatable prices, no secret)
    days = weekdays(stock.starts, LAST)
    adjusted = stock.price / (stock.split[1] if stock.split else 1)
    for day, (change, deviation) in zip(days, log_returns(stock, len(days), rng), strict=True):
        before, adjusted = adjusted, adjusted * math.exp(change)
        prices = [before * math.exp(log) for log in walk(change, deviation, rng)]
        high, low = max(*prices, adjusted), min(*prices, adjusted)
        factor = stock.split[1] if stock.split and day < stock.split[0] else 1
        volume = round(rng.lognormvariate(14, 0.5) * (1 + 30 * abs(change)))
        traded = [f"{price * factor:.4f}" for price in (prices[0], high, low, adjusted)]
        yield [stock.ticker, day.isoformat(), *traded, f"{adjusted:.4f}", volume // factor]


def main() -> None:
    with (pathlib.Path(__file__).parent / "prices.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["ticker", "date", "open", "high", "low", "close", "adjclose", "volume"])
        for stock in STOCKS:
            writer.writerows(rows(stock))


if __name__ == "__main__":
    main()
