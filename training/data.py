"""Shards of prices, as the Scale Lambda writes them, become blocks of windows to learn from.

Rows on or after test_from are dropped while reading, so nothing downstream can learn from them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HORIZONS = (1, 5, 20)  # in the ticker's own rows
MIN_ROWS = 61  # up to and including the origin: 60 returns, twice the window
LOOKBACK = 30  # returns the LSTM reads
CLIP = 8.0  # scaled returns beyond this are splits, errors or miracles: none of them may steer the fit
KEYS = ("tickers", "offsets", "days", "adjclose", "high", "low", "bounds")
LABEL = ("run_id", "kind", "shard")  # what a shard says it is
BLOCKS = ("train", "validation", "decision")


@dataclass(frozen=True)
class Prices:
    """Every ticker's rows before test_from, one after the other; row arrays have shape [n].

    tickers: sorted names. offsets [tickers + 1]: ticker i owns rows offsets[i]:offsets[i + 1]. days: since 1970-01-01.
    adjclose float64, high and low float32: 0 is missing. cuts [tickers, 4]: where train, validation and decision begin
    and end, as rows.
    """

    tickers: list[str]
    offsets: np.ndarray
    days: np.ndarray
    adjclose: np.ndarray
    high: np.ndarray
    low: np.ndarray
    cuts: np.ndarray


def read_prices(directory: str | Path) -> Prices:
    """Read all *.npz of a directory, shards of one run; neither their names nor their number changes the result."""
    paths = sorted(Path(directory).glob("*.npz"))
    if not paths:
        raise FileNotFoundError(f"no .npz shard in {directory}")
    _check_labels(paths)
    bounds = _bounds(paths)
    if not bounds:
        raise ValueError(f"the shards in {directory} hold no ticker")
    tickers = sorted(bounds)
    ends = np.stack([bounds[ticker] for ticker in tickers])[:, :3]
    offsets = np.concatenate([[0], np.cumsum(ends[:, -1])]).astype(np.int64)
    cuts = offsets[:-1, None] + np.column_stack([np.zeros(len(tickers), np.int64), ends])
    place = {ticker: slice(*offsets[i : i + 2]) for i, ticker in enumerate(tickers)}
    days = np.empty(offsets[-1], np.int32)
    adjclose = np.empty(offsets[-1])
    high, low = (np.empty(offsets[-1], np.float32) for _ in range(2))  # the graph reads no more digits of them
    for path in paths:  # a second time, into their places: all shards at once beside the whole would be twice as much
        for ticker, rows in _read_shard(path):
            for whole, own in zip((days, adjclose, high, low), rows, strict=True):
                whole[place[ticker]] = own
    return Prices(tickers, offsets, days, adjclose, high, low, cuts)


def _bounds(paths: Sequence[Path]) -> dict[str, np.ndarray]:
    """The bounds [4] of each ticker. Raises ValueError for a ticker in two shards."""
    found: dict[str, np.ndarray] = {}
    for path in paths:
        with np.load(path, allow_pickle=False) as shard:
            _must_hold(path, shard.files)
            tickers, bounds = shard["tickers"].tolist(), shard["bounds"]
        for ticker, own in zip(tickers, bounds, strict=True):
            if ticker in found:
                raise ValueError(f"ticker {ticker} is in more than one shard, the second is {path.name}")
            found[ticker] = own
    return found


def _must_hold(path: Path, names: Sequence[str]) -> None:
    missing = [key for key in KEYS if key not in names]
    if missing:
        raise ValueError(f"{path.name} lacks {', '.join(missing)}")


def _check_labels(paths: Sequence[Path]) -> None:
    """Raise ValueError unless the files are different shards of one run."""
    named: dict[tuple, str] = {}
    for path in paths:
        with np.load(path, allow_pickle=False) as shard:
            label = tuple(shard[name].item() if name in shard.files else None for name in LABEL)
        first = next(iter(named), label)
        if label[1] != "shards" or label[0] != first[0]:
            raise ValueError(f"{path.name} says it is {label}; {paths[0].name} is {first}")
        if label in named:
            raise ValueError(f"{path.name} and {named[label]} both say they are {label}")
        named[label] = path.name


def _read_shard(path: Path) -> Iterator[tuple[str, tuple[np.ndarray, ...]]]:
    """Yield (ticker, (days, adjclose, high, low)) with the rows before test_from only."""
    with np.load(path, allow_pickle=False) as shard:
        tickers, offsets, days, adjclose, high, low, bounds = (shard[key] for key in KEYS)
    for i, ticker in enumerate(tickers.tolist()):
        begin, all_rows = offsets[i], offsets[i + 1] - offsets[i]
        if np.any(np.diff(np.concatenate([[0], bounds[i], [all_rows]])) < 0):
            raise ValueError(f"{path.name}: bounds of {ticker} are {bounds[i].tolist()} for {all_rows} rows")
        own = slice(begin, begin + bounds[i, 2])
        prices = adjclose[own]
        if not np.all(np.isfinite(prices) & (prices > 0)):
            raise ValueError(f"{path.name}: adjclose of {ticker} is not positive everywhere")
        yield ticker, (days[own], prices, high[own], low[own])


def origins(prices: Prices, block: str) -> np.ndarray:
    """Rows [m] a block forecasts from: origin and longest target lie inside it, and enough rows before the origin."""
    position = BLOCKS.index(block)
    longest = max(HORIZONS)
    first = np.maximum(prices.cuts[:, position], prices.offsets[:-1] + MIN_ROWS - 1)
    stop = prices.cuts[:, position + 1] - longest
    spans = [np.arange(a, b, dtype=np.int32) for a, b in zip(first, stop, strict=True)]
    return np.concatenate(spans)


def some(prices: Prices, most: int, seed: int) -> Prices:
    """Whole tickers, drawn by the seed, with at most `most` rows together, but at least one ticker; all if they fit."""
    counts = np.diff(prices.offsets)
    if len(prices.days) <= most:
        return prices
    drawn = np.random.default_rng(seed).permutation(len(counts))
    fitting = np.count_nonzero(np.cumsum(counts[drawn]) <= most)
    chosen = np.sort(drawn[: max(fitting, 1)])
    offsets = np.concatenate([[0], np.cumsum(counts[chosen])])
    cuts = prices.cuts[chosen] - prices.offsets[chosen, None] + offsets[:-1, None]
    spans = [slice(*prices.offsets[i : i + 2]) for i in chosen]
    days, adjclose, high, low = (
        np.concatenate([column[span] for span in spans])
        for column in (prices.days, prices.adjclose, prices.high, prices.low)
    )
    return Prices([prices.tickers[i] for i in chosen], offsets, days, adjclose, high, low, cuts)


def targets(prices: Prices, scale: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Log returns from `rows` [...] over each horizon h, in units of scale·√h: float32 [..., horizons], clipped."""
    columns = [np.log(prices.adjclose[rows + h] / prices.adjclose[rows]) / (scale[rows] * np.sqrt(h)) for h in HORIZONS]
    return np.clip(np.stack(columns, -1), -CLIP, CLIP).astype(np.float32)
