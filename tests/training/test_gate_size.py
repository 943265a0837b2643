"""How often the gate opens, over 1,000 simulated files: at most 5 % without skill, most of them with it."""

import functools

import numpy as np
import pytest

import decision
from tests.training import simulated

DAYS = {1: 200, 5: 250, 20: 620}  # of a decision block; for 20 days ahead there must be 600
ORDINARY, STRONG = 0.03, 0.1  # mean over standard deviation of a day: Sharpe ratios of .5 and 1.6 a year


def noise(files):
    """Each ticker's own, changing slowly as points of a network that reads 30 days."""
    return simulated.slow(files.draw, len(files.scale), files.level.shape, 0.9)


def constants(files):
    return files.draw.normal(1, 0.7, files.level.shape)


NO_SKILL = {
    "noise of each ticker": noise,
    "noise of all tickers": lambda files: simulated.slow(files.draw, len(files.scale), (len(files.level), 1), 0.9),
    "against the trend": lambda files: -files.trend,
}
UP = {
    "constant": lambda files: np.ones(1),
    "constant by ticker": constants,
    "constant log return": lambda files: 0.01 / files.scale,
    "constant log return by ticker": lambda files: 0.01 * constants(files) / files.scale,
    "more in wild times": lambda files: files.scale / files.level,
    "both with noise": lambda files: constants(files) + 0.01 * constants(files) / files.scale + 0.05 * noise(files),
}


def market(files):
    """How wild all tickers are, one number a day."""
    return np.mean(files.scale / files.level, 2, keepdims=True)


TURNS = {
    "noise of all tickers": NO_SKILL["noise of all tickers"],
    "against the trend": NO_SKILL["against the trend"],
    "with the trend": lambda files: files.trend,
    "more in a wild market": market,
    "more in a calm market": lambda files: -market(files),
}


def gates(made, point):
    """Of each file, by a point that is spread to [days, files, tickers]."""
    days, count, tickers = made.target.shape
    where = np.repeat(np.arange(tickers), days), np.tile(np.arange(days), tickers)
    spread = (np.broadcast_to(values, made.target.shape) for values in (point, made.target, made.scale))
    columns = [values.transpose(1, 2, 0).reshape(count, -1) for values in spread]
    return [decision.gate(*file, *where, made.horizon)["gate"] for file in zip(*columns, strict=True)]


def share_open(made, point):
    return np.mean(np.array(gates(made, point)) > 0)


@pytest.fixture(scope="module")
def files():
    """files(horizon, drift, seed=1, count=1000, skill=0, before=1): simulated once."""

    @functools.cache
    def make(horizon, drift, seed=1, **options):
        return simulated.files(seed, horizon, DAYS[horizon], drift, **options)

    return make


@pytest.mark.parametrize("horizon", DAYS)
@pytest.mark.parametrize("name", NO_SKILL)
def test_without_skill_one_gate_in_twenty_opens_at_most(files, name, horizon):
    made = files(horizon, ORDINARY)
    assert share_open(made, NO_SKILL[name](made)) <= 0.05


@pytest.mark.parametrize("drift", [pytest.param(ORDINARY, marks=pytest.mark.thorough), STRONG])
@pytest.mark.parametrize("horizon", DAYS)
@pytest.mark.parametrize("name", UP)
def test_drift_is_no_skill(files, name, horizon, drift):
    made = files(horizon, drift)
    assert share_open(made, UP[name](made)) <= 0.05


@pytest.mark.parametrize("before", [pytest.param(0, marks=pytest.mark.thorough), -1])
@pytest.mark.parametrize("horizon", [1, 5])
@pytest.mark.parametrize("name", TURNS)
def test_a_strong_drift_that_comes_or_turns_within_the_block_is_no_skill(files, name, horizon, before):
    made = files(horizon, STRONG, before=before)
    assert share_open(made, TURNS[name](made)) <= 0.05


@pytest.mark.thorough
@pytest.mark.parametrize("before", [0, -1])
@pytest.mark.parametrize("name", TURNS)
def test_twenty_days_ahead_it_opens_few_gates(files, name, before):
    """The longest horizon has the fewest blocks: what follows a trend that turns opens 6.8 % of 1,000."""
    made = files(20, STRONG, before=before)
    assert share_open(made, TURNS[name](made)) <= 0.08


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [2, 3, 4])
@pytest.mark.parametrize("horizon", DAYS)
def test_neither_is_so_with_other_seeds_and_more_tickers(files, horizon, seed):
    made = files(horizon, STRONG, seed, tickers=10)
    for point in (*NO_SKILL.values(), *UP.values()):
        assert share_open(made, point(made)) <= 0.05


@pytest.mark.parametrize("horizon", DAYS)
def test_skill_opens_most_gates(files, horizon):
    made = files(horizon, ORDINARY, count=200, skill=0.2)
    assert share_open(made, made.skill) > 0.5
    assert share_open(made, 0.01 / made.scale + made.skill) > 0.5  # and drift beside it does not hide it
