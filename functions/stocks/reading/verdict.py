"""The judgement of a file as a whole, in one sentence: too many bad rows, other than daily prices, or too short.

Nothing but the standard library: Check data has no layer with numpy.
"""

import statistics
from collections.abc import Iterable, Sequence

from stocks.contract import FEWEST_ROWS
from stocks.reading.rejected import LONGEST_REASON, Rejected, Unusable, show

# Days from row to row, by what such bars are called; daily prices are never more than a long weekend apart.
SPACINGS = ((300, "yearly"), (80, "quarterly"), (25, "monthly"), (5, "weekly"))


def has_too_many(bad: int, rows: float, tolerance: float) -> bool:
    return bad > tolerance * rows


def too_many(bad: int, rows: int, tolerance: float, first: Rejected, stopped: bool = False) -> Unusable:
    """first is a row that shows what is wrong; stopped tells that not all of the file was read."""
    of = f"the first {rows:,}" if stopped else f"{rows:,}"
    tail = f"; {bad:,} of {of} rows cannot be used, {tolerance:.2%} may be bad; correct them"
    room = LONGEST_REASON - len(tail) - len(f"line {first.line}: ")
    reason = first.reason if len(first.reason) <= room else f"{first.reason[: room - 3]}..."
    return Unusable(reason + tail, first.line, first.row)


def refuse_other_bars(gaps: Iterable[float]) -> None:
    """Raise Unusable where the rows of most tickers are further apart than daily prices; gaps are their usual days."""
    known = list(gaps)
    usual = statistics.median(known) if known else 0.0
    for days, name in SPACINGS:
        if usual >= days:
            raise Unusable(f"these are {name} bars: rows are {usual:g} days apart; upload daily prices")


def none_usable(names: Sequence[str], rows: Sequence[int], test_from: str) -> Unusable:
    """No ticker can be forecast yet; rows are those that each has before the test period."""
    longest = rows.index(max(rows))
    who = (
        f"{show(names[longest])} has"
        if len(names) == 1
        else f"none of {len(names):,} tickers has enough days: the longest, {show(names[longest])}, has"
    )
    return Unusable(
        f"{who} {rows[longest]:,} days before the test period ({test_from}), {FEWEST_ROWS} are needed; "
        "upload more history"
    )


def contradicting(bad: int, rows: int, tolerance: float) -> Unusable:
    """Rows that have the ticker and the day of an earlier row and other values tip the scales."""
    return Unusable(
        f"{bad:,} of {rows:,} rows cannot be used, {tolerance:.2%} may be bad; most contradict an earlier row of their "
        "ticker and day; keep one row of each"
    )
