"""Where an upload meets a table: the days that both have of a ticker, and what they prove at each seam. numpy only.

A place in a table is one number, key = ticker << SHIFT | day, so that rows of all tickers are searched at once.
"""

import dataclasses
from typing import NamedTuple

import numpy as np

from stocks.contract import Arrays
from stocks.dataset import basis

SHIFT = 24
DAY_ZERO = 1 << 23  # days before 1970 are negative
UNIT_ROWS = 40  # rows of a ticker that tell how many decimals its prices have
LEVEL = 20  # overlapping days around one that must agree on another ratio, or it is a correction
VOLUME_MOVES = 0.1  # a ratio of close beyond this is a split, so it changes the number of shares


class Rows(NamedTuple):
    """Rows by key int64[n], ascending: their values by column float64[n], and whether adjclose was filled, bool[n]."""

    keys: np.ndarray
    values: Arrays
    filled: np.ndarray


class Moves(NamedTuple):
    """What becomes of m tickers of which the upload and the table share a day; axes of 2 are adjclose and close.

    tickers int64[m]. upload float64[m, 2] multiplies the upload's rows, table float64[m, 2] the table's rows before
    the upload's first day. gaps int64[g] are rows of the table between days of the upload, of ticker owners[g] among
    m, and by[g, 2] multiplies them. corrections int64[m] count overlapping days that an error explains only, agreed
    int64[m] those on the ratio. enough bool[m]: there were days enough to prove a ratio. coarse bool[m]: they could
    not tell which.
    """

    tickers: np.ndarray
    upload: np.ndarray
    table: np.ndarray
    gaps: np.ndarray
    owners: np.ndarray
    by: np.ndarray
    corrections: np.ndarray
    agreed: np.ndarray
    enough: np.ndarray
    coarse: np.ndarray


def keys(ticker: np.ndarray, day: np.ndarray) -> np.ndarray:
    return (ticker.astype(np.int64) << SHIFT) | (day.astype(np.int64) + DAY_ZERO)


def days(keys: np.ndarray) -> np.ndarray:
    return (keys & ((1 << SHIFT) - 1)) - DAY_ZERO


