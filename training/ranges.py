"""What the ranges are made of: coefficients of volatility, the shape of a standardised move, drift; fitted and mixed.

A fit on few days is noise, so each is mixed with a prior that was fitted on other markets (priors.json): the weight of
the file's own fit grows with its days and tickers, which move together.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import volatility
from data import CLIP, HORIZONS, MIN_ROWS, Prices

QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)
MEDIAN = QUANTILES.index(0.5)
FEWEST_ROWS = 20  # training rows of a horizon below which only the prior speaks
LEVEL_BAND = np.log(3)  # a series' level counts as at most so far from that of all
ALIKE = 0.3  # how far tickers of a day repeat each other
# Observations at which a fit of the file counts as much as the prior.
COEFFICIENT_DAYS, SHAPE_DAYS, DRIFT_DAYS = 1000, 50, 750
CHUNK = 1 << 17  # rows multiplied at a time
# Features that hardly vary apart, such as those of a price that moved once, are told apart by the prior only: a share
# of the largest singular value of X'X. The least of 88 tickers' is 4e-4.
ALMOST_ALIKE = 1e-6
PRIORS = json.loads((Path(__file__).parent / "priors.json").read_text())


@dataclass(frozen=True)
class Measured:
    """Of all rows: volatility's features float32 [n, 14] and variance float64 [n]; moving bool [n], whether any of the
    last 119 returns differs from 0, so that there is a volatility at all."""

    features: np.ndarray
    variance: np.ndarray
    moving: np.ndarray


@dataclass(frozen=True)
class Ranges:
    """Of each horizon in the order of HORIZONS; a move is a log return in units of sigma * sqrt(h).

    coefficients [3, 14] give log sigma from features, levels [3] is the level they are relative to, shapes [3, 5] the
    quantiles of a move about its median, drifts [3] the median, moves [3] the root mean square.
    """

    coefficients: np.ndarray
    levels: np.ndarray
    shapes: np.ndarray
    drifts: np.ndarray
    moves: np.ndarray

    def evidence(self) -> dict[str, dict]:
        """By horizon, for evidence.json."""
        columns = {name: getattr(self, name).tolist() for name in self.__dataclass_fields__}
        return {str(h): {name[:-1]: column[i] for name, column in columns.items()} for i, h in enumerate(HORIZONS)}


def fit(prices: Prices, measured: Measured, ends: np.ndarray) -> Ranges:
    """The ranges of rows whose target lies before `ends` [tickers], as rows."""
    fits = [_fit_horizon(prices, measured, ends, h) for h in HORIZONS]
    return Ranges(*(np.array(column) for column in zip(*fits, strict=True)))


def origins(prices: Prices, ends: np.ndarray, horizon: int) -> np.ndarray:
    """Rows [m] with 60 rows before them and the target before `ends` [tickers]."""
    spans = zip(prices.offsets[:-1] + MIN_ROWS - 1, ends - horizon, strict=True)
    return np.concatenate([np.arange(first, end) for first, end in spans])


def sigma(features: np.ndarray, coefficients: np.ndarray, level: float) -> np.ndarray:
    """float64 [m]: the volatility a day that features [m, 14] foretell, which must move."""
    centred, reference = relative(features, level)
    return np.exp(centred @ coefficients + reference)


def relative(features: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Features [m, 14] relative to a reference [m], and that: the common level, or the nearest to it in the band."""
    own = features[:, volatility.LEVEL].astype(np.float64)
    reference = np.clip(level, own - LEVEL_BAND, own + LEVEL_BAND)
    centred = features.astype(np.float64)
    centred[:, volatility.LEVELLED] -= reference[:, None]
    return centred, reference


def _fit_horizon(
    prices: Prices, measured: Measured, ends: np.ndarray, horizon: int
) -> tuple[np.ndarray, float, np.ndarray, float, float]:
    coefficients, shape = (np.array(PRIORS[name][str(horizon)]) for name in ("coefficients", "shapes"))
    move = np.array(PRIORS["moves"][str(horizon)])
    drift = PRIORS["drift"] * np.sqrt(horizon)
    rows = origins(prices, ends, horizon)
    rows = rows[measured.moving[rows]]
    level = _level(measured.features[:, volatility.LEVEL][rows if len(rows) else measured.moving])
    if len(rows) < FEWEST_ROWS:
        return coefficients, level, shape, drift, float(move)
    days = len(np.unique(prices.days[rows]))
    tickers = len(np.unique(np.searchsorted(prices.offsets, rows, side="right")))
    observations = days * tickers / (1 + ALIKE * (tickers - 1))

    own = least_squares(measured, rows, level, horizon)
    coefficients = _mix(own, coefficients, observations, COEFFICIENT_DAYS)
    moves = standardised(prices, measured, rows, coefficients, level, horizon)
    quantiles = np.quantile(moves, QUANTILES)
    median = quantiles[MEDIAN]
    independent = observations / horizon
    return (
        coefficients,
        level,
        _mix(quantiles - median, shape, independent, SHAPE_DAYS),
        float(_mix(median, drift, days, DRIFT_DAYS)),
        float(_mix(_root_mean_square(moves - median), move, independent, SHAPE_DAYS)),
    )


def _root_mean_square(moves: np.ndarray) -> np.ndarray:
    """Of moves in units of sigma, clipped: one absurd jump must not widen what is expected of every ticker."""
    return np.sqrt(np.mean(np.clip(moves, -CLIP, CLIP) ** 2))


def _level(levels: np.ndarray) -> float:
    return float(levels.mean(dtype=np.float64)) if len(levels) else 0.0


def _mix(own: np.ndarray, prior: np.ndarray, observations: float, even: float) -> np.ndarray:
    """The file's own fit and the prior, even at `even` observations."""
    weight = observations / (observations + even)
    return weight * own + (1 - weight) * prior


def least_squares(measured: Measured, rows: np.ndarray, level: float, horizon: int) -> np.ndarray:
    """float64 [14]: log volatility over the next `horizon` rows on the features of `rows` [m], both relative."""
    ahead = realised(measured.variance, rows, horizon)
    gram, moment = np.zeros((volatility.FEATURES, volatility.FEATURES)), np.zeros(volatility.FEATURES)
    for begin in range(0, len(rows), CHUNK):
        part = slice(begin, begin + CHUNK)
        centred, reference = relative(measured.features[rows[part]], level)
        gram += centred.T @ centred
        moment += centred.T @ (np.log(ahead[part] + volatility.EPSILON) / 2 - reference)
    return np.linalg.lstsq(gram, moment, rcond=ALMOST_ALIKE)[0]


def realised(variance: np.ndarray, rows: np.ndarray, horizon: int) -> np.ndarray:
    """float64 [m]: the mean of the days' variance over the next `horizon` rows."""
    total = np.zeros(len(rows))
    for ahead in range(1, horizon + 1):  # one after the other: all at once are the largest array of a large training
        total += variance[rows + ahead]
    return total / horizon


def standardised(
    prices: Prices, measured: Measured, rows: np.ndarray, coefficients: np.ndarray, level: float, horizon: int
) -> np.ndarray:
    """float64 [m]: log returns over the horizon in units of sigma * sqrt(h)."""
    moves = np.log(prices.adjclose[rows + horizon] / prices.adjclose[rows]) / np.sqrt(horizon)
    for begin in range(0, len(rows), CHUNK):
        part = slice(begin, begin + CHUNK)
        moves[part] /= sigma(measured.features[rows[part]], coefficients, level)
    return moves
