"""Files of few and many tickers in few and many shards: wherever a shard is empty, the run ends as with one shard."""

import numpy as np
import pandas as pd
import pytest

from stocks.contract import MODELS
from stocks.dataset import parts, sizes
from tests.support import csv_files, pipeline

FEW = (1, 2, 3, 4, 7)
BITS = {1: FEW, 2: FEW, 3: FEW, 10: (2, 6), 99: (2, 9)}  # by tickers; 9 gives the most shards that a run has
QUICK = (1, 10)  # tickers; the others run in make test-thorough


@pytest.fixture(autouse=True)
def small_forest(monkeypatch):
    """The forest is not what is tried here."""
    monkeypatch.setattr(pipeline, "TREES", 1)


def names_in(shard: int, bits: int, count: int, start: str = "T") -> list[str]:
    """Names of tickers that are in one shard of 2^bits."""
    every = [f"{start}{number}" for number in range(100 << bits)]
    return np.array(every)[parts.numbers(every, bits) == shard][:count].tolist()


def sent(monkeypatch, frames: list[pd.DataFrame], bits: int) -> pipeline.Ran:
    monkeypatch.setattr(sizes, "run_bits", lambda *_: bits)
    return pipeline.run(csv_files.csv(*frames), model=pipeline.stand_in)


def tables(ran: pipeline.Ran) -> dict[str, pd.DataFrame]:
    return {name: ran.table(name) for name in ("predictions", "metrics", "prices", "tickers")}


def rows_of(number: int) -> int:
    return 140 + number % 7


def bars(names: list[str]) -> list[pd.DataFrame]:
    return [csv_files.bars(name, seed, rows_of(seed)) for seed, name in enumerate(names)]


@pytest.mark.parametrize(
    "tickers", [pytest.param(count, marks=() if count in QUICK else pytest.mark.thorough) for count in BITS]
)
def test_the_number_of_shards_changes_no_table(monkeypatch, tickers):
    names = [f"T{number:03d}" for number in range(tickers)]
    expected = tables(sent(monkeypatch, bars(names), 0))
    assert set(expected["predictions"]["ticker"]) == set(names)
    assert np.isfinite(expected["metrics"].query("ticker == '*'")["rmse"]).all()
    for bits in BITS[tickers]:
        found = tables(sent(monkeypatch, bars(names), bits))
        for name, table in expected.items():
            pd.testing.assert_frame_equal(found[name], table, check_exact=name != "metrics", obj=f"{name} of {bits}")


@pytest.mark.parametrize("empty", [0, 2, 3], ids=["first", "in the middle", "last"])
def test_an_empty_shard_may_stand_anywhere(monkeypatch, empty):
    names = [name for shard in range(4) if shard != empty for name in names_in(shard, 2, 1)]
    ran = sent(monkeypatch, bars(names), 2)
    assert len(ran.arrays(f"shards/{empty:05d}.npz")["tickers"]) == 0
    assert set(ran.table("predictions")["ticker"]) == set(names)
    counts = [[ran.metrics()[name, model, 1]["n"] for model in MODELS] for name in ("*", *names)]
    assert counts[0] == np.sum(counts[1:], axis=0).tolist()
    assert min(counts[0]) > 0


@pytest.mark.parametrize("skipped", [0, 2, 3], ids=["first", "in the middle", "last"])
def test_all_tickers_of_a_shard_may_be_skipped(monkeypatch, skipped):
    names = [name for shard in range(4) for name in names_in(shard, 2, 1)]
    frames = [csv_files.bars(name, seed, 70 if seed == skipped else 200) for seed, name in enumerate(names)]
    ran = sent(monkeypatch, frames, 2)
    assert len(ran.arrays(f"skipped/{skipped:05d}.npz")["tickers"]) == 1
    kept = set(names) - {names[skipped]}
    assert set(ran.table("predictions")["ticker"]) == kept
    assert set(ran.table("prices")["ticker"]) == set(names)
    assert {ticker for ticker, _, _ in ran.metrics()} == kept | {"*"}
