"""Tickers that are the same in two spellings: by their prices, or by their names. numpy and standard library only.

Each shard leaves a few hashes of a ticker; whoever has those of all shards compares them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from stocks.contract import Arrays

NEWEST, SPREAD = 3, 12  # months of a ticker that are hashed: its last ones, and some that all tickers choose alike
MOVES = 6  # of a month's prices: a month of fewer may be like another by chance
SAME = 2  # months of equal rows
MOST = 500  # pairs
DAY = re.compile(r"^(19|20)\d\d ?[01]\d ?[0-3]\d | (19|20)\d\d ?[01]\d ?[0-3]\d$")  # of a name's parts
DIGITS, _STORED = 16, ">u8"  # of a hash
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def hashes(rows: Arrays) -> list[str]:
    """Of each ticker of sorted rows a text of DIGITS hex digits for each of up to fifteen months.

    A hash is of all days of the month and their adjclose.
    """
    count = len(rows["tickers"])
    if not len(rows["day"]):
        return [""] * count
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
    text = sums[chosen].astype(_STORED).tobytes().hex()
    edges = (DIGITS * np.cumsum(np.bincount(owner[chosen], minlength=count))).tolist()
    return [text[begin:end] for begin, end in pairwise([0, *edges])]


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


def pairs(hashed: Mapping[str, str]) -> dict[str, str]:
    """Of each ticker that is like another, what to say; of several it names the first. hashed has all tickers."""
    names = sorted(hashed)
    found: dict[str, str] = {}
    for one, other in _same_months([hashed[name] for name in names]):
        found.setdefault(names[one], f"its prices are those of {names[other]}; the same ticker twice?")
        found.setdefault(names[other], f"its prices are those of {names[one]}; the same ticker twice?")
    for name, like in _names(names):
        found.setdefault(name, f"its name is like {like}; the same ticker twice?")
    return dict(sorted(found.items())[: 2 * MOST])


def _same_months(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Places of tickers that share months enough, each with the first ticker that has them, in order.

    Tickers of a whole market have a million hashes, so none becomes an object of Python's.
    """
    hashed = np.frombuffer(bytes.fromhex("".join(texts)), _STORED).astype(np.uint64)
    owner = np.repeat(np.arange(len(texts)), [len(text) // DIGITS for text in texts])
    order = np.argsort(hashed, kind="stable")
    hashed, owner = hashed[order], owner[order]
    again = np.flatnonzero(hashed[1:] == hashed[:-1]) + 1
    first = np.searchsorted(hashed, hashed[again])
    both, months = np.unique((owner[first] << 32) + owner[again], return_counts=True)
    return [divmod(pair, 1 << 32) for pair in both[months >= SAME].tolist()]


def _names(names: Iterable[str]) -> list[tuple[str, str]]:
    """Names that differ in case or in the sign between their parts only, each with the other; and those that are the
    name of another with a day, as files of a day are called that have no column of tickers."""
    spelled: dict[str, list[str]] = {}
    for name in sorted(names):
        spelled.setdefault(re.sub(r"[\W_]+", " ", name.casefold()).strip(), []).append(name)
    alike = [
        (name, next(other for other in own if other != name))
        for folded, own in spelled.items() if folded and len(own) > 1 for name in own
    ]  # fmt: skip
    dated = ((own, spelled.get(DAY.sub("", folded), [])) for folded, own in spelled.items() if DAY.search(folded))
    return alike + [(name, plain[0]) for own, plain in dated if plain for name in own]
