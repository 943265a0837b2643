"""One laptop cloud for all integration tests, with a state folder of its own beside a developer's cloud."""

import csv

import pytest

from tests.integration.cloud import ROOT, Cloud

TICKERS = {"JAJIL.CQ", "ALDER", "BRYNE", "CORVO", "IVORY", "KESTREL"}  # two shards; one late starter, one too short


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    up = Cloud(tmp_path_factory.mktemp("cloud"))
    started = up.local("up")
    assert started.returncode == 0, started.stdout + started.stderr
    yield up
    assert up.local("down").returncode == 0


@pytest.fixture(scope="session")
def prices() -> list[dict]:
    """The rows of six of the example's tickers."""
    with (ROOT / "examples" / "prices.csv").open() as file:
        return [row for row in csv.DictReader(file) if row["ticker"] in TICKERS]
