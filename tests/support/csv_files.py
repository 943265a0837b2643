"""Files of prices to drop, as data frames that a test may bend before they become CSV."""

import numpy as np
import pandas as pd

PRICES = ["open", "high", "low", "close", "adjclose"]
MEMORY = 0.8  # how much of a return carries over to the next day: something to learn, as no real price offers


def bars(name: str, seed: int, rows: int = 520, first: str = "2020-01-01", shuffled: bool = False) -> pd.DataFrame:
    """One ticker on weekdays; `shuffled` deals the returns out in another order and tosses a coin for each sign.

    Without the coin a ticker keeps its mean return, and that can be learnt.
    """
    draw = np.random.default_rng(seed)
    shocks = 0.01 * np.exp(0.5 * np.sin(np.arange(rows) / 25 + seed)) * draw.standard_normal(rows)
    returns = np.zeros(rows)
    for row in range(1, rows):
        returns[row] = MEMORY * returns[row - 1] + shocks[row]
    above, below = np.abs(draw.normal(0, 0.004, (2, rows)))
    if shuffled:
        order = draw.permutation(rows)
        returns, above, below = returns[order] * draw.choice([-1, 1], rows), above[order], below[order]
    close = 100 * np.exp(np.cumsum(returns))
    return pd.DataFrame(
        {
            "ticker": name,
            "date": np.busday_offset(first, np.arange(rows), roll="forward").astype(str),
            "open": close * np.exp(draw.normal(0, 0.002, rows)),
            "high": close * np.exp(above),
            "low": close * np.exp(-below),
            "close": close,
            "adjclose": close,
            "volume": draw.integers(10**5, 10**6, rows),
        }
    )


def changed_after(frame: pd.DataFrame, day: str) -> pd.DataFrame:
    """Every value after the day is another one; rows and dates stay."""
    later = frame["date"] > day
    draw, count = np.random.default_rng(1), int(later.sum())
    changed = frame.copy()
    for column in PRICES:
        changed.loc[later, column] *= draw.uniform(0.5, 2.0, count)
    changed.loc[later, "volume"] += draw.integers(1, 1000, count)
    return changed


def csv(*frames: pd.DataFrame) -> bytes:
    """The file; floats keep every digit, NaN is an empty field."""
    return pd.concat(frames).to_csv(index=False).encode()
