"""Steps of the price where an upload meets a table without days enough in common to prove a ratio. numpy only."""

import numpy as np

from stocks.dataset import basis, seams
from stocks.series import iso

STEP = 0.5  # a step above half is worth a note
WEEK = 7  # over more days a price may well move like a small split
SAME_DAY, NEXT_DAY = 0.01, 0.02  # how near a step must be to a split ratio


def steps(
    table: seams.Rows, upload: seams.Rows, at: np.ndarray, hit: np.ndarray, moves: seams.Moves | None
) -> list[tuple[int, str]]:
    """Tickers, by place, and what is to be noted of them. at and hit as for `seams.meeting`."""
    tickers, first = np.unique(upload.keys >> seams.SHIFT, return_index=True)
    last = np.append(first[1:], len(upload.keys)) - 1
    meets = np.logical_or.reduceat(hit, first)
    asked = ~np.isin(tickers, moves.tickers[moves.enough]) if moves else np.ones(len(tickers), bool)
    shared = asked & meets
    met = np.searchsorted(np.flatnonzero(hit), first[shared])
    pairs = [(np.flatnonzero(hit)[met], at[hit][met], False)]
    apart = asked & ~meets
    before, after = at[first] - 1, at[last]
    for ends, rows, later in ((first, before, False), (last, after, True)):
        inside = apart & (rows >= 0) & (rows < len(table.keys))
        inside[inside] = table.keys[rows[inside]] >> seams.SHIFT == tickers[inside]
        pairs.append((ends[inside], rows[inside], later))
    return [note for pair in pairs if len(pair[0]) for note in _notes(table, upload, *pair)]


def _notes(
    table: seams.Rows, upload: seams.Rows, new: np.ndarray, old: np.ndarray, table_later: bool
) -> list[tuple[int, str]]:
    """The notes of pairs of an upload's row and a table's row, on one day or neighbours, of which one is later."""
    closes = (upload.values["close"][new] > 0) & (table.values["close"][old] > 0)
    ours, theirs = (
        np.where(closes, rows.values["close"][at], rows.values["adjclose"][at])
        for rows, at in ((table, old), (upload, new))
    )
    step = ours / theirs if table_later else theirs / ours
    between = np.abs(upload.keys[new] - table.keys[old])
    split = np.where(between == 0, basis.is_split(step, SAME_DAY), basis.is_split(step, NEXT_DAY)) & (between <= WEEK)
    comparable = closes | (upload.filled[new] == table.filled[old])
    said = np.flatnonzero(comparable & (split | (basis.apart(step, 1.0) > STEP)))
    later = seams.days(np.maximum(upload.keys[new], table.keys[old]))
    return [
        (int(upload.keys[new[pair]] >> seams.SHIFT), f"a step by {step[pair]:.4g} at {iso(later[pair])}, not rescaled")
        for pair in said.tolist()
    ]
