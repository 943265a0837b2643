"""Which part of an upload and which shard of a run a ticker goes to, so that a shard reads whole objects only."""

from binascii import crc32
from collections.abc import Sequence

import numpy as np

from stocks.contract import COLUMNS, Arrays

CRC_BITS = 32


def numbers(tickers: Sequence[str] | np.ndarray, bits: int) -> np.ndarray:
    """int64[k]: each ticker's part among 2^bits: the leading bits of CRC-32 of its name in UTF-8."""
    hashes = np.array([crc32(str(ticker).encode()) for ticker in tickers], np.int64)
    return hashes >> (CRC_BITS - bits)


def read_by(shard: int, shard_bits: int, part_bits: int) -> range:
    """The parts, of 2^part_bits, that a shard of 2^shard_bits reads: one that covers it, or those that it covers."""
    if part_bits <= shard_bits:
        return range(shard >> (shard_bits - part_bits), (shard >> (shard_bits - part_bits)) + 1)
    finer = part_bits - shard_bits
    return range(shard << finer, (shard + 1) << finer)


def of_shard(parts: Sequence[Arrays], shard: int, bits: int) -> dict[str, np.ndarray]:
    """A shard's rows out of the parts that it reads, in the form of `rows`: tickers by name, their rows by day.

    parts hold tickers U[k], ticker int32[n], day int32[n], the COLUMNS float64[n], and those of an upload filled
    bool[k], too. A part's rows are sorted by ticker and day. Raises ValueError where two parts share a ticker.
    """
    names = _joined(parts, "tickers", "U1")
    own = np.flatnonzero(numbers(names, bits) == shard)
    order = own[np.argsort(names[own], kind="stable")]
    if len(np.unique(names[own])) < len(own):
        raise ValueError("two parts hold the same ticker")
    place = np.full(len(names), -1, np.int32)
    place[order] = np.arange(len(order))
    counts = [len(part["tickers"]) for part in parts]
    shift = np.repeat(np.cumsum([0, *counts])[:-1], [len(part["ticker"]) for part in parts])
    ticker = place[_joined(parts, "ticker", np.int32) + shift]
    rows = np.flatnonzero(ticker >= 0)
    rows = rows[np.argsort(ticker[rows], kind="stable")]
    chosen = {"tickers": names[order], "ticker": ticker[rows], "day": _joined(parts, "day", np.int32)[rows]}
    chosen |= {name: _joined(parts, name, np.float64)[rows] for name in COLUMNS}
    if all("filled" in part for part in parts):
        chosen["filled"] = _joined(parts, "filled", bool)[order]
    return chosen


def _joined(parts: Sequence[Arrays], name: str, dtype: type | str) -> np.ndarray:
    return np.concatenate([np.empty(0, dtype), *(part[name] for part in parts)])
