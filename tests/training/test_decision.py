import numpy as np
import pytest

import decision
from tests.training import simulated


def judge(point, target, days, horizon, scale=None, tickers=None):
    """The gate of one ticker of constant volatility, unless told otherwise."""
    scale = np.full(len(days), 0.02) if scale is None else scale
    tickers = np.zeros(len(days), int) if tickers is None else tickers
    return decision.gate(np.asarray(point), np.asarray(target), scale, tickers, np.asarray(days), horizon)


def left_over(values, inverse, before):
    """A ticker's values less their regression on (1, 1/s, day), day by day and by numpy's own solver."""
    count, left = len(values), []
    for day in range(count):
        out = [(day - ago) % count for ago in range(1, min(before, count // 2) + 1)]
        kept = np.setdiff1d(np.arange(count), out)
        regressors = np.column_stack([np.ones(count), inverse, np.arange(count)])
        fit = np.linalg.lstsq(regressors[kept], values[kept])[0]
        left.append(values[day] - regressors[day] @ fit)
    return np.array(left)


@pytest.mark.parametrize("horizon", [1, 5])
def test_the_gate_agrees_with_plain_loops(horizon):
    draw = np.random.default_rng(1)
    lengths, first_days = (170, 90), (0, 80)
    days = np.concatenate([np.arange(first, first + n) for first, n in zip(first_days, lengths, strict=True)])
    tickers = np.repeat([0, 3], lengths)
    point, scale = draw.normal(size=260), np.exp(simulated.slow(draw, 260, (), 0.9) / 3)
    target = 0.5 * point + 0.3 / scale + draw.normal(size=260)

    own = [tickers == 0, tickers == 3]
    said = np.concatenate([left_over(point[o], 1 / scale[o], 0) for o in own])
    instrument = np.concatenate([left_over(point[o], 1 / scale[o], 30 + horizon) for o in own])
    moved = np.concatenate([left_over(target[o], 1 / scale[o], 30 + horizon) for o in own])
    slope = np.sum(said * moved) / np.sum(said * instrument)
    scores = said * (moved - slope * instrument) / np.sum(said * instrument)
    sums = [scores[days == day].sum() for day in range(170)]
    lags = 2 * (horizon - 1) + 10
    variance = 0.0
    for i in range(170):
        for j in range(170):
            variance += max(1 - abs(i - j) / (lags + 1), 0) * sums[i] * sums[j]
    se = (1 + 7 * (lags + 1) / 170) * np.sqrt(170 / 169 * variance)

    found = judge(point, target, days, horizon, scale, tickers)
    assert found["slope"] == pytest.approx(slope, rel=1e-9)
    assert found["slope_se"] == pytest.approx(se, rel=1e-9)
    assert found["gate"] == pytest.approx(np.clip(slope - 2 * se, 0, 0.5))


def test_the_gate_stays_between_zero_and_a_half():
    point = np.random.default_rng(1).normal(size=200)
    assert judge(point, point, range(200), 1) | {"slope_se": 0} == {
        "blocks": 200,
        "gate": 0.5,
        "gate_reason": "",
        "slope": pytest.approx(1.0),
        "slope_se": 0,
    }
    shut = judge(point, -point, range(200), 1)
    assert (shut["gate"], shut["gate_reason"]) == (0.0, "unproven")


def test_with_fewer_than_thirty_blocks_the_gate_is_shut_whatever_the_slope():
    point = np.random.default_rng(1).normal(size=150)
    found = judge(point[:149], point[:149], range(149), 5)
    assert (found["blocks"], found["gate"], found["gate_reason"]) == (29, 0.0, "few_blocks")
    assert found["slope"] == pytest.approx(1.0)
    assert judge(point, point, range(150), 5)["gate"] == 0.5


def test_many_tickers_that_move_together_are_no_more_evidence_than_one():
    draw = np.random.default_rng(1)
    point, target = draw.normal(size=50), draw.normal(size=50)
    one = judge(point, target, range(50), 1)
    many = judge(np.tile(point, 100), np.tile(target, 100), np.tile(range(50), 100), 1, None, np.repeat(range(100), 50))
    assert many["slope_se"] == pytest.approx(one["slope_se"])


@pytest.mark.parametrize(("horizon", "days"), [(1, 200), (5, 600), (20, 1200)])
def test_the_standard_error_is_no_less_than_the_spread_of_the_slope_though_windows_overlap(horizon, days):
    """Of forecasts that are worth nothing and change slowly, as those of a network that reads 30 days."""
    draw, slopes, errors = np.random.default_rng(1), [], []
    for point in simulated.slow(draw, days, (400,), 0.9).T:
        walk = np.cumsum(draw.normal(size=days + horizon + 1))
        target = (walk[horizon:] - walk[:-horizon])[:days] / np.sqrt(horizon)
        found = judge(point, target, range(days), horizon)
        slopes.append(found["slope"])
        errors.append(found["slope_se"])
    assert 0.95 < np.mean(errors) / np.std(slopes) < 1.3


@pytest.mark.parametrize("point", [0.0, 3.0, 0.01])
def test_a_network_that_says_always_the_same_has_no_slope(point):
    draw = np.random.default_rng(1)
    scale = np.exp(draw.normal(size=50)).astype(np.float32)
    up = np.full(50, point) if point != 0.01 else point / scale
    found = judge(up.astype(np.float32), 1 + draw.normal(size=50), range(50), 1, scale)
    assert found == {"blocks": 50, "gate": 0.0, "gate_reason": "no_move", "slope": None, "slope_se": None}


def test_an_empty_block_has_no_slope():
    found = judge([], [], [], 1)
    assert found == {"blocks": 0, "gate": 0.0, "gate_reason": "no_move", "slope": None, "slope_se": None}


def test_a_ticker_with_a_day_or_two_adds_nothing_and_spoils_nothing():
    draw = np.random.default_rng(1)
    point, target = draw.normal(size=100), draw.normal(size=100)
    one = judge(point, target, range(100), 1)
    few = judge(np.append(point, 5), np.append(target, 5), [*range(100), 99], 1, None, np.append(np.zeros(100, int), 1))
    assert few == one
    tickers = np.append(np.zeros(100, int), [1, 1])
    two = judge(np.append(point, [5, -5]), np.append(target, [5, 5]), [*range(100), 98, 99], 1, None, tickers)
    assert two["slope"] == pytest.approx(one["slope"], abs=0.5)


@pytest.mark.parametrize("quiet", [0, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3])
@pytest.mark.parametrize("other", [2e-6, 0.02, 200])
def test_a_day_of_another_volatility_than_all_others_does_not_explode(quiet, other):
    draw = np.random.default_rng(1)
    scale = np.where(np.arange(80) < 79, 0.02 * (1 + quiet * draw.normal(size=80)), other)
    left = decision.without_drift(draw.normal(size=(1, 80)), scale, np.zeros(80, int), 31)
    assert np.abs(left).max() < 6
