"""Invented prices: the one maker of random walks for tests. Files of sites, in tests/corpus, are made in cents."""

import numpy as np

PRICES = ["open", "high", "low", "close", "adjclose"]


def walk(seed, rows: int, start: float = 100.0, volatility: float = 0.01) -> np.ndarray:
    """float64[rows]: prices whose daily returns are normal and forget each other."""
    return start * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, volatility, rows)))


def bars(
    seed: int, rows: int, start: float = 100.0, memory: float = 0.0, shuffled: bool = False
) -> dict[str, np.ndarray]:
    """open, high, low, close, adjclose and volume, each [rows], of a ticker whose volatility comes in waves.

    `memory` is how much of a return carries over to the next day. `shuffled` deals the returns out in another order and
    tosses a coin for each sign: without the coin a ticker keeps its mean return, and that can be learnt.
    """
    draw = np.random.default_rng(seed)
    returns = 0.01 * np.exp(0.5 * np.sin(np.arange(rows) / 25 + seed)) * draw.standard_normal(rows)
    for row in range(1, rows):
        returns[row] += memory * returns[row - 1]
    above, below = np.abs(draw.normal(0, 0.004, (2, rows)))
    if shuffled:
        order = draw.permutation(rows)
        returns, above, below = returns[order] * draw.choice([-1, 1], rows), above[order], below[order]
    close = start * np.exp(np.cumsum(returns))
    return {
        "open": close * np.exp(draw.normal(0, 0.002, rows)),
        "high": close * np.exp(above),
        "low": close * np.exp(-below),
        "close": close,
        "adjclose": close,
        "volume": draw.integers(10**5, 10**6, rows),
    }


def weekdays(rows: int, first: str = "2020-01-01") -> np.ndarray:
    """datetime64[D] [rows]: the first days from a day on that are no weekend."""
    return np.busday_offset(first, np.arange(rows), roll="forward")
