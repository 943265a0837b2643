"""Whether the prices that a model learnt from are still those of the table. numpy only.

The network and the ranges see returns, and the range of a day, never prices. So a ratio that moves all older prices of
a ticker changes nothing, and neither do days after those that were learnt from, or a ticker more.
"""

import numpy as np

from stocks.contract import FEWEST_ROWS, Arrays

SAME = 0.01  # of their size, by root mean squares: what decimals do to returns when prices are adjusted once more


def changed(before: Arrays, after: Arrays, until: int) -> list[str]:
    """The tickers of a table, before, whose days until then, which is left out, say something else in another table.

    Both have the form of `rows`. Tickers with too few days were not learnt from. Older days may have joined.
    """
    edges = np.searchsorted(before["ticker"], np.arange(len(before["tickers"]) + 1)).tolist()
    found = []
    for at, name in enumerate(before["tickers"].tolist()):
        count = int(np.searchsorted(before["day"][edges[at] : edges[at + 1]], until))
        if count >= FEWEST_ROWS and not _same(before, slice(edges[at], edges[at] + count), after, name, until):
            found.append(name)
    return found


def _same(before: Arrays, own: slice, after: Arrays, name: str, until: int) -> bool:
    place = int(np.searchsorted(after["tickers"], name))
    if name not in after["tickers"][place : place + 1]:
        return False
    first, end = np.searchsorted(after["ticker"], (place, place + 1)).tolist()
    first, end = (first + np.searchsorted(after["day"][first:end], (before["day"][own][0], until))).tolist()
    theirs = slice(first, end)
    if not np.array_equal(before["day"][own], after["day"][theirs]):
        return False
    seen = zip(_inputs(before, own), _inputs(after, theirs), strict=True)
    return all(np.sum((now - then) ** 2) <= SAME**2 * np.sum(then**2) for then, now in seen)


def _inputs(rows: Arrays, own: slice) -> tuple[np.ndarray, np.ndarray]:
    """Returns float64[n - 1] and ranges float64[n] of rows; 0 where there is no range, as training takes it."""
    high, low = rows["high"][own], rows["low"][own]
    known = (low > 0) & (high > low)
    return np.diff(np.log(rows["adjclose"][own])), np.log(np.where(known, high, 1.0) / np.where(known, low, 1.0))
