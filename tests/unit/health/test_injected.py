"""Errors put into the invented prices of examples/, as benchmarks/health.py puts them into real ones."""

import numpy as np
import pytest

from benchmarks import ROOT, health, walk
from stocks.health import check


@pytest.fixture(scope="module")
def rows():
    return walk.read(ROOT / "examples" / "prices.csv")


def test_good_prices_have_no_flag(rows):
    shard = health.shard_of(rows)
    assert check.find(shard, health.votes(shard)) == []


@pytest.mark.parametrize("columns", ["all", "adjclose"])
def test_what_is_put_in_is_recognised_and_nothing_else_is(rows, columns):
    found = health.measure(rows if columns == "all" else health.alone(rows), 16)
    assert set(found.injected) == set(health.NAMES)
    for kind, count in found.injected.items():
        assert count >= 30
        assert found.ours[kind] >= 0.95 * count, kind
    assert found.false[0] <= 1


def test_each_kind_of_error_shows_on_the_day_that_is_named(rows):
    broken, put = health.inject(rows, np.random.default_rng(1), 0)
    changed = {one.ticker for one in put}
    assert changed == set(rows["tickers"].tolist())
    gone = len(rows["day"]) - len(broken["day"])
    assert 0 < gone <= 20 * sum(one.kind == "gap" for one in put)
    for one in put:
        own = broken["day"][broken["ticker"] == rows["tickers"].tolist().index(one.ticker)]
        assert one.first in own
