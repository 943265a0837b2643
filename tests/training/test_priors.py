"""Fitting the shipped constants anew, as benchmarks.priors does."""

import numpy as np
import pytest
import scipy.stats

import data
import ranges
import train
from benchmarks import priors

ROWS = 400


@pytest.fixture(scope="module")
def prices(random_walk):
    series = [random_walk(ROWS, seed) for seed in (1, 2)]
    columns = {name: np.concatenate([one[name] for one in series]) for name in series[0]}
    return data.Prices(["A", "B"], np.array([0, ROWS, 2 * ROWS]), cuts=np.zeros((2, 4), int), **columns)


@pytest.fixture(scope="module")
def measured(prices):
    return train.measures(prices)


def test_the_shipped_constants_have_no_part_in_a_fit_of_the_files_own(prices, measured):
    own = priors.fit(prices, measured)
    mixed = ranges.fit(prices, measured, prices.offsets[1:])
    rows = ranges.origins(prices, prices.offsets[1:], 5)
    alone = ranges.least_squares(measured, rows, own.levels[1], 5)
    np.testing.assert_allclose(own.coefficients[1], alone, rtol=1e-9)
    assert abs(mixed.coefficients[1] - alone).max() > 1e-3
    moves = ranges.standardised(prices, measured, rows, alone, own.levels[1], 5)
    assert own.drifts[1] == pytest.approx(np.median(moves), rel=1e-9)
    np.testing.assert_allclose(own.shapes[1] + own.drifts[1], np.quantile(moves, ranges.QUANTILES), rtol=1e-9)


def test_how_far_constants_move_is_nothing_where_the_file_gives_what_is_shipped(prices, measured, monkeypatch):
    own = priors.fit(prices, measured)
    assert min(priors.apart(prices, measured, own, priors.shipped_ranges())) > 0.01
    monkeypatch.setattr(priors, "shipped_ranges", lambda: own)
    for name, *cells in priors.moved(prices, measured).rows[:-1]:
        assert all(cell.endswith(("(+0.000)", "(-0.000)")) for cell in cells), name
    assert list(priors.apart(prices, measured, own, own)) == [0, 0, 0]


def test_rows_from_a_day_on_are_left_out(tmp_path):
    csv = tmp_path / "us.csv"
    days = np.datetime64("2020-01-01") + np.arange(200)
    lines = [f"A,{day},{100 + at % 7}.5,101,99,100,{100 + at % 7}.5,10" for at, day in enumerate(days)]
    csv.write_text("\n".join(["ticker,date,open,high,low,close,adjclose,volume", *lines]) + "\n")
    assert len(priors.read(csv).days) == 200
    before = int(np.datetime64("2020-03-01").astype(int))
    found = priors.read(csv, before)
    assert found.days.max() == before - 1
    assert found.offsets.tolist() == [0, 60]


@pytest.mark.parametrize(("horizon", "least", "most"), [(1, 0.74, 0.79), (5, 0.72, 0.77), (20, 0.68, 0.73)])
def test_more_real_moves_are_smaller_than_the_expected_one_than_of_a_normal_distribution(horizon, least, most):
    """docs/forecasting.md says three of four and seven of ten: by the shipped shapes."""
    move, shape = ranges.PRIORS["moves"][str(horizon)], ranges.PRIORS["shapes"][str(horizon)]
    low, high = scipy.stats.norm.cdf(np.interp([-move, move], shape, scipy.stats.norm.ppf(ranges.QUANTILES)))
    assert least < high - low < most
