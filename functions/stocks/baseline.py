"""Forecasts to compare with: naive, drift, and the lab's Random Forest on MinMax-scaled price levels."""

from collections.abc import Mapping

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from stocks.contract import HORIZONS
from stocks.features import FIRST_ORIGIN, forest_inputs

TREES, SEED = 100, 7
# Of a price that hardly moved in training, a later one may be more widths away than the forest's float32 can say.
FURTHEST = 1e30


def forecast(shard: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The baseline file: every ticker's origins from test_from to its last row, or the last row alone."""
    lows, highs = shard["offsets"][:-1], shard["offsets"][1:]
    origins, prices = [np.empty(0, np.int64)], [np.empty((0, len(HORIZONS), 3))]
    for i, (low, high) in enumerate(zip(lows, highs, strict=True)):
        adjclose, before_test = shard["adjclose"][low:high], int(shard["bounds"][i, 2])
        origin = np.arange(min(before_test, len(adjclose) - 1), len(adjclose))
        models = (naive, drift, lambda a, o, b=before_test, m=shard["minmax"][i]: random_forest(a, o, b, m))
        origins.append(origin)
        prices.append(np.stack([model(adjclose, origin) for model in models], axis=2))
    offsets = np.cumsum([len(origin) for origin in origins], dtype=np.int64)
    return {
        "tickers": shard["tickers"],
        "offsets": offsets,
        "origin": np.concatenate(origins),
        "prices": np.concatenate(prices),
    }


def naive(prices: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """float64[m, 3]: tomorrow is like today."""
    return np.repeat(prices[origin, None], len(HORIZONS), axis=1)


def drift(prices: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """float64[m, 3]: the average growth from the first row to the origin goes on."""
    last = prices[origin, None]
    return last * (last / prices[0]) ** (np.array(HORIZONS) / np.maximum(origin[:, None], 1))


def random_forest(prices: np.ndarray, origin: np.ndarray, before_test: int, minmax: np.ndarray) -> np.ndarray:
    """float64[m, 3]: the lab's model, one multi-output forest for the ticker.

    It learns only from origins whose longest target lies before the test period; `minmax` holds the least and the
    greatest price there. A constant price has no range: it is divided by 1, as scikit-learn's MinMaxScaler does.
    """
    low, width = minmax[0], (minmax[1] - minmax[0]) or 1.0
    scaled = np.clip((prices - low) / width, -FURTHEST, FURTHEST)
    inputs = forest_inputs(scaled)
    train = np.arange(FIRST_ORIGIN, before_test - max(HORIZONS))
    targets = np.column_stack([scaled[train + horizon] for horizon in HORIZONS])
    forest = RandomForestRegressor(n_estimators=TREES, n_jobs=1, random_state=SEED)
    forest.fit(inputs[train - FIRST_ORIGIN], targets)
    return forest.predict(inputs[origin - FIRST_ORIGIN]) * width + low
