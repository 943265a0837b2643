"""The fold of prices: uploads one after the other become one table. From a published run's table or from nothing,
the operations and their order are the same, and so are the bits. numpy only."""

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np

from stocks.contract import COLUMNS, GREATEST_PRICE, LEAST_PRICE, PRICES, Arrays
from stocks.dataset import basis, seams, steps
from stocks.dataset.table import ADJUSTED, BOTH, FILLED, Facts, Rescaled, Table, Upload, empty
from stocks.series import iso

MIXED = "mixed price columns"
STALE_SESSIONS = 10
RAW = tuple(name for name in PRICES if name != "adjclose")  # what moves with close


def fold(base: Table | None, uploads: Iterable[Upload]) -> Table:
    """The table of a shard after uploads, in the plan's order, of which each has the shard's rows only.

    base is the table after the uploads before these. Of a ticker's day the later row stands; how older rows come to
    its basis is said in `seams`. Raises ValueError for an upload that is not sorted or has two rows of a day.
    """
    state = _State(base or empty())
    for upload in uploads:
        if len(upload.rows["day"]):
            state.take(upload)
    return state.table()


def is_stale(last_day: int, newest_day: int, sessions: Callable[[int, int], int]) -> bool:
    """Whether a ticker has ended: more than 10 sessions of its calendar lie after its last day, up to the dataset's.

    sessions(first, last) counts the sessions of the ticker's own calendar from first to last, both included.
    """
    return newest_day > last_day and sessions(last_day + 1, newest_day) > STALE_SESSIONS


type _Scaled = tuple[seams.Rows, slice | np.ndarray, np.ndarray]  # rows, which of them, and by[..., 2]


class _State:
    """The table while it grows: tickers U[k] by name, and rows[n] by key, whose arrays it owns."""

    def __init__(self, base: Table) -> None:
        self.tickers = base.rows["tickers"]
        self.facts = list(base.facts)
        keys = seams.keys(base.rows["ticker"], base.rows["day"])
        self.rows = seams.Rows(_ascending(keys, "the base"), _columns(base.rows), _filled(base, keys))
        self.corrected: dict[str, int] = {}

    def take(self, upload: Upload) -> None:
        """Fold one more upload."""
        new = self._incoming(upload)
        at = np.searchsorted(self.rows.keys, new.keys)
        hit = at < len(self.rows.keys)
        hit[hit] = self.rows.keys[at[hit]] == new.keys[hit]
        moves = seams.moves(self.rows, new, at, hit) if hit.any() else None
        for ticker, note in steps.steps(self.rows, new, at, hit, moves):
            self.facts[ticker] = self.facts[ticker].noted(f"{upload.id}: {note}")
        if moves:
            self._move(upload.id, new, moves)
            if corrections := int(moves.corrections.sum()):
                self.corrected[upload.id] = corrections
        self._merge(new, at, hit)
        self._note_mixed(new)

    def table(self) -> Table:
        """What the fold leaves."""
        owner, day = self.rows.keys >> seams.SHIFT, seams.days(self.rows.keys)
        edges = np.searchsorted(owner, np.arange(len(self.tickers) + 1)).tolist()
        facts = []
        for fact, first, end in zip(self.facts, edges[:-1], edges[1:], strict=True):
            own = {"rows": end - first, "first_day": int(day[first]), "last_day": int(day[end - 1])}
            filled = self.rows.filled[first:end]
            column = FILLED if filled.all() else BOTH if filled.any() else ADJUSTED
            spans = _spans(filled, day[first:end]) if filled.any() else ()
            facts.append(dataclasses.replace(fact, **own, price_column=column, filled=spans))
        names = np.array(self.tickers.tolist(), "U")
        rows = {"tickers": names, "ticker": owner.astype(np.int32)}
        return Table(rows | {"day": day.astype(np.int32), **self.rows.values}, tuple(facts), self.corrected)

    def _incoming(self, upload: Upload) -> seams.Rows:
        """The upload's rows by key, after its tickers have their places among the table's."""
        held, ticker = np.unique(upload.rows["ticker"], return_inverse=True)
        names = upload.rows["tickers"][held]
        every = np.union1d(self.tickers, names)
        if len(every) > len(self.tickers):
            known = np.searchsorted(every, self.tickers)
            facts = dict(zip(known.tolist(), self.facts, strict=True))
            self.facts = [facts.get(place) or Facts(name) for place, name in enumerate(every.tolist())]
            day = self.rows.keys & ((1 << seams.SHIFT) - 1)
            owner = known.astype(np.int64)[self.rows.keys >> seams.SHIFT]
            self.rows = self.rows._replace(keys=(owner << seams.SHIFT) | day)
            self.tickers = every
        keys = seams.keys(np.searchsorted(every, names)[ticker], upload.rows["day"])
        filled = upload.rows["filled"][held][ticker]
        return seams.Rows(_ascending(keys, f"upload {upload.id}"), _columns(upload.rows), filled)

    def _move(self, upload: str, new: seams.Rows, moves: seams.Moves) -> None:
        """Bring rows to one basis, ticker by ticker where something is to be done, and keep what is known of it."""
        changes = (moves.upload != 1).any(axis=1) | (moves.table != 1).any(axis=1)
        changes |= (moves.corrections > 0) | moves.coarse
        changes[moves.owners[(moves.by != 1).any(axis=1)]] = True
        for at in np.flatnonzero(changes).tolist():
            ticker = int(moves.tickers[at])
            own, theirs = (_span(rows.keys, ticker) for rows in (self.rows, new))
            first, last = (iso(day) for day in seams.days(new.keys[[theirs.start, theirs.stop - 1]]))
            before = slice(own.start, int(np.searchsorted(self.rows.keys, new.keys[theirs.start])))
            gaps = slice(*np.searchsorted(moves.owners, (at, at + 1)).tolist())
            parts: list[_Scaled] = [(new, theirs, moves.upload[at]), (self.rows, before, moves.table[at])]
            parts.append((self.rows, moves.gaps[gaps], moves.by[gaps]))
            fact = self.facts[ticker]
            fact = dataclasses.replace(fact, corrections=fact.corrections + int(moves.corrections[at]))
            if moves.coarse[at]:
                fact = fact.noted(f"{upload}: prices of {first} to {last} have too few decimals to tell a ratio")
            if all(_fits(*part) for part in parts):
                for part in parts:
                    _multiply(*part)
                days = before.stop - before.start + int(moves.agreed[at])
                fact = _told(fact, upload, moves, at, gaps, days)
            else:
                fact = fact.noted(f"{upload}: its ratio would move a price out of bounds")
            self.facts[ticker] = fact

    def _merge(self, new: seams.Rows, at: np.ndarray, hit: np.ndarray) -> None:
        """Put the upload's rows in: in place of the table's, or between them."""
        where = at + np.cumsum(~hit) - ~hit
        kept = np.ones(len(self.rows.keys) + int((~hit).sum()), bool)
        kept[where[~hit]] = False

        def merged(old: np.ndarray, theirs: np.ndarray) -> np.ndarray:
            made = np.empty(len(kept), old.dtype)
            made[kept] = old
            made[where] = theirs
            return made

        values = {name: merged(self.rows.values[name], new.values[name]) for name in COLUMNS}
        self.rows = seams.Rows(merged(self.rows.keys, new.keys), values, merged(self.rows.filled, new.filled))

    def _note_mixed(self, new: seams.Rows) -> None:
        """Note tickers of the upload whose table has adjclose of both kinds."""
        if self.rows.filled.all() or not self.rows.filled.any():
            return
        for ticker in np.unique(new.keys >> seams.SHIFT).tolist():
            filled = self.rows.filled[_span(self.rows.keys, ticker)]
            if filled.any() and not filled.all():
                self.facts[ticker] = self.facts[ticker].noted(MIXED)


