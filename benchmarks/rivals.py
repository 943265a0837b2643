"""Two ways to make ranges about the last price without a model, to see what the product's add."""

import numpy as np

from benchmarks import files
from stocks.contract import QUANTILES
from stocks.series import Shard

LEVELS = tuple(QUANTILES.values())
MEDIAN = LEVELS.index(0.5)
FIRST_ORIGIN = 60  # the first row whose volatility counts on 60 returns
STILL = 1e-6  # at or below this volatility nothing can be scaled by it


def constant(shard: Shard, origins: files.Arrays) -> np.ndarray:
    """The random walk with the ticker's own past changes: their quantiles, the same on every day."""
    outputs = files.unknown(origins)
    for one in files.series(shard, origins):
        known = np.log(one.prices[: one.before])
        for i, horizon in enumerate(files.HORIZONS):
            changes = known[horizon:] - known[:-horizon]
            outputs[one.place, i] = _about(one.prices[one.origins], np.ones(len(one.origins)), changes)
    return outputs


def volatility_scaled(shard: Shard, origins: files.Arrays, scale: np.ndarray) -> np.ndarray:
    """Past changes of all tickers in units of s·√h give the quantiles; today's s makes prices of them."""
    units = np.split(scale.astype(np.float64), shard.offsets[1:-1])
    tickers = list(files.series(shard, origins))
    outputs = files.unknown(origins)
    for i, horizon in enumerate(files.HORIZONS):
        changes = np.concatenate(
            [_scaled_changes(one, unit, horizon) for one, unit in zip(tickers, units, strict=True)]
        )
        for one, unit in zip(tickers, units, strict=True):
            outputs[one.place, i] = _about(one.prices[one.origins], unit[one.origins] * np.sqrt(horizon), changes)
    return outputs


def _about(last: np.ndarray, width: np.ndarray, changes: np.ndarray) -> np.ndarray:
    """float64[m, 8]: the last price, and log changes about it in units of each origin's width [m]."""
    quantiles = np.quantile(changes, LEVELS)
    spread = np.sqrt(np.mean((changes - quantiles[MEDIAN]) ** 2))
    return files.output(last, last[:, None] * np.exp(width[:, None] * quantiles), width * spread)


def _scaled_changes(one: files.Series, unit: np.ndarray, horizon: int) -> np.ndarray:
    """Changes over the horizon that were known before the test period, in units of their origin's s·√h."""
    logs = np.log(one.prices[: one.before])
    origin = np.arange(FIRST_ORIGIN, one.before - horizon)
    origin = origin[unit[origin] > STILL]
    return (logs[origin + horizon] - logs[origin]) / (unit[origin] * np.sqrt(horizon))
