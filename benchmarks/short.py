"""Files of eighteen months: few tickers cut from a CSV, with high and low and without, beside constant ranges."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks import children, close_only, files, rivals, walk
from benchmarks.walk import Period
from stocks import baseline
from stocks.contract import Arrays
from stocks.series import Shard

ROWS = 377  # trading days
FILES = {1: 40, 3: 20, 10: 10}  # by tickers of a file, how many files are cut
SEED = 1
TEST_FRACTION = 0.2  # the template's


def run(rows: Arrays, numbers: Mapping[int, int], folder: Path) -> dict[int, list[Period]]:
    """By tickers of a file, the test period of each file; folder is empty."""
    rng = np.random.default_rng(SEED)
    shards = {(size, at): shard_of(rows, size, rng) for size, number in numbers.items() for at in range(number)}
    folders = {key: [folder / f"{key[0]}-{key[1]}-{kind}" for kind in ("whole", "close-only")] for key in shards}
    for key, shard in shards.items():
        for target, saved in zip(folders[key], (shard, close_only.without(shard, shard.tickers.tolist())), strict=True):
            walk.save(target, saved, target.name)
    children.run("-m", "benchmarks.fitted", *(target for pair in folders.values() for target in pair))
    periods: dict[int, list[Period]] = {}
    for key, shard in shards.items():
        served, lacking = (files.load(target / "served.npz") for target in folders[key])
        periods.setdefault(key[0], []).append(period(f"file {key[1] + 1}", shard, served, lacking))
    return periods


def shard_of(rows: Arrays, size: int, rng: np.random.Generator) -> Shard:
    """A file of random tickers with a row on each of so many of the file's days, which begin on a random one.

    Raises ValueError where the rows have no such stretch.
    """
    days, day = np.unique(rows["day"], return_inverse=True)
    traded = np.zeros((len(rows["tickers"]), 1 + len(days)), int)
    traded[rows["ticker"], 1 + day] = 1
    before = traded.cumsum(axis=1)
    complete = before[:, ROWS:] - before[:, :-ROWS] == ROWS  # [tickers, first days]
    starts = np.flatnonzero(complete.sum(axis=0) >= size)
    if not len(starts):
        raise ValueError(f"no {size} tickers have rows on {ROWS} days in a row")
    start = rng.choice(starts)
    tickers = rng.choice(np.flatnonzero(complete[:, start]), size, replace=False)
    wanted = np.isin(rows["ticker"], tickers) & (day >= start) & (day < start + ROWS)
    return walk.built(walk.chosen_rows(rows, wanted), TEST_FRACTION)[0]


def period(name: str, shard: Shard, served: Arrays, lacking: Arrays) -> Period:
    """As close_only.pair, and constant ranges."""
    origins = baseline.forecast(shard)
    tickers = shard.tickers.tolist()
    pair = close_only.pair(name, shard, origins, served, lacking, tickers)
    constant = files.forecasts(origins, rivals.constant(shard, origins))
    found: walk.Forecasts = {"constant": (constant, walk.UNCALIBRATED)}
    other = walk.scored(name, shard, origins, found, tickers)
    return Period(name, tickers, pair.scores | other.scores, pair.days, pair.losses | other.losses)
