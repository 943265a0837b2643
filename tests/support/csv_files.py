"""Files of prices to drop, as data frames that a test may bend before they become CSV."""

import numpy as np
import pandas as pd

from tests.support import prices

MEMORY = 0.8  # something to learn, as no real price offers


def bars(
    name: str, seed: int, rows: int = 520, first: str = "2020-01-01", memory: float = MEMORY, shuffled: bool = False
) -> pd.DataFrame:
    """One ticker on weekdays."""
    days = prices.weekdays(rows, first).astype(str)
    return pd.DataFrame({"ticker": name, "date": days} | prices.bars(seed, rows, memory=memory, shuffled=shuffled))


def changed_after(frame: pd.DataFrame, day: str) -> pd.DataFrame:
    """Every value after the day is another one; rows and dates stay."""
    later = frame["date"] > day
    draw, count = np.random.default_rng(1), int(later.sum())
    changed = frame.copy()
    for column in prices.PRICES:
        changed.loc[later, column] *= draw.uniform(0.5, 2.0, count)
    changed.loc[later, "volume"] += draw.integers(1, 1000, count)
    return changed


def csv(*frames: pd.DataFrame) -> bytes:
    """The file; floats keep every digit, NaN is an empty field."""
    return pd.concat(frames).to_csv(index=False).encode()
