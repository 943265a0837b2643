"""What a message tells of a run beside its figures: what may move most, and what changed since the run before."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from stocks.reading.rejected import visible
from stocks.reporting import wording
from stocks.reporting.facts import Corrected, Rescaled
from stocks.reporting.wording import count, move, percent
from stocks.series import iso
from stocks.track import Breach, Score

SHOWN = 5  # of a list; the rest is counted


class Outlook(NamedTuple):
    """A ticker's forecast; expected_move is a fraction."""

    ticker: str
    price: float
    expected_move: float
    low: float  # of the 80 % range
    high: float


class Flagged(NamedTuple):
    """A ticker of which something looks wrong that did not before, and what kinds of things."""

    ticker: str
    kinds: str


class Noted(NamedTuple):
    """A ticker of which the fold has noted something since the run before, and the newest of it."""

    ticker: str
    note: str


@dataclasses.dataclass(frozen=True)
class News:
    """outlooks are those of the widest expected moves, widest first. The rest is what is new since the run before.

    behind are tickers without a row of a session that has come since, gone those without any row now. unmatched are
    names in `exclude` that no file has, late those of files that came after settings.json.
    track has by horizon the prices that came; lights are sentences on how the ranges hold.
    """

    horizon: int
    outlooks: Sequence[Outlook]
    files: Sequence[str]
    tickers: Sequence[str]
    behind: Sequence[str]
    stale: Sequence[str]
    corrected: Sequence[Corrected]
    rescaled: Sequence[Rescaled]
    missing: Sequence[str]
    unmatched: Sequence[str]
    track: Mapping[int, Score]
    lights: Sequence[str]
    flagged: Sequence[Flagged]
    noted: Sequence[Noted] = ()
    gone: Sequence[str] = ()
    late: Sequence[str] = ()
    model: str = ""  # what is to be said of the run's model


def lines(news: News) -> Iterator[str]:
    """The lines of a message."""
    if any(score.new for score in news.track.values()):
        yield "Prices that came, beside the 95 % ranges published before:"
        for horizon, score in news.track.items():
            yield from _came(horizon, score)
        yield ""
    if news.lights:
        yield "Do the ranges hold?"
        yield from (f"  {line}" for line in news.lights)
        yield ""
    if news.outlooks:
        yield f"Widest expected moves, {count(news.horizon, 'trading day')} ahead:"
        width = max(len(one.ticker) for one in news.outlooks)
        for one in news.outlooks:
            fan = f"{one.low:.6g} to {one.high:.6g} with 80 %"
            yield f"  {one.ticker:<{width}}  {one.price:.6g}, {move(one.expected_move)}, {fan}"
        yield ""
    changes = list(_changes(news))
    if changes:
        yield "What is new:"
        yield from (f"  {line}" for line in changes)


def named(news: News) -> set[str]:
    """The tickers that the message names, and some that it only counts."""
    breached = [breach.ticker for score in news.track.values() for breach in score.breaches[:SHOWN]]
    others = (news.outlooks, news.rescaled, news.flagged, news.noted)
    listed = [one.ticker for some in others for one in some[:SHOWN]]
    return {*breached, *listed, *news.tickers[:SHOWN], *news.stale[:SHOWN]}


def _came(horizon: int, score: Score) -> Iterator[str]:
    """Of one day ahead the most surprising prices in full, of longer horizons their names."""
    if not score.new:
        return
    found = score.breaches
    line = f"  {wording.ahead(horizon)} ahead: {wording.beyond(len(found), score.new)}"
    if horizon > 1 or not found:
        yield line + (f": {_some([breach.ticker for breach in found])}" if found else "")
        return
    yield f"{line}. Most surprising:"
    width = max(len(breach.ticker) for breach in found[:SHOWN])
    yield from (f"    {breach.ticker:<{width}}  {_breach(breach)}" for breach in found[:SHOWN])
    if len(found) > SHOWN:
        yield f"    and {len(found) - SHOWN:,} more in the view breaches"


def _breach(breach: Breach) -> str:
    fan = f"{breach.low:.6g} to {breach.high:.6g}"
    return f"{breach.price:.6g} on {iso(breach.day)}, range {fan}, {wording.surprise(breach.surprise)}"


def _changes(news: News) -> Iterator[str]:
    if news.files:
        yield f"{count(len(news.files), 'new file')}: {_some(news.files)}"
    if news.tickers:
        yield f"{count(len(news.tickers), 'new ticker')}: {_some(news.tickers)}"
    if news.gone:
        yield f"{count(len(news.gone), 'ticker')} of the run before without any row now: {_some(news.gone)}"
    if news.behind:
        yield f"{count(len(news.behind), 'ticker')} without a row of the newest trading day: {_some(news.behind)}"
    if news.stale:
        yield f"{count(len(news.stale), 'ticker')} without rows for more than ten sessions: {_some(news.stale)}"
    for one in sorted(news.corrected, key=lambda one: -one.rows)[:SHOWN]:
        yield f"{one.file} corrected {one.rows:,} of its {count(one.of, 'row')} ({percent(one.rows / one.of)})"
    if news.rescaled:
        named = [f"{one.ticker} by {one.ratio:.6g} ({one.file})" for one in news.rescaled]
        yield f"older prices rescaled: {_some(named)}"
    if news.noted:
        named = [f"{one.ticker} ({one.note})" for one in news.noted]
        yield f"noted of {count(len(news.noted), 'ticker')}: {_some(named)}"
    if news.flagged:
        named = [f"{one.ticker} ({one.kinds})" for one in news.flagged]
        yield f"data health flags {count(len(news.flagged), 'ticker')} anew: {_some(named)}"
    if news.missing:
        yield f"not read in time, so the next run takes them: {_some([visible(key) for key in news.missing])}"
    if news.unmatched:
        unknown = _some([visible(name) for name in news.unmatched])
        yield f"settings.json excludes what no file is called, so nothing is left out for it: {unknown}"
    if news.late:
        names = _some([visible(name) for name in news.late])
        yield f"settings.json leaves out by its name what came after it; to leave out one, write name@version: {names}"
    if news.model:
        yield news.model


def _some(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")
