"""How much of the LSTM's point forecasts to believe, judged on the decision block, which nothing was fitted on.

Everything is in units of s·√h. Errors of all tickers on a day move together, and those of neighbouring days overlap, so
the observations are days with their neighbours' covariance, never the windows.
"""

import numpy as np

type Evidence = dict[str, str | float | None]  # JSON of evidence.json

MAX_GATE = 0.5
FEW_BLOCKS, NO_MOVE, UNPROVEN = "few_blocks", "no_move", "unproven"  # why a gate is shut
MIN_BLOCKS = 30  # independent blocks of h days below which a standard error is not believed
FEWEST_LAGS = 10  # volatility that clusters ties even one-day errors to their neighbours
NO_ENERGY = 1e-12  # variance of point forecasts, in units of s·√h, that is rounding


def gate(point: np.ndarray, target: np.ndarray, days: np.ndarray, horizon: int) -> Evidence:
    """How much of the point forecasts [m] to believe: clip(slope - 2 SE, 0, 0.5), with its evidence.

    The slope is that of the regression of targets [m] on points with an intercept: what the forecasts say on average is
    drift, which is no skill. m windows on `days` [m].
    """
    blocks = len(np.unique(days)) // horizon
    evidence: Evidence = {"blocks": blocks, "gate": 0.0, "gate_reason": "", "slope": None, "slope_se": None}
    if blocks < MIN_BLOCKS:
        evidence["gate_reason"] = FEW_BLOCKS
    point, target = (centred(np.asarray(values, np.float64)) for values in (point, target))
    energy = float(np.sum(point**2))
    if energy <= NO_ENERGY * len(point):
        evidence["gate_reason"] = NO_MOVE
        return evidence
    if blocks < 2:
        return evidence
    slope = float(np.sum(point * target)) / energy
    se = standard_error(point * (target - slope * point) / energy, days, max(2 * (horizon - 1), FEWEST_LAGS))
    evidence |= {"slope": slope, "slope_se": se}
    if blocks >= MIN_BLOCKS:
        evidence["gate"] = float(np.clip(slope - 2 * se, 0.0, MAX_GATE))
        if not evidence["gate"]:
            evidence["gate_reason"] = UNPROVEN
    return evidence


def centred(values: np.ndarray) -> np.ndarray:
    return values - values.mean() if len(values) else values


def standard_error(scores: np.ndarray, days: np.ndarray, lags: int) -> float:
    """Of a sum of scores [m] that have mean zero: sums by day, with Bartlett's weights on so many lags (Newey and
    West 1987)."""
    _, day = np.unique(days, return_inverse=True)
    sums = np.bincount(day, weights=scores)
    variance = np.sum(sums**2)
    for lag in range(1, min(lags, len(sums) - 1) + 1):
        variance += 2 * (1 - lag / (lags + 1)) * np.sum(sums[lag:] * sums[:-lag])
    return float(np.sqrt(len(sums) / (len(sums) - 1) * max(variance, 0.0)))
