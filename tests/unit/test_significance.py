import numpy as np
import pytest
import scipy.stats

from stocks.significance import diebold_mariano, ratio_interval


def test_diebold_mariano_one_step_ahead_is_the_one_sample_t_test():
    """With one step there are no autocovariances, and the correction turns n into n - 1."""
    difference = np.random.default_rng(2).normal(0.3, 1, 40)
    expected = scipy.stats.ttest_1samp(difference, 0).statistic
    assert diebold_mariano(difference, 1) == pytest.approx(expected)
    assert diebold_mariano(-difference, 1) == pytest.approx(-expected)


def test_diebold_mariano_two_steps_ahead_by_hand():
    # mean 3; autocovariances 3.5 and 0.5; variance (3.5 + 2 * 0.5) / 4; correction (4 + 1 - 4 + 2 / 4) / 4
    expected = 3 / 1.125**0.5 * 0.375**0.5
    assert diebold_mariano(np.array([1.0, 2.0, 3.0, 6.0]), 2) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("difference", "horizon"), [([0.0] * 9, 1), ([1.0] * 9, 1), ([1.0, -1.0] * 8, 2), ([1.0, 2.0], 5), ([], 1)]
)
def test_diebold_mariano_without_a_positive_variance_is_nothing(difference, horizon):
    assert np.isnan(diebold_mariano(np.array(difference), horizon))


def test_the_interval_of_a_share_by_hand():
    # share 6 / 10; residuals 0.8, 0.2, -0.4, -0.6; variance 0.3, lag 1 (0.16 - 0.08 + 0.24) / 4 with weight 1 / 2
    variance = 4 * (0.3 + 2 * 0.5 * 0.08) / 100
    low, high = ratio_interval(np.array([2, 2, 2, 0]), np.array([2, 3, 4, 1]), 1)
    assert (low, high) == pytest.approx((0.6 - 1.96 * variance**0.5, 0.6 + 1.96 * variance**0.5))
