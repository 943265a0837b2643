"""What was said and what happened: forecasts of days to come, beside the prices that came. numpy only.

The views track_record and breaches say the same in SQL, row by row; report and message show these sums.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

import numpy as np

from stocks.contract import HORIZONS, Arrays

DAY_SECONDS = 86_400
type Rescaled = Mapping[str, Sequence[tuple[str, float]]]

GAP = 5  # days between the day that was meant and the row that came
FAR = 99.0  # half-widths
SAME = 1e-3  # an origin's price that is further off than this, and than a recorded ratio, was corrected


class Said(NamedTuple):
    """m forecasts of one run: ticker U[m], days since 1970 and horizon int32[m], prices float64[m]."""

    ticker: np.ndarray
    origin_date: np.ndarray
    target_date: np.ndarray
    horizon: np.ndarray
    naive: np.ndarray
    forecast: np.ndarray
    p025: np.ndarray
    p10: np.ndarray
    p50: np.ndarray
    p90: np.ndarray
    p975: np.ndarray


class Breach(NamedTuple):
    """A price that came beyond its 95 % range; prices are on the basis of the time of the forecast.

    surprise is the price's distance from the range's middle, in half-widths of the range on that side: 1 on its bound,
    infinite where the range has no width.
    """

    ticker: str
    horizon: int
    day: int  # that came, since 1970
    price: float
    low: float
    high: float
    surprise: float


class Standing(NamedTuple):
    """How often the 80 % ranges of a ticker held, and where its last price stood in one.

    place is the last price's distance from the range's middle in half-widths of the range on that side, negative below:
    1 is the upper bound. It is None where no range for the last day was published before that day began. beyond says
    that the last price lay outside the 95 % range, too.
    """

    forecasts: int
    inside: int
    place: float | None
    beyond: bool


@dataclasses.dataclass
class Score:
    """Sums over the forecasts of a horizon that were published before the day began and whose day has come.

    Errors are relative to the last price and squared. By the day that came prices, beyond and still count all, those
    beyond their 95 % range, and those that stood still in one without width. new counts those whose day no earlier
    run's table had; breaches are those of them beyond their range, most surprising first. standings has every ticker
    with a forecast that counts.
    """

    forecasts: int = 0
    forecast_error: float = 0.0
    naive_error: float = 0.0
    inside_80: int = 0
    inside_95: int = 0
    prices: Counter[int] = dataclasses.field(default_factory=Counter)
    beyond: Counter[int] = dataclasses.field(default_factory=Counter)
    still: Counter[int] = dataclasses.field(default_factory=Counter)
    new: int = 0
    breaches: list[Breach] = dataclasses.field(default_factory=list)
    standings: Mapping[str, Standing] = dataclasses.field(default_factory=dict)

    def by_day(self) -> tuple[np.ndarray, np.ndarray]:
        """prices and beyond, int64[d] by day in time order."""
        days = sorted(self.prices)
        counts = [[counted[day] for day in days] for counted in (self.prices, self.beyond)]
        return np.array(counts[0], np.int64), np.array(counts[1], np.int64)

    def still_by_day(self) -> np.ndarray:
        """int64[d] of the same days."""
        return np.array([self.still[day] for day in sorted(self.prices)], np.int64)


READ = ("tickers", "ticker", "day", "adjclose")  # of a shard's `rows`


def table(shards: Iterable[Arrays], since: int) -> dict[str, np.ndarray]:
    """The rows of all shards from a day on, in the form of one shard's: tickers sorted, rows by ticker and day."""
    names, places, columns = [], [], []
    for rows in shards:
        late = rows["day"] >= since
        names.append(rows["tickers"])
        places.append(rows["ticker"][late])
        columns.append({name: rows[name][late] for name in ("day", "adjclose")})
    # A row holds no name: one of 64 characters would widen every row's.
    tickers = np.unique(np.concatenate(names))
    among = [np.searchsorted(tickers, own).astype(np.int32) for own in names]
    ticker = np.concatenate([own[place] for own, place in zip(among, places, strict=True)])
    order = np.argsort(ticker, kind="stable")  # a ticker's rows come from one shard, by day
    late_rows = {name: np.concatenate([own.pop(name) for own in columns])[order] for name in ("day", "adjclose")}
    return {"tickers": tickers, "ticker": ticker[order], **late_rows}


