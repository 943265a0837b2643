"""The ranges once more, in plain loops, written from their description and not from training/: steps 1 to 8 of it.

One origin at a time, from lists of its last 120 rows (0 is missing). Nothing here is imported from training/.
"""

import math
from itertools import pairwise

import numpy as np

HORIZONS = (1, 5, 20)
LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
TINY = 1e-8
R119 = 9  # the place of the level among the features

B0 = {
    1: "-.00925 .20668 .22217 .17434 -.00539 .01323 .03554 .003 .13401 .13834 -.01746 -.03091 -.0284 -.00463",
    5: ".11943 .11945 .17777 .22119 -.01218 .00832 .02445 -.02907 .19678 .17985 -.013 -.02542 -.03392 -.00363",
    20: ".16794 .06332 .12823 .22788 .01479 .00913 .01579 -.04921 .15902 .26664 -.00793 -.02056 -.01814 .00021",
}
C0 = {
    1: "-2.45871 -1.40068 0 1.36316 2.27841",
    5: "-2.26336 -1.27911 0 1.14029 1.89814",
    20: "-2.01909 -1.2049 0 1.0513 1.68955",
}
D0, K0 = 0.015, {1: 1.26, 5: 1.06, 20: 0.93}


def numbers(text):
    return np.array([float(word) for word in text.split()])


def known_returns(adjclose):
    """Of each row but the first, the log return or None."""
    return [math.log(b / a) if a > 0 and b > 0 else None for a, b in pairwise(adjclose)]


def mean(values):
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else 0.0


def squared(returns):
    return [None if r is None else r * r for r in returns]


def daily_ranges(returns, high, low):
    """Step 1: p of the last 119 rows, None where the return is unknown."""
    r2, ranges = squared(returns), []
    usual = mean(r2)
    for row, today in enumerate(r2):
        if today is None:
            ranges.append(None)
        elif low[row + 1] > 0 and high[row + 1] > low[row + 1]:
            span = math.log(high[row + 1] / low[row + 1])
            ranges.append(min(span * span / (4 * math.log(2)), 16 * (today + usual)))
        else:
            ranges.append((today + mean(r2[max(row - 21, 0) : row + 1])) / 2)
    return ranges


def measures(adjclose, high, low):
    """Steps 1 to 3 of 120 rows: features [14], the last day's variance, and its largest absolute return."""
    returns = known_returns(adjclose)
    ranges, r2 = daily_ranges(returns, high, low), squared(returns)
    features = [1.0]
    features += [0.5 * math.log(mean(ranges[-k:]) + TINY) for k in (1, 5, 22, 66, 119)]
    features += [0.5 * math.log(mean(r2[-k:]) + TINY) for k in (5, 22, 66, 119)]
    for k in (1, 5, 22, 66):
        trend = math.sqrt(k) * mean(returns[-k:]) / math.exp(features[R119])
        features.append(min(max(trend, -4.0), 4.0))
    return features, max(r2[-1] or 0.0, ranges[-1] or 0.0), max(abs(r or 0.0) for r in returns)


def window(series, row):
    """The last 120 rows up to a row of a series' columns, as lists; 0 before its first."""
    cut = [[float(value) for value in column[max(row - 119, 0) : row + 1]] for column in series]
    return [[0.0] * (120 - len(column)) + column for column in cut]


def relative(features, level):
    """Step 4: features and the reference that is taken out of those in logs."""
    reference = min(max(level, features[R119] - math.log(3)), features[R119] + math.log(3))
    return np.array([x - reference if 1 <= i <= 9 else x for i, x in enumerate(features)]), reference


def sigma(features, fitted):
    centred, reference = relative(features, fitted["level"])
    return math.exp(sum(x * b for x, b in zip(centred, fitted["coefficient"], strict=True)) + reference)


def forecast(adjclose, high, low, fits):
    """Steps 5 and 6 of 120 rows: by horizon p025 ... p975 and the expected move.

    Nothing is foretold beyond 8 sqrt(h) times the largest return, drift and spread each to a half; spreads never fall.
    """
    features, _, largest = measures(adjclose, high, low)
    outputs, spread, expected = [], [0.0] * 5, 0.0
    for h in HORIZONS:
        fitted = fits[h]
        unit = sigma(features, fitted) * math.sqrt(h) if largest > 0 else 0.0
        half = 4 * math.sqrt(h) * largest
        spread = [max(before, unit * abs(c)) for before, c in zip(spread, fitted["shape"], strict=True)]
        expected = max(expected, unit * fitted["move"])
        drift = min(max(unit * fitted["drift"], -half), half)
        sides = [drift + math.copysign(min(s, half), c) for s, c in zip(spread, fitted["shape"], strict=True)]
        outputs.append([adjclose[-1] * math.exp(change) for change in sides] + [min(expected, 2 * half)])
    return outputs


def fit(tickers):
    """Steps 3 to 6 and 8, by horizon. tickers: of each (days, adjclose, high, low) before the cut, all positive."""
    measured = [[measures(*window(columns, row)) for row in range(len(days))] for days, *columns in tickers]
    levels = [x[R119] for own in measured for x, _, largest in own if largest > 0]
    return {h: mixed(samples(tickers, measured, h), levels, h) for h in HORIZONS}


def samples(tickers, measured, h):
    """Of each row to learn from: features, variance ahead, move, day, ticker."""
    found = []
    for ticker, ((days, prices, *_), own) in enumerate(zip(tickers, measured, strict=True)):
        for row in range(60, len(days) - h):
            if own[row][2] > 0:
                ahead = mean([own[row + k][1] for k in range(1, h + 1)])
                found.append((own[row][0], ahead, math.log(prices[row + h] / prices[row]), days[row], ticker))
    return found


def mixed(samples, levels, h):
    """The fit of samples, mixed with what is shipped."""
    if len(samples) < 20:
        levels = [x[R119] for x, *_ in samples] or levels
        drift = D0 * math.sqrt(h)
        return {
            "coefficient": numbers(B0[h]),
            "level": mean(levels),
            "shape": numbers(C0[h]),
            "drift": drift,
            "move": K0[h],
        }
    level = mean([x[R119] for x, *_ in samples])
    centred, references = zip(*(relative(x, level) for x, *_ in samples), strict=True)
    y = [0.5 * math.log(ahead + TINY) - ref for (_, ahead, *_), ref in zip(samples, references, strict=True)]
    days, count = len({day for *_, day, _ in samples}), len({ticker for *_, ticker in samples})
    n = days * count / (1 + 0.3 * (count - 1))
    # Directions in which features hardly differ, 1/1000 of the most, are left to what is shipped.
    own = np.linalg.lstsq(np.array(centred), np.array(y), rcond=1e-3)[0]
    w = n / (n + 1000)
    fitted = {"coefficient": w * own + (1 - w) * numbers(B0[h]), "level": level}
    z = [move / (sigma(x, fitted) * math.sqrt(h)) for x, _, move, *_ in samples]
    q = np.quantile(z, LEVELS)
    wz, wt = (n / h) / (n / h + 50), days / (days + 750)
    k = math.sqrt(mean([max(-8, min(8, one - q[2])) ** 2 for one in z]))
    return fitted | {
        "shape": wz * (q - q[2]) + (1 - wz) * numbers(C0[h]),
        "drift": wt * q[2] + (1 - wt) * D0 * math.sqrt(h),
        "move": wz * k + (1 - wz) * K0[h],
    }
