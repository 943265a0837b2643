"""Working files of the benchmark and the programs it runs: shards and forecasts, as docs/architecture.md has them."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stocks.contract import HORIZONS, OUTPUTS, Arrays
from stocks.series import Shard


class Series(NamedTuple):
    """One ticker: its adjclose, how many of its rows are known when models are fitted, the least and greatest of them,
    its test origins, and where their forecasts belong among all."""

    name: str
    prices: np.ndarray
    before: int
    minmax: np.ndarray
    origins: np.ndarray
    place: slice


def load(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def load_shard(path: Path) -> Shard:
    return Shard.from_arrays(load(path))


def save(path: str | Path, arrays: Arrays) -> None:
    np.savez(path, allow_pickle=False, **arrays)


def series(shard: Shard, origins: Arrays) -> Iterator[Series]:
    """Every ticker of a shard with its origins, those of the baseline's file."""
    for i, ticker in enumerate(shard):
        place = slice(*origins["offsets"][i : i + 2].tolist())
        before, prices = int(ticker.bounds[2]), ticker.rows["adjclose"]
        yield Series(ticker.name, prices, before, ticker.minmax, origins["origin"][place], place)


def unknown(origins: Arrays) -> np.ndarray:
    """Forecasts to be filled in: NaN is none."""
    return np.full((len(origins["origin"]), len(HORIZONS), len(OUTPUTS)), np.nan)


def forecasts(origins: Arrays, prices: np.ndarray) -> dict[str, np.ndarray]:
    return {name: origins[name] for name in ("tickers", "offsets", "origin")} | {"prices": prices}
