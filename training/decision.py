"""What the decision block, which the network never saw, says about it: gates and whose quantiles to publish.

Everything is in units of s·√h. Errors of all tickers on nearby days move together, so a standard error counts blocks
of h consecutive days as the observations, never the windows.
"""

from collections.abc import Iterable, Sequence
from statistics import NormalDist

import numpy as np

type Evidence = dict[str, str | float | None]  # JSON of evidence.json

MAX_GATE = 0.5
FEW_BLOCKS, NO_MOVE, UNPROVEN = "few_blocks", "no_move", "unproven"  # why a gate is shut
MIN_BLOCKS = 30  # independent blocks of h days below which a standard error is not believed
MIN_BLOCKS_FOR_SPREAD = 10  # blocks below which even constant quantiles are taken from the normal distribution
MIN_WIDTH = 0.5  # a quantile stays at least this share of the normal one away from the median


def day_blocks(days: np.ndarray, horizon: int) -> tuple[np.ndarray, int]:
    """Number the blocks of `horizon` consecutive days that occur: (block of each window [m], number of blocks).

    A remainder shorter than the horizon joins the last full block; with no full block the number is 0.
    """
    unique, rank = np.unique(days, return_inverse=True)
    count = len(unique) // horizon
    return np.minimum(rank // horizon, max(count - 1, 0)), count


def clustered_se(scores: np.ndarray, blocks: np.ndarray, horizon: int) -> float:
    """Standard error of a sum of scores [m] that have mean zero and depend on each other in blocks of `horizon` days.

    Windows longer than a day reach into the next block, so neighbours' covariance counts where it is positive:
    without it the error at 5 and 20 days is a fifth too small, and a worthless forecast passes twice as often.
    """
    sums = np.bincount(blocks, weights=scores)
    across = 2 * np.sum(sums[1:] * sums[:-1]) if horizon > 1 else 0.0
    return float(np.sqrt(len(sums) / (len(sums) - 1) * (np.sum(sums**2) + max(across, 0.0))))


def gate(point: np.ndarray, target: np.ndarray, days: np.ndarray, horizon: int) -> Evidence:
    """How much of the point forecasts [m] to believe: clip(slope - 2 SE, 0, 0.5), with its evidence.

    The slope is the least-squares factor a of target = a·point, through the origin because a gate of 0 is naive.
    """
    blocks, count = day_blocks(days, horizon)
    evidence: Evidence = {"blocks": count, "gate": 0.0, "gate_reason": "", "slope": None, "slope_se": None}
    if count < MIN_BLOCKS:
        evidence["gate_reason"] = FEW_BLOCKS
    point, target = np.asarray(point, np.float64), np.asarray(target, np.float64)
    energy = float(np.sum(point**2))
    if energy == 0:
        evidence["gate_reason"] = NO_MOVE
    if count < 2 or energy == 0:
        return evidence
    slope = float(np.sum(point * target)) / energy
    se = clustered_se(point * (target - slope * point) / energy, blocks, horizon)
    evidence |= {"slope": slope, "slope_se": se}
    if count >= MIN_BLOCKS:
        evidence["gate"] = float(np.clip(slope - 2 * se, 0.0, MAX_GATE))
        if not evidence["gate"]:
            evidence["gate_reason"] = UNPROVEN
    return evidence


def pinball(target: np.ndarray, quantiles: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Pinball loss of each window [m], mean over the levels; quantiles are [m, levels] or [levels]."""
    above = np.asarray(target, np.float64)[:, None] - quantiles
    level = np.asarray(levels)
    return np.maximum(level * above, (level - 1) * above).mean(axis=1)


def base_quantiles(
    candidates: Iterable[tuple[str, int, np.ndarray, np.ndarray]], horizon: int, levels: Sequence[float]
) -> tuple[np.ndarray, str]:
    """Constant quantiles about the last price: (quantiles [levels], the name of what they come from).

    candidates: (name, blocks needed, days [m], targets [m]) in order of preference; else the normal distribution.
    The median is the last price: with a few dozen independent blocks the sample's median is mostly that period's
    drift, and conformal stretches need both sides to keep a width, so neither side may collapse onto it.
    """
    normal = np.array([NormalDist().inv_cdf(level) for level in levels])
    for name, needed, days, target in candidates:
        if day_blocks(days, horizon)[1] >= needed:
            sample = np.quantile(np.asarray(target, np.float64), levels)
            widened = np.maximum(np.sign(normal) * sample, MIN_WIDTH * np.abs(normal))
            return np.sign(normal) * widened, name
    return normal, "normal"


def choose_quantiles(
    lstm: np.ndarray | None,
    base: np.ndarray,
    target: np.ndarray,
    days: np.ndarray,
    horizon: int,
    levels: Sequence[float],
) -> Evidence:
    """Publish the LSTM's quantiles [m, levels] only if their pinball beats the constant ones' by more than 2 SE.

    lstm is None where no LSTM was trained.
    """
    blocks, count = day_blocks(days, horizon)
    evidence: Evidence
    evidence = {"quantiles": "volatility", "pinball_lstm": None, "pinball_volatility": None, "pinball_se": None}
    if lstm is None or count < 2:
        return evidence
    ours, theirs = pinball(target, lstm, levels), pinball(target, base, levels)
    gain = theirs - ours
    se = clustered_se((gain - gain.mean()) / len(gain), blocks, horizon)
    evidence |= {"pinball_lstm": float(ours.mean()), "pinball_volatility": float(theirs.mean()), "pinball_se": se}
    if count >= MIN_BLOCKS and gain.mean() > 2 * se:
        evidence["quantiles"] = "lstm"
    return evidence
