import numpy as np
import pytest

import decision

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)


def test_blocks_are_of_consecutive_days_that_occur_and_the_rest_joins_the_last():
    blocks, count = decision.day_blocks(np.array([12, 10, 10, 11, 15, 19, 20, 30]), 3)
    assert (blocks.tolist(), count) == ([0, 0, 0, 0, 1, 1, 1, 1], 2)
    assert decision.day_blocks(np.array([10, 11]), 5)[1] == 0
    assert decision.day_blocks(np.array([], int), 5)[1] == 0


def test_the_gate_is_the_slope_less_two_standard_errors():
    # Thirty days, one window each: slope 0.4, residuals ±0.4, SE = sqrt(30/29 · 30 · 0.4²) / 30.
    target = np.tile([0.0, 0.8], 15)
    found = decision.gate(np.ones(30), target, np.arange(30), 1)
    assert found["blocks"] == 30
    assert found["slope"] == pytest.approx(0.4)
    assert found["slope_se"] == pytest.approx(0.0742781)
    assert found["gate"] == pytest.approx(0.4 - 2 * 0.0742781)


def test_the_gate_stays_between_zero_and_a_half():
    days, point = np.arange(40), np.ones(40)
    assert decision.gate(point, np.tile([0.9, 1.1], 20), days, 1)["gate"] == 0.5
    shut = decision.gate(point, np.tile([-0.9, -1.1], 20), days, 1)
    assert (shut["gate"], shut["gate_reason"]) == (0.0, "unproven")


def test_with_fewer_than_thirty_blocks_the_gate_is_shut_whatever_the_slope():
    found = decision.gate(np.ones(149), np.tile([0.9, 1.1], 75)[:149], np.arange(149), 5)
    assert (found["blocks"], found["gate"]) == (29, 0.0)
    assert found["gate_reason"] == "few_blocks"
    assert found["slope"] == pytest.approx(1.0, abs=0.01)
    assert decision.gate(np.ones(150), np.tile([0.9, 1.1], 75), np.arange(150), 5)["gate"] == 0.5


def test_many_tickers_that_move_together_are_no_more_evidence_than_one():
    draw = np.random.default_rng(1)
    point, target = draw.normal(size=50), draw.normal(size=50)
    one = decision.gate(point, target, np.arange(50), 1)
    hundred = decision.gate(np.repeat(point, 100), np.repeat(target, 100), np.repeat(np.arange(50), 100), 1)
    assert hundred["slope_se"] == pytest.approx(one["slope_se"])


@pytest.mark.parametrize(("horizon", "days"), [(1, 200), (5, 600), (20, 1200)])
def test_the_standard_error_is_the_spread_of_the_slope_though_windows_overlap(horizon, days):
    """Of forecasts that are worth nothing and change slowly, as those of a network that reads 30 days."""
    draw, slopes, errors = np.random.default_rng(1), [], []
    decay = 0.9 ** np.arange(40)
    for _ in range(400):
        walk = np.cumsum(draw.normal(size=days + horizon + 1))
        target = (walk[horizon:] - walk[:-horizon])[:days] / np.sqrt(horizon)
        point = np.convolve(draw.normal(size=days + 39), decay, "valid")
        found = decision.gate(point, target, np.arange(days), horizon)
        slopes.append(found["slope"])
        errors.append(found["slope_se"])
    assert np.mean(errors) / np.std(slopes) == pytest.approx(1, abs=0.13)


def test_a_network_that_forecasts_nothing_has_no_slope():
    found = decision.gate(np.zeros(50), np.ones(50), np.arange(50), 1)
    assert (found["gate"], found["slope"], found["slope_se"]) == (0.0, None, None)
    assert found["gate_reason"] == "no_move"


def test_pinball_by_hand():
    # level .1: one above costs .1; level .9: two below costs .2; mean of the two.
    assert decision.pinball([1.0], [0.0, 3.0], (0.1, 0.9)).tolist() == pytest.approx([(0.1 + 0.2) / 2])


def test_lstm_quantiles_are_published_only_if_better_beyond_two_standard_errors():
    draw = np.random.default_rng(1)
    width = np.exp(draw.normal(0, 0.7, 300))  # the spread the LSTM knows and the constant quantiles do not
    target, days = width * draw.standard_normal(300), np.arange(300)
    base, source = decision.base_quantiles([("decision", 30, days, target)], 1, LEVELS)
    knowing = width[:, None] * np.array([-1.96, -1.28, 0, 1.28, 1.96])
    found = decision.choose_quantiles(knowing, base, target, days, 1, LEVELS)
    assert (source, found["quantiles"]) == ("decision", "lstm")
    assert found["pinball_lstm"] < found["pinball_volatility"] - 2 * found["pinball_se"]
    too_few_blocks, worse, by_chance, or_not = (20, knowing), (1, 2 * knowing), (1, base + 0.01), (1, base - 0.01)
    for horizon, quantiles in (too_few_blocks, worse, by_chance, or_not):
        found = decision.choose_quantiles(quantiles, base, target, days, horizon, LEVELS)
        assert found["quantiles"] == "volatility"


def test_base_quantiles_are_the_sample_about_the_last_price():
    target = np.linspace(-2, 3, 1001)
    quantiles, source = decision.base_quantiles([("decision", 30, np.arange(1001), target)], 1, LEVELS)
    assert source == "decision"
    assert quantiles.tolist() == pytest.approx([-1.875, -1.5, 0, 2.5, 2.875])


def test_base_quantiles_fall_back_to_the_next_candidate_and_then_to_the_normal_distribution():
    few, more = np.arange(29), np.arange(90)
    target = np.linspace(-2, 2, 90)
    candidates = [("decision", 30, few, target[:29]), ("all", 10, more, target)]
    assert decision.base_quantiles(candidates, 1, LEVELS)[1] == "all"
    quantiles, source = decision.base_quantiles(candidates, 20, LEVELS)
    assert source == "normal"
    assert quantiles.tolist() == pytest.approx([-1.959964, -1.281552, 0, 1.281552, 1.959964])


def test_both_sides_keep_a_width_when_prices_only_rose():
    quantiles, _ = decision.base_quantiles([("decision", 30, np.arange(100), np.linspace(1, 2, 100))], 1, LEVELS)
    assert quantiles[1] == pytest.approx(-0.5 * 1.281552)
    assert np.all(np.diff(quantiles) > 0)
