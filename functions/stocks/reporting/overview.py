"""The report's first table as plain values: templates/overview.html writes it, and assets/table.js sorts it."""

import dataclasses
import urllib.parse
from collections.abc import Mapping, Sequence

from stocks.contract import HORIZONS
from stocks.reporting import glance, wording
from stocks.reporting.glance import Glance, Live
from stocks.track import Score

SHOWN_AT = 2.0  # half-widths: a place further out stands at the edge of its strip
STRIP = 30  # half its width


@dataclasses.dataclass(frozen=True)
class Line:
    """A row; pairs are a text and a smaller one below it."""

    ticker: str
    anchor: str  # the ticker as a link's fragment
    line: str  # SVG paths
    fan: str
    price: tuple[str, str]
    late: bool  # whether other tickers have newer prices
    ahead: Sequence[tuple[str, str]]
    spot: float | None  # where the last price stood in its strip
    place: tuple[str, str]
    outside: bool
    held: tuple[str, str]


def lines(shown: Sequence[Glance], track: Mapping[int, Score]) -> list[Line]:
    newest = max((one["day"] for one in shown), default=0)
    return [_line(one, glance.live(track, one["ticker"]), newest) for one in shown]


def numbers(shown: Sequence[Glance], track: Mapping[int, Score]) -> list[list[str | float | None]]:
    """The rows of COLUMNS, by which the table is sorted and which its CSV holds."""
    return [_numbers(one, glance.live(track, one["ticker"])) for one in shown]


COLUMNS = [
    "ticker", "last_day", "last_price",
    *(f"{name}_{horizon}d_pct" for horizon in HORIZONS for name in ("expected_move", "low80", "high80")),
    "place_in_published_range", "held80_backtest", "backtest_days", "held80_live", "live_days",
]  # fmt: skip


def _line(one: Glance, live: Live, newest: int) -> Line:
    behind = newest - one["day"]
    day = wording.short_day(one["day"])
    inside, tested = one["held"]
    came, published = live.held
    return Line(
        ticker=one["ticker"],
        anchor=urllib.parse.quote(one["ticker"], safe=""),
        line=glance.line_path(one),
        fan=glance.fan_path(one),
        price=(wording.price(one["price"]), f"{day}, {wording.count(behind, 'day')} behind" if behind else day),
        late=behind > 0,
        ahead=[(wording.move(move), wording.span(low, high)) for move, low, high in one["ahead"]]
        or [(wording.NOTHING, "")] * len(HORIZONS),
        spot=None if live.place is None else round(_clipped(live.place) * STRIP / SHOWN_AT, 1),
        place=_place(live),
        outside=live.place is not None and abs(live.place) > 1,
        held=(
            wording.percent(inside / tested) if tested else wording.NOTHING,
            wording.live(came, published),
        ),
    )


def _clipped(place: float) -> float:
    return max(-SHOWN_AT, min(SHOWN_AT, place))


def _place(live: Live) -> tuple[str, str]:
    if live.place is None:
        return wording.NOTHING, ""
    side = "above" if live.place > 0 else "below"
    words = f"{side} 95 %" if live.beyond else f"{side} 80 %" if abs(live.place) > 1 else "inside"
    return words, "" if live.horizon == HORIZONS[0] else f"said {wording.ahead(live.horizon)} before"


def _numbers(one: Glance, live: Live) -> list[str | float | None]:
    ahead = [round(100 * value, 4) for each in one["ahead"] for value in each]
    place = None if live.place is None else round(live.place, 3)
    shares = [value for inside, of in (one["held"], live.held) for value in (round(inside / of, 4) if of else None, of)]
    return [one["ticker"], one["day"], one["price"], *(ahead or [None] * 3 * len(HORIZONS)), place, *shares]
