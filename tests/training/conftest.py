"""Synthetic shards and models, small enough to train in seconds."""

import itertools

import numpy as np
import pytest

from tests.support import prices


@pytest.fixture(scope="session")
def random_walk():
    """random_walk(rows, seed, memory=0) -> dict of columns [rows]; `memory` is how much of a return carries over."""

    def make(rows, seed, memory=0.0, level=100.0):
        bars = prices.bars(seed, rows, level, memory)
        days = np.arange(rows, dtype=np.int32) + 16000
        return {"days": days} | {name: bars[name] for name in ("adjclose", "high", "low")}

    return make


@pytest.fixture(scope="session")
def write_shard():
    """write_shard(path, {ticker: columns}, bounds): bounds [4] hold for every ticker; no two are the same shard."""
    count = itertools.count()

    def write(path, series, bounds, **label):
        path.parent.mkdir(parents=True, exist_ok=True)
        tickers = sorted(series)
        lengths = [len(series[ticker]["days"]) for ticker in tickers]
        arrays = {name: np.concatenate([series[ticker][name] for ticker in tickers]) for name in series[tickers[0]]}
        arrays["tickers"] = np.array(tickers)
        arrays["offsets"] = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        arrays["bounds"] = np.tile(np.array(bounds, np.int64), (len(tickers), 1))
        label = {"run_id": "us-0123456789ab", "kind": "shards", "shard": next(count)} | label
        np.savez(path, allow_pickle=False, **arrays, **label)

    return write
