"""By which ratio one source of prices is brought to another: proven by days that both have, or not at all.

No logarithm is taken: division and comparison give the same bits on every machine. numpy only.
"""

from typing import NamedTuple

import numpy as np

NEAREST, FEWEST = 10, 3  # days that are asked at a seam
NOISE = 1e-4  # two sources may differ by so much, beside the resolution of their prices
SMALL, MANY = 1e-3, 8  # a ratio nearer to 1 may be revisions that agree by chance, unless so many days and all agree
COARSE = 5e-3  # a resolution that leaves the ratio more open than this cannot tell a dividend
POWERS = np.array([float(10**places) for places in range(23)])  # the powers of ten that a float64 holds exactly
SPLITS = np.unique([ratio for n in range(2, 51) for ratio in (n, 1 / n)] + [2 / 3, 3 / 2, 4 / 5, 5 / 4])
DOUBTFUL = 0.1  # a step that coarse prices could not tell from none is noted from here on
RARE = [3 / 4, 4 / 3, 5 / 6, 6 / 5, 3 / 5, 5 / 3, 2 / 5, 5 / 2, 10 / 11, 11 / 10]  # they leave a coarse ratio in doubt


class Proof(NamedTuple):
    """What the days of q seams prove, each [q].

    ratio brings the prices that move to those that stay; it is 1 where nothing is proven. settled says that the days
    agree on ratio. middle is their median, slack how far from it a day may be. coarse says that the prices have too few
    decimals to tell which ratio it is.
    """

    ratio: np.ndarray
    settled: np.ndarray
    middle: np.ndarray
    slack: np.ndarray
    coarse: np.ndarray


def apart(some: np.ndarray, others: np.ndarray | float) -> np.ndarray:
    """By how much the greater of two positive numbers exceeds the other, relative: 0 for equal ones, 1 for a double."""
    ratio = some / others
    return np.maximum(ratio, 1 / ratio) - 1


def units(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """float64[q, 1]: of each row of [q, w], one in the last decimal that its valid values have. Without any: 1.

    The shortest decimal form of a float64 is what a file said, unless it was computed since.
    """
    decimals, pending = np.zeros(values.shape, np.int64), valid.copy()
    for places, scale in enumerate(POWERS[:-1]):
        pending &= np.rint(values * scale) / scale != values
        if not pending.any():
            break
        decimals[pending] = places + 1
    return 1 / POWERS[decimals.max(axis=1, initial=0, keepdims=True)]


def median(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """float64[q]: the median of each row's valid values; inf for a row without any."""
    ascending = np.sort(np.where(valid, values, np.inf), axis=1)
    count, row = np.maximum(valid.sum(axis=1), 1), np.arange(len(values))
    return (ascending[row, (count - 1) // 2] + ascending[row, count // 2]) / 2


def prove(
    moving: np.ndarray, staying: np.ndarray, moving_half: np.ndarray, staying_half: np.ndarray, valid: np.ndarray
) -> Proof:
    """What days that two sources share prove. All are [q, w]: q seams, up to w days each, of which some are valid.

    moving and staying are prices, moving_half and staying_half half their resolution, relative to them.
    """
    days = valid.sum(axis=1)
    quotient = np.where(valid, staying / np.where(valid, moving, 1.0), 1.0)
    room = NOISE + moving_half + staying_half
    slack = np.where(days > 0, median(room, valid), NOISE)
    middle = _middle(quotient, room, valid)
    rounded = _rounded(middle, slack)
    agree = [most(apart(quotient, ratio[:, None]) <= room, valid) for ratio in (middle, rounded)]
    settled = (days >= FEWEST) & (agree[0] | agree[1])
    every = (days >= MANY) & ((apart(quotient, middle[:, None]) <= room) | ~valid).all(axis=1)
    moves = (apart(middle, 1.0) > 2 * slack) & (every | (apart(middle, 1.0) > SMALL))
    ratio = np.where(settled & moves, np.where(agree[1], rounded, middle), 1.0)
    coarse = np.zeros(len(valid), bool)
    at = np.flatnonzero((days >= FEWEST) & (slack > COARSE))
    if len(at):
        least, greatest = _bounds(quotient[at], moving_half[at], staying_half[at])
        ratio[at], settled[at] = _only_split(least, greatest, valid[at])
        coarse[at] = ~settled[at] | ((ratio[at] == 1) & (apart(middle[at], 1.0) > np.minimum(slack[at], DOUBTFUL)))
    return Proof(ratio, settled, middle, slack, coarse)


def _bounds(quotient: np.ndarray, moving_half: np.ndarray, staying_half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest quotient that prices may have had before they were rounded, inf for no bound."""
    least = quotient * np.maximum(1 - staying_half, 0) / ((1 + moving_half) * (1 + NOISE))
    with np.errstate(divide="ignore"):
        return least, quotient * ((1 + staying_half) * (1 + NOISE)) / np.maximum(1 - moving_half, 0)


def _middle(quotient: np.ndarray, room: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """float64[q]: the median, or what is nearest to it within the room of all days if there is any; 1 without a day."""
    inner = room * (1 - 1e-9)  # so that rounding leaves no day outside
    least = np.where(valid, quotient / (1 + inner), 0.0).max(axis=1)
    greatest = np.where(valid, quotient * (1 + inner), np.inf).min(axis=1)
    middle = median(quotient, valid)
    middle = np.where(least <= greatest, np.clip(middle, least, greatest), middle)
    return np.where(valid.any(axis=1), middle, 1.0)


def most(said: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """bool[q]: whether four fifths of each row's valid days say so."""
    return 5 * (said & valid).sum(axis=1) >= 4 * valid.sum(axis=1)


def _rounded(ratio: np.ndarray, slack: np.ndarray) -> np.ndarray:
    """The split ratio that lies within the slack of each ratio, or the ratio itself."""
    after = np.clip(np.searchsorted(SPLITS, ratio), 1, len(SPLITS) - 1)
    below, above = SPLITS[after - 1], SPLITS[after]
    nearest = np.where(apart(ratio, below) <= apart(ratio, above), below, above)
    return np.where(apart(ratio, nearest) <= slack, nearest, ratio)


def _only_split(least: np.ndarray, greatest: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The only split ratio within the bounds of most days, 1 where none or several are, and whether that is settled.

    It is settled at 1, too, where that is within the bounds itself: then nothing says that there is another ratio.
    """
    count, found = np.zeros(len(valid), np.int64), np.ones(len(valid))
    for split in SPLITS:
        fits = most((least <= split) & (split <= greatest), valid)
        count, found = count + fits, np.where(fits, split, found)
    for split in RARE:
        count += 2 * most((least <= split) & (split <= greatest), valid)
    same = most((least <= 1) & (greatest >= 1), valid)
    return np.where((count == 1) & ~same, found, 1.0), same | (count == 1)


def is_split(ratio: np.ndarray, slack: float) -> np.ndarray:
    """Whether each ratio is within the slack of a split ratio."""
    return np.isin(_rounded(ratio, np.full(len(ratio), slack)), SPLITS)
