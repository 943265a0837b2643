"""Working files of the benchmark and the programs it runs: shards and forecasts, as docs/architecture.md has them."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stocks.contract import HORIZONS, OUTPUTS, Arrays
from stocks.series import Shard

POINT = OUTPUTS.index("forecast")


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
    """Forecasts to be filled in, [origins, 3 horizons, 8 as OUTPUTS]: NaN is none."""
    return np.full((len(origins["origin"]), len(HORIZONS), len(OUTPUTS)), np.nan)


def output(point: np.ndarray, quantiles: np.ndarray, expected_move: np.ndarray) -> np.ndarray:
    """float64[..., 8]: a rival's prices [...] and [..., 5] and its expected move [...], without an LSTM."""
    return np.concatenate([np.zeros_like(point)[..., None], point[..., None], quantiles, expected_move[..., None]], -1)


def forecasts(origins: Arrays, outputs: np.ndarray) -> dict[str, np.ndarray]:
    """The forecasts file, as stocks.endpoint.assemble makes it."""
    return {name: origins[name] for name in ("tickers", "offsets", "origin")} | {"outputs": outputs}


def by_ticker(
    forecast: Callable[[Series], np.ndarray], shard_path: str, origins_path: str, out: str, *names: str
) -> None:
    """Write the forecasts of the named tickers, each by itself; OUT gets `cpu` too, the seconds of each."""
    shard, origins = load_shard(Path(shard_path)), load(Path(origins_path))
    outputs, seconds = unknown(origins), []
    for one in series(shard, origins):
        if one.name in names:
            started = time.process_time()
            outputs[one.place] = forecast(one)
            seconds.append(time.process_time() - started)
    save(out, forecasts(origins, outputs) | {"cpu": np.array(seconds)})
