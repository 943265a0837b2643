"""Do the 95 % ranges hold, one day ahead: green, yellow or red, in the zones of the Basel Committee (1996).

Basel counts the days on which one portfolio left its range, and asks a binomial distribution how seldom ranges that are
right have so many. Here many tickers share a day, and on a bad day they leave their ranges together. So days are
clusters: the binomial counts as many independent prices as the breaches are worth by their spread over the days (Rao
and Scott 1992). For one ticker these are its days, and what is left is Basel's own count.

Breaches that come in bunches of days widen nothing: the breaches of ranges that are right follow each other by chance
alone (Christoffersen 1998), so bunches speak against the ranges.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Literal

import numpy as np

from stocks.contract import HORIZONS

type Light = Literal["green", "yellow", "red"]

DAYS = 250  # of a window, Basel's year
SHARE = 0.05  # of prices beyond a 95 % range that is right
YELLOW, RED = 0.04, 1e-4  # a zone begins where ranges that are right have as many breaches so seldom
FEWEST_STRETCHES = 4  # of h days, or a coverage has no interval
_Z = 1.959964  # of a 95 % interval
_TINY, _CLOSE, _TERMS = 1e-300, 1e-14, 100_000  # of a continued fraction


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The light of a window and what it was judged by.

    light is None where there are fewer than DAYS days with prices. breaches of so many prices lay beyond the range,
    which are worth so many independent ones. The yellow and the red zone begin with so many breaches.
    """

    light: Light | None
    days: int
    prices: int
    breaches: int
    independent: float
    yellow: int
    red: int


@dataclasses.dataclass(frozen=True)
class Held:
    """How 95 % ranges held: the verdict one day ahead, and by horizon the 95 % interval of the share that held."""

    verdict: Verdict
    intervals: Mapping[int, tuple[float, float] | None]


def held(by_horizon: Mapping[int, tuple[np.ndarray, np.ndarray]], still: np.ndarray) -> Held:
    """From prices and breaches by horizon, int64[d] by day in time order.

    still are the prices of the shortest horizon that stood still in a range without width. They could not leave it, so
    they are no evidence: many of them would hide the breaches of the others.
    """
    intervals = {h: interval(prices, prices - beyond, h) for h, (prices, beyond) in by_horizon.items()}
    prices, beyond = by_horizon[HORIZONS[0]]
    return Held(judge(prices - still, beyond), intervals)


def judge(prices: np.ndarray, breaches: np.ndarray) -> Verdict:
    """The light of the last DAYS days; int64[d] by day in time order, where days without prices do not count."""
    known = prices > 0
    own, beyond = prices[known][-DAYS:], breaches[known][-DAYS:]
    total, found = int(own.sum()), int(beyond.sum())
    worth = independent(own, beyond)
    yellow, red = (_least(total, worth, chance) for chance in (YELLOW, RED))
    light: Light = "red" if found >= red else "yellow" if found >= yellow else "green"
    return Verdict(light if len(own) == DAYS else None, len(own), total, found, worth, yellow, red)


def independent(prices: np.ndarray, breaches: np.ndarray) -> float:
    """How many independent prices they are worth, int64[d] by day: all, or fewer where breaches share days.

    The spread of the days' breaches over that of a binomial is the design effect. Without breaches it is not known, and
    a day counts as one price.
    """
    total = int(prices.sum())
    share = breaches.sum() / max(total, 1)
    expected = share * (1 - share) * total
    if expected > 0:
        effect = float(((breaches - share * prices) ** 2).sum() / expected)
    else:
        effect = float((prices**2).sum() / max(total, 1))
    return total / max(effect, 1.0)


def interval(prices: np.ndarray, inside: np.ndarray, horizon: int) -> tuple[float, float] | None:
    """The 95 % interval of sum(inside) / sum(prices), int64[d] by day in time order; None where days are too few.

    That of Wilson (1927), with Student's t, for as many independent prices as they are worth. Forecasts of h days share
    days with their neighbours, so h days in a row count as one.
    """
    known = prices > 0
    own, held = prices[known], inside[known]
    degrees = len(own) / horizon - 1
    if degrees < FEWEST_STRETCHES - 1:
        return None
    share = float(held.sum() / own.sum())
    t, worth = _student(degrees), independent(own, own - held) / horizon
    centre = (share + t**2 / (2 * worth)) / (1 + t**2 / worth)
    half = t * math.sqrt(share * (1 - share) / worth + (t / (2 * worth)) ** 2) / (1 + t**2 / worth)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def as_many(breaches: float, prices: float) -> float:
    """How often so many independent prices have as many breaches, or more, where ranges are right.

    The tail of the binomial distribution; between whole numbers the incomplete beta function, which continues it.
    """
    return 1.0 if breaches <= 0 else _beta(breaches, prices - breaches + 1, SHARE)


def _least(total: int, worth: float, chance: float) -> int:
    """The least number of breaches that comes so seldom; one more than all where none does."""
    low, high = 0, total + 1
    while low + 1 < high:
        middle = (low + high) // 2
        seldom = as_many(middle * worth / total, worth) <= chance
        low, high = (low, middle) if seldom else (middle, high)
    return high


def _student(degrees: float) -> float:
    """Student's t of a 95 % interval, by Cornish and Fisher's expansion; within 2 % from 3 degrees on."""
    return (
        _Z
        + (_Z**3 + _Z) / (4 * degrees)
        + (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / (96 * degrees**2)
        + (3 * _Z**7 + 19 * _Z**5 + 17 * _Z**3 - 15 * _Z) / (384 * degrees**3)
    )


def _beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Press et al. 2007, section 6.4)."""
    logs = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    if x < (a + 1) / (a + b + 2):
        return math.exp(logs) * _fraction(a, b, x) / a
    return 1 - math.exp(logs) * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    """Lentz's method. Raises ArithmeticError where it does not converge."""
    c, d = 1.0, 1 / _off_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d, c = 1 / _off_zero(1 + term * d), _off_zero(1 + term / c)
            value *= d * c
        if abs(d * c - 1) < _CLOSE:
            return value
    raise ArithmeticError(f"the incomplete beta function of {a} and {b} does not converge at {x}")


def _off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
