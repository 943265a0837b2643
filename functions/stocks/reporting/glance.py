"""The report's first table: of every ticker its last price, how far it may move, and how its ranges held."""

import itertools
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypedDict

import numpy as np

from stocks.contract import HORIZONS, Arrays
from stocks.series import Shard
from stocks.track import Score, Standing

DAYS = 60  # of a small chart
HEIGHT = 24  # its units from the lowest price or bound to the highest
# A page has 9 MB for this table. Beside its line and the copies of its name a row takes so many bytes at most.
MOST_BYTES, ROW_BYTES, NAME_COPIES = 9_000_000, 800, 8
MOST_HELD = 2 * MOST_BYTES // ROW_BYTES  # rows of tickers that are held, before those without room go


class Glance(TypedDict):
    """What a row says of a ticker, plain values only; ahead and fan have an entry per horizon, or none where the ticker
    has no forecast."""

    ticker: str
    day: int  # the last one, since 1970
    price: float
    ahead: list[list[float]]  # expected move and the bounds of the 80 % range, as fractions of the price
    held: list[int]  # test days whose price the 80 % range of one day ahead held, of how many
    line: list[int]  # the last prices, one to DAYS of them, from 0 at the bottom to HEIGHT
    fan: list[list[int]]  # the 80 % range, low and high in the same units


class Live(NamedTuple):
    """How a ticker's published ranges did: one day ahead how often, and how its last price stood in the newest one."""

    held: tuple[int, int]
    horizon: int
    place: float | None
    beyond: bool


def of_shard(rows: Arrays, shard: Shard) -> list[Glance]:
    """The rows of one shard's tickers, from the columns of stocks.predictions.join."""
    test = ~rows["future"] & (rows["horizon"] == HORIZONS[0])
    inside = (rows["p10"] <= rows["actual"]) & (rows["actual"] <= rows["p90"])
    held, tested = (np.bincount(rows["ticker"][own], minlength=len(shard)) for own in (test & inside, test))
    ahead: dict[int, list[np.ndarray]] = {}
    for at in np.flatnonzero(rows["future"]):
        last = rows["naive"][at]
        bounds = [rows[name][at] / last - 1 for name in ("p10", "p90")]
        ahead.setdefault(int(rows["ticker"][at]), []).append(np.array([rows["expected_move"][at], *bounds]))
    return [
        _glance(shard, at, ahead.get(at, []), [int(held[at]), int(tested[at])]) for at in range(len(shard))
    ]  # fmt: skip


def _glance(shard: Shard, at: int, ahead: Sequence[np.ndarray], held: list[int]) -> Glance:
    ticker = shard.of(at)
    prices = ticker.rows["adjclose"]
    line, fan = _scaled(prices[-DAYS:], [prices[-1] * (1 + each[1:]) for each in ahead])
    return {
        "ticker": ticker.name,
        "day": int(ticker.rows["days"][-1]),
        "price": float(f"{prices[-1]:.10g}"),
        "ahead": [[float(f"{value:.4g}") for value in each] for each in ahead],
        "held": held,
        "line": line,
        "fan": fan,
    }


def _scaled(prices: np.ndarray, bounds: Sequence[np.ndarray]) -> tuple[list[int], list[list[int]]]:
    """Both in units of HEIGHT; where no price moves, in the middle."""
    values = np.concatenate([prices, *bounds])
    low, high = values.min(), values.max()
    units = (values - low) / (high - low) * HEIGHT if high > low else np.full(len(values), HEIGHT / 2)
    whole = np.rint(units).astype(int).tolist()
    fan = whole[len(prices) :]
    return whole[: len(prices)], [fan[at : at + 2] for at in range(0, len(fan), 2)]


def width(one: Glance) -> float:
    """The expected move at the longest horizon, -1 where the ticker has no forecast."""
    return one["ahead"][-1][0] if one["ahead"] else -1.0


def most_bytes(one: Glance) -> int:
    """What a row takes in the page, at most."""
    return ROW_BYTES + len(line_path(one)) + NAME_COPIES * len(urllib.parse.quote(one["ticker"], safe=""))


class Glances:
    """What is said of all tickers, added up: of no more than some MOST_HELD it holds the row."""

    def __init__(self, every: Sequence[Glance] = ()) -> None:
        self._held: list[Glance] = []
        self._left = 0  # not held any more
        self._days: set[int] = set()
        self._moves: list[list[float]] = []
        self.add(every)

    def add(self, more: Sequence[Glance]) -> None:
        self._held += more
        self._days |= {one["day"] for one in more}
        self._moves += [[each[0] for each in one["ahead"]] for one in more if one["ahead"]]
        if len(self._held) > MOST_HELD:
            # Who has no room among some has none among all; the first of them keeps narrower ones out, too.
            ordered, room = self._ordered()
            self._held = ordered[: room + 1]
            self._left += len(ordered) - len(self._held)

    @property
    def newest(self) -> int | None:
        """The newest last day; None without a ticker."""
        return max(self._days, default=None)

    def widest_first(self) -> tuple[list[Glance], int]:
        """The tickers by width, as many as the page has room for, and how many it leaves out."""
        ordered, room = self._ordered()
        return ordered[:room], self._left + len(ordered) - room

    def typical_moves(self) -> list[float | None]:
        """Per horizon the median over tickers of the expected move, a fraction; None without any."""
        if not self._moves:
            return [None] * len(HORIZONS)
        return [float(move) for move in np.median(self._moves, axis=0)]

    def _ordered(self) -> tuple[list[Glance], int]:
        """The rows that are held, widest first, and for how many of them the page has room."""
        ordered = sorted(self._held, key=lambda one: (-width(one), one["ticker"]))
        sizes = np.cumsum([most_bytes(one) for one in ordered])
        return ordered, int(np.searchsorted(sizes, MOST_BYTES, side="right"))


def live(track: Mapping[int, Score], ticker: str) -> Live:
    """The last price is judged by the shortest horizon whose range for its day was published before the day began."""
    one_day = track[HORIZONS[0]].standings.get(ticker)
    held = (one_day.inside, one_day.forecasts) if one_day else (0, 0)
    for horizon, score in track.items():
        standing: Standing | None = score.standings.get(ticker)
        if standing and standing.place is not None:
            return Live(held, horizon, standing.place, standing.beyond)
    return Live(held, 0, None, beyond=False)


def line_path(one: Glance) -> str:
    """The SVG path of the small chart's prices, a unit a day; the last day stands at DAYS."""
    line = one["line"]
    steps = "".join(f" 1 {previous - value}" for previous, value in itertools.pairwise(line))
    return f"M{DAYS + 1 - len(line)} {HEIGHT - line[0]}" + (f"l{steps.strip()}" if steps else "")


def fan_path(one: Glance) -> str:
    """The SVG path of the 80 % range after the last day; empty where the ticker has no forecast."""
    if not one["fan"]:
        return ""
    ahead = list(zip(HORIZONS, one["fan"], strict=True))
    highs = [f"{DAYS + horizon} {HEIGHT - high}" for horizon, (_, high) in ahead]
    lows = [f"{DAYS + horizon} {HEIGHT - low}" for horizon, (low, _) in reversed(ahead)]
    return f"M{DAYS} {HEIGHT - one['line'][-1]}L{' '.join([*highs, *lows])}Z"
