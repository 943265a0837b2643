"""Invented prices that are wilder than those of any exchange: without an error, so whatever is flagged is false."""

import numpy as np

from stocks.contract import Arrays

TICKERS, ROWS, SEED = 300, 1000, 0
FEWEST = 2.0  # degrees of freedom, beyond which Student's t has a variance


def prices(degrees: float, sigma: float, clustered: bool = False) -> Arrays:
    """Log moves of Student's t with this standard deviation a day, which goes up and down where they are clustered."""
    random = np.random.default_rng(SEED)
    shape = (TICKERS, ROWS)
    moves = random.standard_t(degrees, shape) * sigma / np.sqrt(degrees / (degrees - FEWEST))
    if clustered:
        level = np.zeros(TICKERS)
        for day in range(ROWS):
            level = 0.97 * level + 0.25 * random.standard_normal(TICKERS)
            moves[:, day] *= np.exp(level) / 1.5
    close = np.clip(100 * np.exp(np.cumsum(moves, axis=1)), 1e-8, 1e12)
    opened = np.concatenate([close[:, :1], close[:, :-1]], axis=1)
    wide = np.exp(np.abs(random.normal(0, sigma / 2, (2, *shape))))
    columns = {
        "open": opened,
        "high": np.maximum(close, opened) * wide[0],
        "low": np.minimum(close, opened) / wide[1],
        "close": close,
        "adjclose": close,
        "volume": np.exp(random.normal(12, 0.5, shape) + 3 * np.abs(moves)),
    }
    return {
        "tickers": np.array([f"W{number:03}" for number in range(TICKERS)]),
        "ticker": np.repeat(np.arange(TICKERS, dtype=np.int32), ROWS),
        "day": np.tile(np.arange(17_000, 17_000 + ROWS, dtype=np.int32), TICKERS),
        **{name: values.ravel() for name, values in columns.items()},
    }