class Record:
    """What came, by the rows of a `table`, of what runs have said. Add the runs in their order.

    rescaled has the uploads that moved a ticker's prices and by which ratio, known_until the last day that the run
    before this one had of each ticker.
    """

    def __init__(self, rows: Arrays, rescaled: Rescaled, known_until: Mapping[str, int]):
        self.scores = {horizon: Score() for horizon in HORIZONS}
        self._rows = rows
        self._keys = (rows["ticker"].astype(np.int64) << 32) + rows["day"]
        self._said = np.zeros((len(HORIZONS), len(self._keys)), bool)  # by an origin's row: whether a run spoke of it
        never = np.iinfo(np.int64).min
        self._until = np.array([known_until.get(name, never) for name in rows["tickers"].tolist()], np.int64)
        entries = [
            (place, upload, ratio)
            for place, name in enumerate(rows["tickers"].tolist())
            for upload, ratio in rescaled.get(name, ())
        ]
        self._moved = np.array([place for place, _, _ in entries], np.int64)
        uploads = np.array([upload for _, upload, _ in entries], str)
        self._uploads, self._upload = np.unique(uploads, return_inverse=True)
        self._ratios = np.array([ratio for _, _, ratio in entries], np.float64)
        self._standings = [_Standings(rows) for _ in HORIZONS]
        self._new: list[tuple[Said, np.ndarray, np.ndarray, np.ndarray]] = []

    def add(self, said: Said, finished: int, uploads: Set[str]) -> None:
        """Of a run that was published so many seconds after 1970, with these uploads in its table."""
        said, ticker, origin, came, fits = self._placed(said)
        if not len(ticker):
            return
        np.maximum.at(self._until, ticker, said.origin_date)
        rows, day = self._rows, self._rows["day"][came].astype(np.int64)
        fits &= (np.abs(day - said.target_date) <= GAP) & (finished < day * DAY_SECONDS)
        since = np.ones(len(rows["tickers"]))
        later = np.array([upload not in uploads for upload in self._uploads.tolist()], bool)[self._upload]
        np.multiply.at(since, self._moved[later], self._ratios[later])
        step = rows["adjclose"][origin] / said.naive
        fits &= (np.abs(step - 1) <= SAME) | (np.abs(step / since[ticker] - 1) <= SAME)
        said, ticker, origin, came = _chosen(said, fits), ticker[fits], origin[fits], came[fits]
        move = rows["adjclose"][came] / rows["adjclose"][origin] - 1
        for (horizon, score), standings in zip(self.scores.items(), self._standings, strict=True):
            own = said.horizon == horizon
            _count(score, _chosen(said, own), move[own], day[fits][own])
            standings.add(_chosen(said, own), ticker[own], came[own], move[own])
        late = day[fits] > self._until[ticker]
        self._new.append((_chosen(said, late), ticker[late], day[fits][late], move[late]))

    def _placed(self, said: Said) -> tuple[Said, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Forecasts whose origin the table has and of which no run has spoken: rows of the ticker, of the origin and of
        the day that came, and whether it has come."""
        names, keys = self._rows["tickers"], self._keys
        if not len(keys):
            none = np.empty(0, np.int64)
            return _chosen(said, np.zeros(len(said.ticker), bool)), none, none, none, none.astype(bool)
        ticker = np.minimum(np.searchsorted(names, said.ticker), len(names) - 1)
        wanted = (ticker.astype(np.int64) << 32) + said.origin_date
        origin = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        horizon = np.searchsorted(HORIZONS, said.horizon)
        first = (names[ticker] == said.ticker) & (keys[origin] == wanted) & ~self._said[horizon, origin]
        self._said[horizon[first], origin[first]] = True
        said, ticker, origin = _chosen(said, first), ticker[first], origin[first]
        came = np.minimum(origin + said.horizon, len(keys) - 1)
        return said, ticker, origin, came, (self._rows["ticker"][came] == ticker) & (came == origin + said.horizon)

    def close(self) -> dict[int, Score]:
        """The scores, with what is new: a day is, until a run has had it or forecast from it or from a later one."""
        for said, ticker, day, move in self._new:
            new = day > self._until[ticker]
            for horizon, score in self.scores.items():
                own = new & (said.horizon == horizon)
                score.new += int(own.sum())
                score.breaches += _breaches(_chosen(said, own), day[own], move[own])
        for score, standings in zip(self.scores.values(), self._standings, strict=True):
            score.breaches.sort(key=lambda breach: (-breach.surprise, breach.ticker, breach.day))
            score.standings = standings.by_name()
        self._new = []
        return self.scores


class _Standings:
    """The standings of a horizon, by the tickers of a `table`."""

    def __init__(self, rows: Arrays):
        self._names = rows["tickers"]
        self._ends = np.searchsorted(rows["ticker"], np.arange(len(self._names)), side="right") - 1
        self._forecasts, self._inside = (np.zeros(len(self._names), np.int64) for _ in range(2))
        self._place = np.full(len(self._names), np.nan)
        self._beyond = np.zeros(len(self._names), bool)

    def add(self, said: Said, ticker: np.ndarray, came: np.ndarray, move: np.ndarray) -> None:
        np.add.at(self._forecasts, ticker, 1)
        np.add.at(self._inside, ticker, _inside(said, move))
        last = came == self._ends[ticker]
        self._place[ticker[last]] = _place(_chosen(said, last), move[last])
        self._beyond[ticker[last]] = _outside(said, move)[last]

    def by_name(self) -> dict[str, Standing]:
        known = np.flatnonzero(self._forecasts)
        place = [None if np.isnan(each) else float(each) for each in self._place[known]]
        counts = (column[known].tolist() for column in (self._forecasts, self._inside))
        columns = self._names[known].tolist(), *counts, place, self._beyond[known].tolist()
        return {name: Standing(*own) for name, *own in zip(*columns, strict=True)}


def _place(said: Said, move: np.ndarray) -> np.ndarray:
    """In half-widths of the 80 % range, FAR at most: a range without width has no other end."""
    off = said.naive * (1 + move) - said.p50
    half = np.where(off > 0, said.p90 - said.p50, said.p50 - said.p10)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(off == 0, 0.0, np.clip(off / half, -FAR, FAR))


def _inside(said: Said, move: np.ndarray) -> np.ndarray:
    return (said.p10 / said.naive - 1 <= move) & (move <= said.p90 / said.naive - 1)


def _count(score: Score, said: Said, move: np.ndarray, day: np.ndarray) -> None:
    outside = _outside(said, move)
    score.forecasts += len(move)
    score.forecast_error += float(((said.forecast / said.naive - 1 - move) ** 2).sum())
    score.naive_error += float((move**2).sum())
    score.inside_80 += int(_inside(said, move).sum())
    score.inside_95 += int((~outside).sum())
    score.prices.update(day.tolist())
    score.beyond.update(day[outside].tolist())
    score.still.update(day[~outside & (said.p025 == said.p975)].tolist())


def _outside(said: Said, move: np.ndarray) -> np.ndarray:
    return (move < said.p025 / said.naive - 1) | (said.p975 / said.naive - 1 < move)


def _breaches(said: Said, day: np.ndarray, move: np.ndarray) -> list[Breach]:
    outside = _outside(said, move)
    said, day, price = _chosen(said, outside), day[outside], (said.naive * (1 + move))[outside]
    half = np.where(price > said.p50, said.p975 - said.p50, said.p50 - said.p025)
    with np.errstate(divide="ignore"):
        surprise = np.abs(price - said.p50) / half
    names, ahead = said.ticker.tolist(), said.horizon.tolist()
    numbers = (column.tolist() for column in (day, price, said.p025, said.p975, surprise))
    return [Breach(*row) for row in zip(names, ahead, *numbers, strict=True)]


def _chosen(said: Said, own: np.ndarray) -> Said:
    return Said(*(column[own] for column in said))


def empty() -> dict[int, Score]:
    return {horizon: Score() for horizon in HORIZONS}
