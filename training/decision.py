"""How much of the LSTM's point forecasts to believe, judged on the decision block, which nothing was fitted on.

Everything is in units of s·√h. Errors of all tickers on a day move together, and those of neighbouring days overlap, so
the observations are days with their neighbours' covariance, never the windows.
"""

from itertools import pairwise

import numpy as np

from data import LOOKBACK

type Evidence = dict[str, str | float | None]  # JSON of evidence.json

MAX_GATE = 0.5
FEW_BLOCKS, NO_MOVE, UNPROVEN = "few_blocks", "no_move", "unproven"  # why a gate is shut
MIN_BLOCKS = 30  # independent blocks of h days below which a standard error is not believed
LAGS = 10  # days that are tied beyond the overlap of their targets: points change slowly, volatility clusters
FEW_DAYS = 7.0  # widens the standard error by so many times the share of lags among the days
ALIKE = 1e-10  # share of a regressor that others leave of it, below which it adds nothing
NO_ENERGY = 1e-12  # variance of point forecasts, in units of s·√h, that is rounding


def gate(
    point: np.ndarray, target: np.ndarray, scale: np.ndarray, tickers: np.ndarray, days: np.ndarray, horizon: int
) -> Evidence:
    """How much of the point forecasts [m] to believe: clip(slope - 2 SE, 0, 0.5), with its evidence.

    Drift is no skill. It may be constant in units of s·√h or as a log return, which is constant over s in these units,
    and it may turn within the block. So each ticker's own regression on (1, 1/s, day) is taken out of its points and
    targets first, see `without_drift`. The slope is that of what is left. Window i of m is of ticker number tickers[i],
    with s scale[i], on day days[i]; a ticker's windows stand together in the order of days.
    """
    blocks = len(np.unique(days)) // horizon
    evidence: Evidence = {"blocks": blocks, "gate": 0.0, "gate_reason": "", "slope": None, "slope_se": None}
    if blocks < MIN_BLOCKS:
        evidence["gate_reason"] = FEW_BLOCKS
    values = np.stack([point, target]).astype(np.float64)
    said = without_drift(values[:1], scale, tickers, 0)[0]
    energy, least = float(np.sum(said**2)), NO_ENERGY * len(said)
    if energy > least:
        point, target = without_drift(values, scale, tickers, LOOKBACK + horizon)
        energy = float(np.sum(said * point))
    if energy <= least:
        evidence["gate_reason"] = NO_MOVE
        return evidence
    if blocks < 2:
        return evidence
    slope = float(np.sum(said * target)) / energy
    se = standard_error(said * (target - slope * point) / energy, days, 2 * (horizon - 1) + LAGS)
    evidence |= {"slope": slope, "slope_se": se}
    if blocks >= MIN_BLOCKS:
        evidence["gate"] = float(np.clip(slope - 2 * se, 0.0, MAX_GATE))
        if not evidence["gate"]:
            evidence["gate_reason"] = UNPROVEN
    return evidence


def without_drift(values: np.ndarray, scale: np.ndarray, tickers: np.ndarray, before: int) -> np.ndarray:
    """Values [k, m] less each ticker's own regression on (1, 1/s, day), for each day without the `before` before it.

    A point is made of the returns of those days. With them in the regression, a point that falls when prices rise would
    find its own past in the drift of its target, and pass as skill (Stambaugh 1999).
    """
    left = np.zeros_like(values)
    for begin, end in pairwise(np.flatnonzero(np.diff(tickers, prepend=-1, append=-1))):
        left[:, begin:end] = _residuals(values[:, begin:end], 1 / scale[begin:end].astype(np.float64), before)
    return left


def _residuals(values: np.ndarray, inverse: np.ndarray, before: int) -> np.ndarray:
    """Of one ticker's values [k, n] on (1, inverse [n], day). The days run in a circle, so that each is left out
    equally often; at least half of them stay."""
    count = values.shape[1]
    before = min(before, count // 2)
    left = np.stack([np.ones(count), inverse / inverse.mean() - 1, np.linspace(-1, 1, count), *values])
    moments = (left[:3, None] * left).reshape(-1, count)
    sums = np.cumsum(np.concatenate([np.zeros((len(moments), 1)), moments[:, count - before :], moments], 1), 1)
    kept = moments.sum(1, keepdims=True) - (sums[:, before : before + count] - sums[:, :count])
    kept = kept.reshape(3, -1, count)
    least = ALIKE * kept[range(3), range(3)]
    for i in range(3):  # each regressor is taken out of all that follow it (Frisch and Waugh 1933)
        varied = kept[i, i] > least[i]
        fits = np.where(varied, kept[i] / np.where(varied, kept[i, i], 1.0), 0.0)
        left, kept = left - fits * left[i], kept - kept[:, i, None] * fits
    return left[3:]


def standard_error(scores: np.ndarray, days: np.ndarray, lags: int) -> float:
    """Of a sum of scores [m] that have mean zero: sums by day, with Bartlett's weights on so many lags (Newey and
    West 1987).

    Few days for the lags make that too small (Kiefer and Vogelsang 2005), fat tails and clusters more so: it is widened
    until 5 % of gates open at most where there is no skill, as tests/training/test_gate_size.py measures.
    """
    _, day = np.unique(days, return_inverse=True)
    sums = np.bincount(day, weights=scores)
    variance = np.sum(sums**2)
    for lag in range(1, min(lags, len(sums) - 1) + 1):
        variance += 2 * (1 - lag / (lags + 1)) * np.sum(sums[lag:] * sums[:-lag])
    widened = 1 + FEW_DAYS * (lags + 1) / len(sums)
    return float(widened * np.sqrt(len(sums) / (len(sums) - 1) * max(variance, 0.0)))