@dataclasses.dataclass(frozen=True)
class Evidence:
    """One price of overlapping days that may prove a ratio: keys int64[c] ascending, both sides' prices float64[c].

    sides are the table and the upload with all rows, which tell how many decimals the prices have.
    """

    keys: np.ndarray
    table: np.ndarray
    upload: np.ndarray
    sides: tuple[Rows, Rows]
    name: str

    def around(self, places: np.ndarray, width: int = basis.NEAREST, before: int = basis.NEAREST // 2) -> "Seams":
        """The seams at places, each with width days of its ticker, of which so many lie before if there are so many."""
        if not len(self.keys):
            ones = np.ones((len(places), width))
            return Seams(ones, ones, ones < 1, *self.units(places))
        at, valid = _near(self.keys, places, width, before)
        units = self.units(np.where(valid[:, 0], self.keys[at[:, 0]], places))
        return Seams(self.table[at], self.upload[at], valid, *units)

    def units(self, places: np.ndarray) -> list[np.ndarray]:
        """One in the last decimal of table and upload, each [q, 1]: of UNIT_ROWS rows, since a few may end in zeros."""
        near = [_near(side.keys, places, UNIT_ROWS, UNIT_ROWS // 2) for side in self.sides]
        return [
            basis.units(side.values[self.name][at], valid) for side, (at, valid) in zip(self.sides, near, strict=True)
        ]


def _near(keys: np.ndarray, places: np.ndarray, width: int, before: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each place the width rows of its ticker, [q, width], so many of them before it if there are; and which are."""
    first = np.searchsorted(keys, places >> SHIFT << SHIFT)
    count = np.searchsorted(keys, ((places >> SHIFT) + 1) << SHIFT) - first
    rank = np.searchsorted(keys, places) - first
    start = first + np.clip(rank - before, 0, np.maximum(count - width, 0))
    valid = np.arange(width) < count[:, None]
    return np.where(valid, start[:, None] + np.arange(width), 0), valid


class Seams(NamedTuple):
    """Days nearest to q seams, [q, w]: the prices that the table and the upload have, and which places are days.

    units [q, 1] are one in the last decimal of either. What the digits of a table say beyond the upload's may come of
    a move, so its prices are taken to be no finer.
    """

    table: np.ndarray
    upload: np.ndarray
    valid: np.ndarray
    table_unit: np.ndarray
    upload_unit: np.ndarray

    def moving_table(self, by: np.ndarray) -> basis.Proof:
        """What brings the table to the upload, whose rows are multiplied by [q] before."""
        table, upload = self.halves()
        return basis.prove(self.table, self.upload * by[:, None], table, upload, self.valid)

    def moving_upload(self) -> basis.Proof:
        """What brings the upload to the table."""
        table, upload = self.halves()
        return basis.prove(self.upload, self.table, upload, table, self.valid)

    def halves(self) -> tuple[np.ndarray, np.ndarray]:
        """Half of either's unit, relative to its prices."""
        coarser = np.maximum(self.table_unit, self.upload_unit)
        return coarser / self.table / 2, self.upload_unit / self.upload / 2


class Meeting(NamedTuple):
    """The days that the upload and the table share, c of m tickers, and how their spans lie.

    rows int64[c] of the table, new int64[c] of the upload, owner int64[c] the ticker among tickers[m]. older bool[m]:
    the upload ends before the table; ahead bool[m]: the table begins before the upload. gaps[g], owners[g] as Moves.
    speaks bool[c]: the day may prove a ratio; alike bool[c]: adjclose is filled on both sides or on none.
    """

    tickers: np.ndarray
    rows: np.ndarray
    new: np.ndarray
    owner: np.ndarray
    older: np.ndarray
    ahead: np.ndarray
    gaps: np.ndarray
    owners: np.ndarray
    speaks: np.ndarray
    alike: np.ndarray


def meeting(table: Rows, upload: Rows, at: np.ndarray, hit: np.ndarray) -> Meeting:
    """The meeting of an upload whose rows belong at places at[n] of the table; where hit[n], the table has the day."""
    rows, new = at[hit], np.flatnonzero(hit)
    tickers, owner = np.unique(upload.keys[new] >> SHIFT, return_inverse=True)
    starts, ends = tickers << SHIFT, (tickers + 1) << SHIFT
    table_first, table_last = _ends_of(table.keys, starts, ends)
    first, last = _ends_of(upload.keys, starts, ends)
    gaps, owners = _between(np.searchsorted(table.keys, first), np.searchsorted(table.keys, last))
    lacked = ~np.isin(gaps, rows, assume_unique=True)
    alike = table.filled[rows] == upload.filled[new]
    speaks = alike & (table.keys[rows] != table_last[owner])
    older, ahead = last < table_last, table_first < first
    return Meeting(tickers, rows, new, owner, older, ahead, gaps[lacked], owners[lacked], speaks, alike)


def _ends_of(keys: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return keys[np.searchsorted(keys, starts)], keys[np.searchsorted(keys, ends) - 1]


def _between(starts: np.ndarray, stops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The numbers from each start to before its stop, one after the other, and to which pair each belongs."""
    owner = np.repeat(np.arange(len(starts)), stops - starts)
    shift = np.cumsum(stops - starts) - (stops - starts)
    return np.arange(len(owner)) + (starts - shift)[owner], owner


class Ratios(NamedTuple):
    """Of one price: the ratios of Moves for upload[m], table[m] and by[g], and what was seen at the seam."""

    upload: np.ndarray
    table: np.ndarray
    by: np.ndarray
    coarse: np.ndarray
    seams: Seams


def moves(table: Rows, upload: Rows, at: np.ndarray, hit: np.ndarray) -> Moves:
    """What becomes of the rows where an upload meets the table."""
    met = meeting(table, upload, at, hit)
    prices = []
    for name in ("adjclose", "close"):
        old, new = table.values[name][met.rows], upload.values[name][met.new]
        own = met.speaks & (old > 0) & (new > 0)
        evidence = Evidence(table.keys[met.rows[own]], old[own], new[own], (table, upload), name)
        prices.append((evidence, _ratios(evidence, met, table.keys)))
    (evidence, adjclose), (_, close) = prices
    enough = adjclose.seams.valid.sum(axis=1) >= basis.FEWEST
    unseen = close.seams.valid.sum(axis=1) < basis.FEWEST
    off, wrong = _off(evidence, met, table, upload, adjclose)
    return Moves(
        met.tickers,
        _both(adjclose.upload, close.upload, unseen),
        _both(adjclose.table, close.table, unseen),
        met.gaps,
        met.owners,
        _both(adjclose.by, close.by, unseen[met.owners]),
        np.bincount(met.owner[met.alike & wrong], minlength=len(met.tickers)),
        np.bincount(met.owner[met.alike & ~off], minlength=len(met.tickers)),
        enough,
        adjclose.coarse | close.coarse,
    )


def _both(adjclose: np.ndarray, close: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    """The two ratios [m, 2]. A split of adjclose is one of close where too few days have a close to say so."""
    split = unseen & (basis.apart(adjclose, 1.0) > VOLUME_MOVES)
    return np.column_stack([adjclose, np.where(split, adjclose, close)])


def _ratios(evidence: Evidence, met: Meeting, table_keys: np.ndarray) -> Ratios:
    """An upload that ends first is brought to the table at its last seam, or, where that is not settled, at its first.
    Then the table's rows before its days are brought to it, and those between them where its last seam is settled."""
    front, back = evidence.around(met.tickers << SHIFT), evidence.around(((met.tickers + 1) << SHIFT) - 1)
    by_upload, settled, coarse = np.ones(len(met.tickers)), ~met.older, np.zeros(len(met.tickers), bool)
    if met.older.any():
        last, first = back.moving_upload(), front.moving_upload()
        by_upload[met.older] = np.where(last.settled, last.ratio, first.ratio)[met.older]
        settled, coarse = settled | last.settled, met.older & last.coarse
    chosen = Seams(*(np.where(met.ahead[:, None], *pair) for pair in zip(front, back, strict=True)))
    seam = chosen.moving_table(by_upload)
    coarse |= ~met.older & seam.coarse
    local = evidence.around(table_keys[met.gaps]).moving_table(by_upload[met.owners])
    same = ~local.settled | ~settled[met.owners] | (basis.apart(local.middle, seam.ratio[met.owners]) <= local.slack)
    return Ratios(by_upload, seam.ratio, np.where(same, seam.ratio[met.owners], local.ratio), coarse, chosen)


def _off(evidence: Evidence, met: Meeting, table: Rows, upload: Rows, ratios: Ratios) -> tuple[np.ndarray, np.ndarray]:
    """bool[c]: overlapping days whose adjclose is off the ratio, and of these the ones that are corrections.

    A day is none where LEVEL days about it agree on its ratio: a whole file comes to a table of several bases.
    """
    old, raw = table.values["adjclose"][met.rows], upload.values["adjclose"][met.new]
    quotient = raw * ratios.upload[met.owner] / old
    seams = ratios.seams
    few = seams.valid.sum(axis=1) < basis.FEWEST
    table_unit, upload_unit = np.maximum(seams.table_unit, seams.upload_unit), seams.upload_unit.copy()
    if few.any():
        places = upload.keys[met.new[np.searchsorted(met.owner, np.flatnonzero(few))]]
        table_unit[few] = upload_unit[few] = np.minimum(*evidence.units(places))
    room = basis.NOISE + (table_unit[met.owner, 0] / old + upload_unit[met.owner, 0] / raw) / 2
    off = basis.apart(quotient, ratios.table[met.owner]) > room
    wrong = off.copy()
    for before in range(0, LEVEL + 1, LEVEL // 4):
        at = np.flatnonzero(wrong)
        if not len(at):
            break
        level = evidence.around(upload.keys[met.new[at]], LEVEL, before)
        proof = level.moving_table(ratios.upload[met.owner[at]])
        near = basis.apart(quotient[at], proof.middle) <= room[at]
        wrong[at] = ~(proof.settled & level.valid.all(axis=1) & near)
    return off, wrong
