"""What high and low are worth: the same test year without them, for all tickers, for half and for one at a time."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks import children, files, walk
from benchmarks.figures import CLOSE_ONLY
from benchmarks.walk import OURS, Period
from stocks.contract import Arrays
from stocks.series import Shard


def without(shard: Shard, tickers: Sequence[str]) -> Shard:
    """The shard with high and low missing, which is 0, of some tickers."""
    rows = np.repeat(np.isin(shard.tickers, tickers), np.diff(shard.offsets))
    return dataclasses.replace(shard, high=np.where(rows, 0.0, shard.high), low=np.where(rows, 0.0, shard.low))


def of_year(rows: Arrays, year: int, subset: Sequence[str], folder: Path) -> dict[str, list[Period]]:
    """By who lacks high and low, the year with and without them; the subset of a period is those tickers.

    folder is the year's, as walk.run leaves it. Half is every second ticker; one is each of the year's subset in turn.
    """
    shard, _ = walk.shard_of(rows, year)
    tickers = shard.tickers.tolist()
    lacking = {"all": [tickers], "half": [tickers[::2]], "one": [[ticker] for ticker in subset]}
    folders = {name: [folder / f"{name}-{at}" for at in range(len(those))] for name, those in lacking.items()}
    for name in lacking:
        for target, those in zip(folders[name], lacking[name], strict=True):
            walk.save(target, without(shard, those), target.name)
    children.run("-m", "benchmarks.fitted", *(target for targets in folders.values() for target in targets))
    origins, served = (files.load(folder / f"{name}.npz") for name in ("baseline", "served"))
    return {
        name: [
            pair(str(year), shard, origins, served, files.load(target / "served.npz"), those)
            for target, those in zip(folders[name], lacking[name], strict=True)
        ]
        for name in lacking
    }


def pair(name: str, shard: Shard, origins: Arrays, served: Arrays, lacking: Arrays, subset: Sequence[str]) -> Period:
    """A period of two methods: forecasts with high and low, and without. Both are measured against all prices."""
    found: walk.Forecasts = {
        method: (forecasts, walk.calibration(shard, forecasts))
        for method, forecasts in ((OURS, served), (CLOSE_ONLY.scores, lacking))
    }
    return walk.scored(name, shard, origins, found, subset)
