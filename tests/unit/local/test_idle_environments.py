"""Which Lambda environments wait for the next invocation, and which end."""

import types

import pytest

from local.lambdas import idle


class Environment:
    def __init__(self, key: str):
        self.key, self.ended = key, False

    def end(self) -> None:
        self.ended = True


@pytest.fixture
def memory(monkeypatch):
    """memory(share): so much of it is free from now on."""

    def free(share: float) -> None:
        monkeypatch.setattr(
            idle.psutil, "virtual_memory", lambda: types.SimpleNamespace(available=share * 16, total=16)
        )

    free(0.5)
    return free


@pytest.fixture
def clock(monkeypatch):
    now = types.SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(idle.time, "monotonic", lambda: now.seconds)
    return now


def waiting(*keys: str) -> tuple[idle.Idle[Environment], list[Environment]]:
    """The pool with an environment of each key, in this order of use."""
    environments = [Environment(key) for key in keys]
    pool: idle.Idle[Environment] = idle.Idle()
    for environment in environments:
        pool.give_back(environment)
    return pool, environments


def test_the_environment_that_was_used_last_is_taken_and_belongs_to_who_took_it(memory):
    pool, (_, _, last) = waiting("a", "b", "a")
    assert pool.take("a") is last
    assert pool.take("a") is not last


def test_a_run_of_all_functions_finds_its_environments_again(memory):
    keys = [f"function {number}" for number in range(30)]
    pool, environments = waiting(*keys)
    assert [pool.take(key) for key in keys] == environments


def test_of_more_than_most_those_that_were_used_first_end_for_a_new_one(memory):
    pool, environments = waiting(*map(str, range(idle.MOST + 1)))
    assert pool.take("new") is None
    assert [one.key for one in environments if one.ended] == ["0", "1"]


def test_few_stay_where_memory_is_short(memory):
    pool, environments = waiting(*map(str, range(20)))
    memory(0.2)
    assert pool.take("19") is environments[19]
    assert not any(one.ended for one in environments)
    pool.give_back(environments[19])
    assert pool.take("new") is None
    assert [one.key for one in environments if not one.ended] == ["15", "16", "17", "18", "19"]


def test_what_nobody_uses_ends_after_two_minutes(memory, clock):
    pool, (old, used) = waiting("old", "used")
    clock.seconds = 100
    pool.give_back(pool.take("used"))
    clock.seconds = 121
    pool.end_old()
    assert (old.ended, used.ended) == (True, False)
    pool.end_all()
    assert used.ended
    assert pool.take("used") is None
