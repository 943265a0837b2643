import numpy as np
import pytest

import data
import ranges
import train
from tests.training import odd, reference, simulated

FIELDS = {"coefficient": "coefficients", "level": "levels", "shape": "shapes", "drift": "drifts", "move": "moves"}


def fit(prices):
    return ranges.fit(prices, train.measures(prices), prices.cuts[:, -1])


def referred(prices):
    parts = [slice(a, b) for a, b in zip(prices.offsets[:-1], prices.offsets[1:], strict=True)]
    columns = (prices.days, prices.adjclose, prices.high, prices.low)
    return reference.fit([tuple(column[part].tolist() for column in columns) for part in parts])


def assert_fits(prices, rtol=1e-5):
    """Features are kept in float32, so coefficients agree less closely than what is forecast by them."""
    own, expected = fit(prices), referred(prices)
    for i, h in enumerate(data.HORIZONS):
        for name, column in FIELDS.items():
            np.testing.assert_allclose(getattr(own, column)[i], expected[h][name], rtol=rtol, atol=rtol, err_msg=name)


def prior(horizon):
    return [np.array(ranges.PRIORS[name][str(horizon)]) for name in ("coefficients", "shapes", "moves")]


def test_the_fit_agrees_with_plain_loops():
    assert_fits(odd.file({"A": odd.bars(1, 200), "B": odd.bars(2, 160)}))


def test_a_seven_day_ticker_beside_a_five_day_one():
    calendar = np.arange(280)
    five = calendar[calendar % 7 < 5][:200]
    assert_fits(odd.file({"A": odd.bars(1, 200), "BTC": odd.bars(2, 280)}, {"A": five, "BTC": calendar}))


@pytest.mark.parametrize("name", [name for name in odd.SERIES if name != "behind padding"])
def test_a_file_of_one_odd_ticker_has_a_finite_fit(name):
    prices = odd.file({"A": {key: column[120:] for key, column in odd.SERIES[name].items()}})
    made = fit(prices)
    for column in FIELDS.values():
        assert np.all(np.isfinite(getattr(made, column)))
    assert np.all(np.diff(made.shapes) > 0)
    assert np.all(made.moves > 0)
    if name != "one tiny move":  # float32 holds its features too coarsely to compare
        assert_fits(prices, rtol=1e-3)


def test_fewer_than_twenty_rows_of_a_horizon_leave_it_to_the_priors():
    made = fit(odd.file({"A": odd.bars(1, 84)}))  # 23, 19 and 4 rows that have a target
    for i, horizon in ((1, 5), (2, 20)):
        coefficients, shape, move = prior(horizon)
        np.testing.assert_array_equal(made.coefficients[i], coefficients)
        np.testing.assert_array_equal(made.shapes[i], shape)
        assert (made.moves[i], made.drifts[i]) == (move, 0.015 * horizon**0.5)
    assert np.all(made.coefficients[0] != prior(1)[0])
    assert_fits(odd.file({"A": odd.bars(1, 84)}))


def test_without_a_row_to_learn_from_the_level_is_that_of_the_rows_there_are():
    prices = odd.file({"A": odd.bars(1, 61)})
    made, measured = fit(prices), train.measures(prices)
    np.testing.assert_allclose(made.levels, measured.features[1:, 9].mean(dtype=np.float64))


@pytest.mark.parametrize("name", ["constant", "constant, with ranges"])
def test_a_file_of_constant_prices_only_is_left_to_the_priors(name):
    made = fit(odd.file({"A": odd.SERIES[name], "B": odd.SERIES[name]}))
    np.testing.assert_array_equal(made.coefficients, [prior(h)[0] for h in data.HORIZONS])
    np.testing.assert_array_equal(made.levels, np.zeros(3))


def test_one_ticker_of_377_rows_mixes_its_own_fit_with_the_priors():
    made = fit(odd.file({"A": odd.bars(1, 377)}))
    weight = 316 / 1316  # 377 - 60 rows, less the last, which has no target
    own_file = odd.file({"A": odd.bars(1, 377)})
    rows = ranges.origins(own_file, own_file.cuts[:, -1], 1)
    assert len(rows) == 316
    own = ranges.least_squares(train.measures(own_file), rows, made.levels[0], 1)
    np.testing.assert_allclose(made.coefficients[0], weight * own + (1 - weight) * prior(1)[0], rtol=1e-6)


def test_nothing_from_the_end_on_moves_the_fit():
    """`ends` cuts targets, too: the decision block is judged by what was fitted before it."""
    series = odd.bars(1, 300)
    spoilt = odd.changed(series, np.arange(300) >= 200, adjclose=7.0, high=9.0, low=5.0)
    whole, other = (odd.file({"A": one}) for one in (series, spoilt))
    fits = [ranges.fit(prices, train.measures(prices), np.array([200])) for prices in (whole, other)]
    for column in FIELDS.values():
        np.testing.assert_array_equal(getattr(fits[0], column), getattr(fits[1], column))


@pytest.fixture(scope="module")
def garch_file():
    """30 tickers of 2,000 days, the first half of them learnt from."""
    prices = odd.file(simulated.bars(1, 2000, 30))
    measured = train.measures(prices)
    return ranges.fit(prices, measured, prices.offsets[:-1] + 1000), measured, prices


@pytest.mark.parametrize("horizon", data.HORIZONS)
def test_ranges_hold_on_simulated_prices_before_any_calibration(garch_file, horizon):
    made, measured, prices = garch_file
    i = data.HORIZONS.index(horizon)
    first = prices.offsets[:-1] + 1000
    rows = np.concatenate([np.arange(a, b - horizon) for a, b in zip(first, prices.offsets[1:], strict=True)])
    unit = ranges.sigma(measured.features[rows], made.coefficients[i], made.levels[i]) * np.sqrt(horizon)
    z = np.log(prices.adjclose[rows + horizon] / prices.adjclose[rows]) / unit
    low, _, high = made.shapes[i][[1, 2, 3]] + made.drifts[i]
    assert np.mean((z >= low) & (z <= high)) == pytest.approx(0.8, abs=0.03)
    low, high = made.shapes[i][[0, 4]] + made.drifts[i]
    assert np.mean((z >= low) & (z <= high)) == pytest.approx(0.95, abs=0.02)


def test_one_absurd_jump_hardly_widens_what_is_expected_of_the_others(write_shard, random_walk, tmp_path):
    def fitted(folder, series):
        write_shard(folder / "0.npz", series, [600, 650, 800, 900])
        return fit(data.read_prices(folder))

    series = {f"T{i}": random_walk(900, i) for i in range(10)}
    before = fitted(tmp_path / "before", series)
    jump = np.where(np.arange(900) >= 500, 10.0, 1.0)
    series["T3"] = series["T3"] | {name: series["T3"][name] * jump for name in ("adjclose", "high", "low")}
    after = fitted(tmp_path / "after", series)
    assert np.all(after.moves / before.moves < 1.1)
    np.testing.assert_allclose(after.shapes, before.shapes, rtol=0.05, atol=0.02)
