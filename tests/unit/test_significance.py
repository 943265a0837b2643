import numpy as np
import pytest
import scipy.stats

from stocks.significance import diebold_mariano


def test_diebold_mariano_one_step_ahead_is_the_one_sample_t_test():
    """With one step there are no autocovariances, and the correction turns n into n - 1."""
    difference = np.random.default_rng(2).normal(0.3, 1, 40)
    expected = scipy.stats.ttest_1samp(difference, 0).statistic
    assert diebold_mariano(difference, 1) == pytest.approx(expected)
    assert diebold_mariano(-difference, 1) == pytest.approx(-expected)


def test_diebold_mariano_two_steps_ahead_by_hand():
    # mean 3; autocovariances 3.5 and -0.7; variance (3.5 - 2 * 0.7) / 20; correction (20 + 1 - 4 + 2 / 20) / 20
    expected = 3 / 0.105**0.5 * 0.855**0.5
    assert diebold_mariano(np.array([1.0, 2.0, 3.0, 6.0] * 5), 2) == pytest.approx(expected)


@pytest.mark.parametrize(("difference", "horizon"), [([0.0] * 20, 1), ([1.0] * 20, 1), ([1.0, -1.0] * 10, 2), ([], 1)])
def test_diebold_mariano_without_a_positive_variance_is_nothing(difference, horizon):
    assert np.isnan(diebold_mariano(np.array(difference), horizon))


@pytest.mark.parametrize("horizon", [1, 5, 20])
def test_diebold_mariano_needs_ten_stretches_that_do_not_overlap(horizon):
    difference = np.random.default_rng(3).normal(size=10 * horizon)
    assert np.isfinite(diebold_mariano(difference, horizon))
    assert np.isnan(diebold_mariano(difference[1:], horizon))


@pytest.mark.parametrize(("horizon", "limit", "days"), [(5, 2.0, (30, 60, 250)), (20, 2.3, (30, 60, 100, 230))])
def test_of_forecasts_without_skill_few_are_beyond_chance_however_few_the_days(horizon, limit, days):
    """Losses of h days of heavy-tailed returns, whose mean is 0: both forecasts are as good."""
    rng = np.random.default_rng(7)
    for count in days:
        steps = rng.standard_t(5, (1000, count + horizon)).cumsum(axis=1)
        found = [abs(diebold_mariano(one, horizon)) > limit for one in steps[:, horizon:] - steps[:, :-horizon]]
        assert np.mean(found) < 0.1, count