def _told(fact: Facts, upload: str, moves: seams.Moves, at: int, gaps: slice, days: int) -> Facts:
    """The facts with what an upload moved; the ratios recorded are those of adjclose."""
    (theirs, _), (ratio, close) = moves.upload[at].tolist(), moves.table[at].tolist()
    by = moves.by[gaps, 0]
    if ratio != 1:
        entry = Rescaled(upload, ratio, days + int((by == ratio).sum()))
        fact = dataclasses.replace(fact, rescaled=(*fact.rescaled, entry), basis=fact.basis * ratio)
    elif close != 1:
        fact = fact.noted(f"{upload}: close moved by {close:.6g}, adjclose did not")
    if theirs != 1:
        fact = fact.noted(f"{upload}: its prices were brought to the table's by {theirs:.6g}")
    if (by != ratio).any():
        fact = fact.noted(f"{upload}: {int((by != ratio).sum())} days that it lacks moved by a ratio of their own")
    return fact


def _multiply(rows: seams.Rows, at: slice | np.ndarray, by: np.ndarray) -> None:
    """Multiply rows by the ratios of adjclose and close, by[..., 2]; volume goes against a split."""
    close = by[..., 1]
    rows.values["adjclose"][at] *= by[..., 0]
    for name in RAW:
        rows.values[name][at] *= close
    rows.values["volume"][at] /= np.where(basis.apart(close, 1.0) > seams.VOLUME_MOVES, close, 1.0)


def _fits(rows: seams.Rows, at: slice | np.ndarray, by: np.ndarray) -> bool:
    """Whether all prices stay what a price may be after they are multiplied by by[..., 2]."""
    for name in PRICES:
        ratio = by[..., 0 if name == "adjclose" else 1]
        moved = (rows.values[name][at] * ratio)[rows.values[name][at] > 0]
        if len(moved) and not LEAST_PRICE <= moved.min() <= moved.max() <= GREATEST_PRICE:
            return False
    return True


def _columns(rows: Arrays) -> dict[str, np.ndarray]:
    """Copies of the columns, without negative zeros: a table of Parquet gives them back as 0."""
    return {name: rows[name] + 0.0 for name in COLUMNS}


def _ascending(keys: np.ndarray, name: str) -> np.ndarray:
    if not (keys[1:] > keys[:-1]).all():
        raise ValueError(f"{name} is not sorted by ticker and day, or has a day twice")
    return keys


def _span(keys: np.ndarray, ticker: int) -> slice:
    """The rows of a ticker."""
    return slice(*np.searchsorted(keys, (ticker << seams.SHIFT, (ticker + 1) << seams.SHIFT)).tolist())


def _filled(base: Table, keys: np.ndarray) -> np.ndarray:
    """bool[n]: which rows of a table the facts say to be filled from close."""
    filled = np.zeros(len(keys), bool)
    for ticker, fact in enumerate(base.facts):
        for first, last in fact.filled:
            ends = seams.keys(np.full(2, ticker), np.array([first, last + 1]))
            filled[slice(*np.searchsorted(keys, ends).tolist())] = True
    return filled


def _spans(filled: np.ndarray, day: np.ndarray) -> tuple[tuple[int, int], ...]:
    """The first and the last day of each run of filled rows."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], filled, [False]]).astype(np.int8)))
    return tuple((int(day[first]), int(day[end - 1])) for first, end in zip(edges[::2], edges[1::2], strict=True))
