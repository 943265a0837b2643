"""Tickers that are the same in two spellings: by their prices, or by their names. numpy and standard library only.

Each shard leaves a few hashes of a ticker; whoever has those of all shards compares them.
"""

import re
from collections.abc import Iterable, Mapping

import numpy as np

from stocks.contract import Arrays

NEWEST, SPREAD = 3, 12  # months of a ticker that are hashed: its last ones, and some that all tickers choose alike
MOVES = 6  # of a month's prices: a month of fewer may be like another by chance
SAME = 2  # months of equal rows
MOST = 500  # pairs
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def hashes(rows: Arrays) -> list[list[str]]:
    """Of each ticker of sorted rows up to fifteen months with all their days and adjclose, "<month>-<hash>"."""
    count = len(rows["tickers"])
    if not len(rows["day"]):
        return [[] for _ in range(count)]
    month = rows["day"].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    key = (rows["ticker"].astype(np.int64) << 32) + month
    first = np.flatnonzero(np.diff(key, prepend=key[0] - 1))
    moved = np.diff(rows["adjclose"], prepend=rows["adjclose"][0]) != 0
    moved[first] = False
    every = _mixed(rows["adjclose"].view(np.uint64) ^ _mixed(rows["day"].astype(np.uint64)))
    owner, months = rows["ticker"][first], month[first]
    sums, moves = np.add.reduceat(every, first), np.add.reduceat(moved, first)
    told = np.flatnonzero(moves >= MOVES)
    owner, months, sums = owner[told], months[told], sums[told]
    chosen = _first(owner, -months, NEWEST) | _first(owner, _mixed(months.astype(np.uint64)), SPREAD)
    found: list[list[str]] = [[] for _ in range(count)]
    for at in np.flatnonzero(chosen).tolist():
        found[int(owner[at])].append(f"{months[at]}-{int(sums[at]) >> 16:012x}")
    return found


def _mixed(values: np.ndarray) -> np.ndarray:
    """The values scattered over all uint64."""
    mixed = values + _MIX[0]
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX[1]
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX[2]
    return mixed ^ (mixed >> np.uint64(31))


def _first(owner: np.ndarray, rank: np.ndarray, most: int) -> np.ndarray:
    """bool[m]: those of the least rank among their owner's, so many; owner ascends."""
    order = np.lexsort((rank, owner))
    place = np.arange(len(owner)) - np.searchsorted(owner, owner)
    first = np.zeros(len(owner), bool)
    first[order[place < most]] = True  # owners have the same places in both orders
    return first


def pairs(hashed: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Of each ticker that is like another, what to say; of several it names the first. hashed has all tickers."""
    months = {name: set(own) for name, own in hashed.items()}
    by_month: dict[str, list[str]] = {}
    for name in sorted(months):
        for one in months[name]:
            by_month.setdefault(one, []).append(name)
    shared: dict[tuple[str, str], int] = {}
    for names in by_month.values():
        for other in names[1:]:
            shared[names[0], other] = shared.get((names[0], other), 0) + 1
    found: dict[str, str] = {}
    for (one, other), same in sorted(shared.items()):
        if same >= SAME:
            found.setdefault(one, f"its prices are those of {other}; the same ticker twice?")
            found.setdefault(other, f"its prices are those of {one}; the same ticker twice?")
    for name, other in _names(months):
        found.setdefault(name, f"its name is like {other}; the same ticker twice?")
    return dict(sorted(found.items())[: 2 * MOST])


def _names(names: Iterable[str]) -> list[tuple[str, str]]:
    """Names that differ in case or in the sign between their parts only, each with the other."""
    spelled: dict[str, list[str]] = {}
    for name in sorted(names):
        spelled.setdefault(re.sub(r"[\W_]+", " ", name.casefold()).strip(), []).append(name)
    return [
        (name, next(other for other in alike if other != name))
        for folded, alike in spelled.items() if folded and len(alike) > 1 for name in alike
    ]  # fmt: skip
