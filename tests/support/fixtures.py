"""One laptop cloud for all tests of a folder, with a state folder of its own beside a developer's cloud."""

import csv

import pytest

from tests.support.cloud import ROOT, Cloud

SIX = ("ALDER", "BRYNE", "CORVO", "DUNMORE", "ELMET", "KESTREL")


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    up = Cloud(tmp_path_factory.mktemp("cloud"), {"SFN_WAIT_SCALE": "0.05"})
    started = up.local("up")
    assert started.returncode == 0, started.stdout + started.stderr
    yield up
    assert up.local("down").returncode == 0


@pytest.fixture(scope="session")
def prices() -> list[dict]:
    """The rows of the example: ten tickers, one of them a late starter, and one too short to be forecast."""
    with (ROOT / "examples" / "prices.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def few(prices) -> list[dict]:
    """Six of its tickers, the one too short among them: more than a shard, enough for an LSTM, and less work."""
    return [row for row in prices if row["ticker"] in SIX]
