"""The same file gives the same forecasts, whoever computes them and in how many shards."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stocks.contract import ROUNDING
from stocks.dataset import sizes
from tests.support import csv_files, pipeline

ROOT = Path(__file__).parents[2]
TOLERANCE = 1e-6  # of a price: docs/architecture.md, "Determinism"
LENGTHS = {"A": 520, "BB": 520, "CCC": 470, "D-D": 520, "E.E": 510, "F": 330, "G": 520}
ELSEWHERE = """
import sys
from pathlib import Path
from tests import conftest
from tests.support import pipeline
ran = pipeline.run(Path(sys.argv[1]).read_bytes())
for table in ("predictions", "metrics"):
    Path(sys.argv[2], table).write_bytes(b"".join(ran.below(f"{table}/").values()))
"""


@pytest.fixture(scope="module")
def csv():
    """Tickers of several lengths and leading bits, so that shards group their requests in other ways."""
    return csv_files.csv(*(csv_files.bars(name, seed, rows) for seed, (name, rows) in enumerate(LENGTHS.items())))


@pytest.fixture(scope="module")
def one_shard(csv):
    ran = pipeline.run(csv)
    assert ran.shards == 1
    return ran


def test_another_process_publishes_the_same_bytes(csv, one_shard, tmp_path):
    """Hashes are seeded differently there, nothing was computed before, and the processor is an older one to BLAS."""
    (tmp_path / "prices.csv").write_bytes(csv)
    environment = {
        "PYTHONPATH": ":".join(str(ROOT / name) for name in (".", "functions", "training")),
        "OPENBLAS_CORETYPE": "Prescott",
    }
    subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(tmp_path / "prices.csv"), str(tmp_path)],
        env=environment,
        check=True,
        capture_output=True,
        timeout=300,
    )
    parts = one_shard.below("predictions/")
    assert list(parts) == ["predictions/future-00000.parquet", "predictions/test-00000.parquet"]
    assert (tmp_path / "predictions").read_bytes() == b"".join(parts.values())
    assert (tmp_path / "metrics").read_bytes() == b"".join(one_shard.below("metrics/").values())


@pytest.mark.parametrize("shards", [2, pytest.param(8, marks=pytest.mark.thorough)])
def test_the_number_of_shards_changes_no_forecast_beyond_rounding(csv, one_shard, shards):
    ran = pipeline.run(csv, kilobytes=sum(LENGTHS.values()) * sizes.ROW_BYTES // shards // 1024 + 1)
    assert ran.shards == shards
    assert ran.evidence() == one_shard.evidence()
    one, other = one_shard.table("predictions"), ran.table("predictions")
    exact = ["ticker", "origin_date", "target_date", "horizon", "split", "actual", "naive", "drift", "random_forest"]
    pd.testing.assert_frame_equal(one[exact], other[exact], check_exact=True)
    rounded = [name for name in one if name not in exact]
    np.testing.assert_allclose(one[rounded], other[rounded], rtol=TOLERANCE)
    assert TOLERANCE <= ROUNDING
    pd.testing.assert_frame_equal(one_shard.table("metrics"), ran.table("metrics"), rtol=1e-4)
