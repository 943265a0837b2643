"""Tickers that are the same in two spellings."""

import tracemalloc

import numpy as np
import pytest

from stocks.health import alike
from tests.support import shards as made


def walk(seed, rows=400):
    return np.round(100 * np.exp(np.random.default_rng(seed).normal(0, 0.02, rows).cumsum()), 2)


def pairs(**series):
    """Of tickers, each a pair of days and prices; every ticker is hashed in a shard of its own."""
    hashed = {}
    for name, (days, prices) in series.items():
        rows = {"tickers": np.array([name]), "ticker": np.zeros(len(days), np.int32), "day": days, "adjclose": prices}
        hashed[name] = alike.hashes(rows)[0]
    return alike.pairs(hashed)


DAYS = made.weekdays(400)


def test_the_same_prices_under_two_names():
    found = pairs(FB=(DAYS, walk(1)), META=(DAYS, walk(1)), OTHER=(DAYS, walk(2)))
    assert found == {
        "FB": "its prices are those of META; the same ticker twice?",
        "META": "its prices are those of FB; the same ticker twice?",
    }


def test_two_classes_of_a_share_move_alike_and_are_not_the_same():
    assert pairs(GOOG=(DAYS, walk(1)), GOOGL=(DAYS, np.round(walk(1) * 1.003, 2))) == {}


@pytest.mark.parametrize(
    ("one", "other"), [((0, 400), (100, 400)), ((0, 300), (0, 400)), ((0, 400), (300, 400)), ((0, 3000), (0, 1500))]
)
def test_histories_of_different_lengths(one, other):
    days, prices = made.weekdays(3000), walk(1, 3000)
    cut = {name: (days[slice(*span)], prices[slice(*span)]) for name, span in {"A": one, "B": other}.items()}
    assert set(pairs(**cut)) == {"A", "B"}


def test_a_few_corrected_days_hide_nothing():
    other = walk(1)
    other[[50, 380]] += 0.01
    assert set(pairs(A=(DAYS, walk(1)), B=(DAYS, other))) == {"A", "B"}


def test_prices_that_stand_still_are_alike_by_chance():
    assert pairs(A=(DAYS, np.ones(400)), B=(DAYS, np.ones(400))) == {}


def test_names_that_differ_in_case_or_sign_only():
    series = {name: (DAYS, walk(seed)) for seed, name in enumerate(("BRK.B", "brk-b", "BRKB", "KO", "AAPL"))}
    assert pairs(**series) == {
        "BRK.B": "its name is like brk-b; the same ticker twice?",
        "brk-b": "its name is like BRK.B; the same ticker twice?",
    }


def test_a_name_that_is_anothers_with_a_day_is_like_it_and_contracts_of_two_days_are_not():
    names = ("AAPL", "AAPL_2026-11-02", "20261103 aapl", "ES-20261218", "ES-20260918", "AAPL_1234", "AAPL 20269999")
    series = {name: (DAYS, walk(seed)) for seed, name in enumerate(names)}
    like = "its name is like AAPL; the same ticker twice?"
    assert pairs(**series) == {"AAPL_2026-11-02": like, "20261103 aapl": like}


def test_a_shard_hashes_each_ticker_as_if_it_were_alone():
    both = made.shard({"A": walk(1), "B": walk(2)})
    rows = {"tickers": both.tickers, "ticker": np.repeat(np.arange(2, dtype=np.int32), 400), "day": both.days}
    together = alike.hashes(rows | {"adjclose": both.adjclose})
    for at, prices in enumerate((walk(1), walk(2))):
        own = {"tickers": np.array(["X"]), "ticker": np.zeros(400, np.int32), "day": DAYS, "adjclose": prices}
        assert alike.hashes(own) == [together[at]]
        assert 0 < len(together[at]) <= alike.DIGITS * (alike.NEWEST + alike.SPREAD)


def test_the_step_from_one_ticker_to_the_next_is_no_move():
    days, still = made.weekdays(10), np.repeat([1.0, 2.0, 3.0, 4.0, 5.0], 2)
    moving = np.arange(10) + 1.0
    both = {"tickers": np.array(["A", "B"]), "ticker": np.repeat(np.arange(2, dtype=np.int32), 10)}
    both |= {"day": np.tile(days, 2), "adjclose": np.concatenate([moving, np.append(still[:9], 6.0)])}
    assert [len(own) for own in alike.hashes(both)] == [alike.DIGITS, 0], "five moves are too few"


def test_a_shard_without_rows():
    rows = {"tickers": np.empty(0, "U1"), "ticker": np.empty(0, np.int32), "day": np.empty(0, np.int32)}
    assert alike.hashes(rows | {"adjclose": np.empty(0)}) == []


def test_of_three_that_are_alike_each_names_the_first_of_the_others_and_one_shared_month_says_nothing():
    one, two, three = ("0" * 15 + digit for digit in "123")
    assert alike.pairs({"C": one + two, "A": two + three + one, "B": one + two, "D": three, "E": ""}) == {
        "A": "its prices are those of B; the same ticker twice?",
        "B": "its prices are those of A; the same ticker twice?",
        "C": "its prices are those of A; the same ticker twice?",
    }
    assert alike.pairs({"A": "", "B": ""}) == alike.pairs({}) == {}


def test_hashes_of_many_tickers_take_little_memory():
    random = np.random.default_rng(3)
    hashed = {f"T{at:05}": random.bytes(8 * 15).hex() for at in range(5000)}
    tracemalloc.start()
    assert alike.pairs(hashed) == {}
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1500 * len(hashed)
