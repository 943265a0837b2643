"""Two ways to make intervals about the last price without any training, to see what the LSTM adds."""

import numpy as np

from benchmarks import files
from stocks.contract import QUANTILES
from stocks.series import Shard

LEVELS = tuple(QUANTILES.values())
FIRST_ORIGIN = 60  # the first row whose volatility counts on 60 returns
STILL = 1e-6  # at or below this volatility nothing can be scaled by it


def constant(shard: Shard, origins: files.Arrays) -> np.ndarray:
    """The random walk with the ticker's own past changes: their quantiles, the same on every day."""
    prices = files.unknown(origins)
    for one in files.series(shard, origins):
        known, last = np.log(one.prices[: one.before]), one.prices[one.origins]
        for i, horizon in enumerate(files.HORIZONS):
            quantiles = np.quantile(known[horizon:] - known[:-horizon], LEVELS)
            prices[one.place, i] = last[:, None] * np.exp(np.concatenate([[0.0], quantiles]))
    return prices


def volatility_scaled(shard: Shard, origins: files.Arrays, scale: np.ndarray) -> np.ndarray:
    """Past changes of all tickers in units of s·√h give the quantiles; today's s makes prices of them."""
    units = np.split(scale.astype(np.float64), shard.offsets[1:-1])
    tickers = list(files.series(shard, origins))
    prices = files.unknown(origins)
    for i, horizon in enumerate(files.HORIZONS):
        changes = [_scaled_changes(one, unit, horizon) for one, unit in zip(tickers, units, strict=True)]
        quantiles = np.concatenate([[0.0], np.quantile(np.concatenate(changes), LEVELS)])
        for one, unit in zip(tickers, units, strict=True):
            width = unit[one.origins, None] * np.sqrt(horizon)
            prices[one.place, i] = one.prices[one.origins, None] * np.exp(width * quantiles)
    return prices


def _scaled_changes(one: files.Series, unit: np.ndarray, horizon: int) -> np.ndarray:
    """Changes over the horizon that were known before the test period, in units of their origin's s·√h."""
    logs = np.log(one.prices[: one.before])
    origin = np.arange(FIRST_ORIGIN, one.before - horizon)
    origin = origin[unit[origin] > STILL]
    return (logs[origin + horizon] - logs[origin]) / (unit[origin] * np.sqrt(horizon))
