"""Is one method's loss below another's by more than chance: losses by target day, since tickers move together.

A ratio gets a 95 % interval of a block bootstrap over days (Kunsch 1989, Politis and Romano 1992), and Diebold and
Mariano's (1995) t value, with Bartlett's weights on the lags (Newey and West 1987).
"""

from typing import NamedTuple

import numpy as np

import decision
from stocks import metrics, volatility
from stocks.contract import HORIZONS, MODELS, QUANTILES, Arrays
from stocks.series import Shard

BLOCK = 40  # consecutive target days that are drawn together
DRAWS, SEED = 10_000, 1
FEWEST_LAGS = 10


class Ratio(NamedTuple):
    """Ours over theirs; low to high is its 95 % interval, t is negative where ours is less."""

    value: float
    low: float
    high: float
    t: float

    def __str__(self) -> str:
        return f"{self.value:.4f} ({self.low:.4f} to {self.high:.4f}), t = {self.t:.1f}"


def losses(rows: Arrays, shard: Shard) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The days int32[d] and, by name, the losses float64[k tickers, d target days, 3 horizons] of joined rows.

    pinball: the mean of the five quantiles', in basis points of the last price. qlike: of the expected move. By model:
    its squared error in units of the last price. NaN where there is no test row or no forecast.
    """
    test = {name: column[~rows["future"]] for name, column in rows.items()}
    days, at = np.unique(test["target_day"], return_inverse=True)
    cell = (test["ticker"], at, np.searchsorted(HORIZONS, test["horizon"]))
    quantiles = np.column_stack([test[name] for name in QUANTILES])
    found = {
        "pinball": metrics.pinball(test["actual"], quantiles) / test["naive"] * 1e4,
        "qlike": volatility.qlike(test["variance"], test["expected_move"] ** 2 / test["horizon"]),
    }
    found |= {model: ((test["actual"] - test[model]) / test["naive"]) ** 2 for model in MODELS}
    return days, {name: _placed(loss, cell, (len(shard), len(days), len(HORIZONS))) for name, loss in found.items()}


def _placed(values: np.ndarray, cell: tuple[np.ndarray, ...], shape: tuple[int, ...]) -> np.ndarray:
    places = np.full(shape, np.nan)
    places[cell] = values
    return places


def by_day(found: np.ndarray) -> np.ndarray:
    """float64[d]: what each day adds to the mean over all rows of losses [k, d]; NaN of a day without rows."""
    known = np.isfinite(found)
    total = np.where(known, found, 0).sum(axis=0) / max(known.sum(), 1)
    return np.where(known.any(axis=0), total, np.nan)


def compare(ours: np.ndarray, theirs: np.ndarray, horizon: int) -> Ratio:
    """The ratio of the sums of two losses by day [d], in time order."""
    difference = ours - theirs
    lags = max(2 * (horizon - 1), FEWEST_LAGS)
    error = decision.standard_error(difference - difference.mean(), np.arange(len(difference)), lags)
    drawn = bootstrap(np.column_stack([ours, theirs]))
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
    t = difference.sum() / error if error > 0 else 0.0
    return Ratio(float(ours.sum() / theirs.sum()), float(low), float(high), float(t))


def bootstrap(by_day: np.ndarray) -> np.ndarray:
    """float64[draws, m]: sums of columns [d, m] over as many blocks as fill the days, in a circle."""
    days = len(by_day)
    block = min(BLOCK, days)
    sums = np.concatenate([np.zeros((1, by_day.shape[1])), np.concatenate([by_day, by_day[:block]]).cumsum(axis=0)])
    starts = np.random.default_rng(SEED).integers(days, size=(DRAWS, -(-days // block)))
    return (sums[starts + block] - sums[starts]).sum(axis=1)
