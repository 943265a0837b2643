"""Forecasts to compare with: naive, drift, and the tutorial's Random Forest on MinMax-scaled price levels."""

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from stocks.contract import FOREST_SEED, FOREST_TREES, HORIZONS
from stocks.series import Shard

LAGS = 5
SHORT, LONG = 5, 20
FIRST_ORIGIN = LONG - 1  # the first row with a full long average
TREES, SEED = FOREST_TREES, FOREST_SEED
# Of a price that hardly moved in training, a later one may be more widths away than the forest's float32 can say.
FURTHEST = 1e30


def forecast(shard: Shard) -> dict[str, np.ndarray]:
    """The baseline file: every ticker's origins from test_from to its last row, or the last row alone."""
    origins, prices = [np.empty(0, np.int64)], [np.empty((0, len(HORIZONS), 3))]
    for ticker in shard:
        adjclose, before_test = ticker.rows["adjclose"], int(ticker.bounds[2])
        origin = np.arange(min(before_test, len(adjclose) - 1), len(adjclose))
        forest = random_forest(adjclose, origin, before_test, ticker.minmax)
        origins.append(origin)
        prices.append(np.stack([naive(adjclose, origin), drift(adjclose, origin), forest], axis=2))
    offsets = np.cumsum([len(origin) for origin in origins], dtype=np.int64)
    return {
        "tickers": shard.tickers,
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
    """float64[m, 3]: the tutorial's model, one multi-output forest for the ticker.

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


def forest_inputs(prices: np.ndarray) -> np.ndarray:
    """float64[n - 19, 7] from prices float64[n]: t, t-1, ..., t-4, MA5 and MA20 ending at t, for t from 19.

    Every average is summed over its own window, so a later price cannot reach an earlier row even by rounding.
    """
    lags = [prices[FIRST_ORIGIN - lag : len(prices) - lag] for lag in range(LAGS)]
    averages = [_moving_average(prices, width)[FIRST_ORIGIN - width + 1 :] for width in (SHORT, LONG)]
    return np.column_stack([*lags, *averages])


def _moving_average(prices: np.ndarray, width: int) -> np.ndarray:
    """float64[n - width + 1]: the mean of each window of `width` rows, at the window's last row."""
    return np.lib.stride_tricks.sliding_window_view(prices, width).mean(axis=1)
