"""Ranges against a reference written from the recipe alone, with plain loops, on series that nobody hopes for."""

import math

import numpy as np
import pytest
import tensorflow as tf

import model
import ranges
import train
import volatility

HORIZONS = (1, 5, 20)
FITTED = ranges.Ranges(
    coefficients=np.array([ranges.PRIORS["coefficients"][str(h)] for h in HORIZONS]),
    levels=np.array([-4.2, -4.15, -4.1]),
    shapes=np.array([ranges.PRIORS["shapes"][str(h)] for h in HORIZONS]),
    drifts=np.array([0.02, 0.05, 0.1]),
    moves=np.array([1.26, 1.06, 0.93]),
)


@pytest.fixture(scope="module")
def serve():
    forecaster = model.Forecaster(None, [0.0, 0.0, 0.0], FITTED)

    def forecast(series):
        """float32 [T - 119, 3, 8] of columns [T]."""
        columns = {name: tf.constant(series[name][None].astype(np.float32)) for name in model.INPUTS}
        return forecaster.serve(**columns)["outputs"].numpy()[0]

    return forecast


def reference(series, origin):
    """(quantiles [3, 5], expected moves [3]) from the last 120 rows up to the origin; 0 in a column is missing."""
    window = range(max(origin - 119, 0), origin + 1)
    price, high, low = (series[name].astype(np.float32).astype(float) for name in model.INPUTS)
    days = [row for row in window if row > window[0] and price[row] > 0 and price[row - 1] > 0]
    returns = {row: math.log(price[row] / price[row - 1]) for row in days}
    if not any(returns.values()):
        return np.full((3, 5), price[origin]), np.zeros(3)
    usual = sum(r**2 for r in returns.values()) / len(returns)
    daily = {}
    for row in days:
        if low[row] > 0 and high[row] > low[row]:
            parkinson = math.log(high[row] / low[row]) ** 2 / (4 * math.log(2))
            daily[row] = min(parkinson, 16 * (returns[row] ** 2 + usual))
        else:
            known = [returns[day] ** 2 for day in days if row - 22 < day <= row]
            daily[row] = (returns[row] ** 2 + sum(known) / len(known)) / 2

    def mean(values, count):
        chosen = [values[row] for row in days if row > origin - count]
        return sum(chosen) / len(chosen) if chosen else 0.0

    squares = {row: r**2 for row, r in returns.items()}
    by_ranges = [0.5 * math.log(mean(daily, k) + 1e-8) for k in (1, 5, 22, 66, 119)]
    by_returns = [0.5 * math.log(mean(squares, k) + 1e-8) for k in (5, 22, 66, 119)]
    own = by_returns[-1]
    trends = [max(-4, min(4, math.sqrt(k) * mean(returns, k) / math.exp(own))) for k in (1, 5, 22, 66)]
    quantiles, expected = [], []
    for i, h in enumerate(HORIZONS):
        level = max(own - math.log(3), min(own + math.log(3), FITTED.levels[i]))
        x = [1, *(value - level for value in by_ranges + by_returns), *trends]
        sigma = math.exp(sum(b * value for b, value in zip(FITTED.coefficients[i], x, strict=True)) + level)
        most = 8 * math.sqrt(h) * max(abs(r) for r in returns.values())
        changes = [sigma * math.sqrt(h) * (c + FITTED.drifts[i]) for c in FITTED.shapes[i]]
        quantiles.append([price[origin] * math.exp(max(-most, min(most, change))) for change in changes])
        expected.append(min(most, sigma * math.sqrt(h) * FITTED.moves[i]))
    return np.array(quantiles), np.array(expected)


def missing(series, *rows):
    """The series without high and low in these rows."""
    kept = np.ones(len(series["adjclose"]), bool)
    for chosen in rows:
        kept[chosen] = False
    return series | {name: np.where(kept, series[name], 0) for name in ("high", "low")}


def close_only(prices):
    return {"adjclose": prices, "high": np.zeros(len(prices)), "low": np.zeros(len(prices))}


def of_returns(returns):
    return close_only(100 * np.exp(np.cumsum(returns)))


def odd_series(random_walk):
    """By name; each has at least 260 rows."""
    plain, draw = random_walk(300, 1), np.random.default_rng(5).normal(0, 0.01, 300)
    halted, one_tick, still = draw.copy(), np.where(draw > 0.015, 0.01, np.where(draw < -0.015, -0.01, 0)), draw * 0
    halted[150:255] = 0
    still[250] = 0.3
    false_low = plain | {"low": np.where(np.arange(300) == 290, plain["low"] / 100, plain["low"])}
    crossed = plain | {"high": np.where(np.arange(300) % 7 == 0, plain["low"] * 0.99, plain["high"])}
    return {
        "plain": plain,
        "behind padding": {name: np.concatenate([np.zeros(230), plain[name][:70]]) for name in model.INPUTS},
        "close only": missing(plain, slice(None)),
        "every second day close only": missing(plain, slice(None, None, 2)),
        "first high and low after years without": missing(plain, slice(0, 299)),
        "high below low": crossed,
        "false low": false_low,
        "halted": of_returns(halted),
        "one tick": of_returns(one_tick),
        "moved once": of_returns(still),
        "tenfold jump": of_returns(np.where(np.arange(300) == 280, 2.3, draw)),
        "crash on the last day": of_returns(np.where(np.arange(300) == 299, -2.3, draw)),
        "calm as a bond": of_returns(draw / 1000),
        "constant": {name: np.full(300, 12.34) for name in model.INPUTS},
    }


NAMES = list(odd_series(lambda rows, seed: {name: np.ones(rows) for name in model.INPUTS}))


@pytest.mark.parametrize("name", NAMES)
def test_the_graph_is_within_a_millionth_of_the_reference(random_walk, serve, name):
    series = odd_series(random_walk)[name]
    served = serve(series)
    for origin in (299, 298, 280, 200, 119 + 180):
        quantiles, expected = reference(series, origin)
        if series["adjclose"][origin] > 0 and np.count_nonzero(series["adjclose"][max(origin - 119, 0) : origin]):
            np.testing.assert_allclose(served[origin - 119, :, 2:7], quantiles, rtol=1e-6)
            np.testing.assert_allclose(served[origin - 119, :, 7], expected, rtol=1e-6)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "constant"])
def test_ranges_have_a_width_that_is_finite_and_grows_with_the_horizon(random_walk, serve, name):
    series = odd_series(random_walk)[name]
    moved = np.array([len(set(series["adjclose"][max(row - 119, 0) : row + 1]) - {0.0}) > 1 for row in range(119, 300)])
    served = serve(series)[moved]
    assert len(served) >= 40
    assert np.all(np.isfinite(served))
    for low, high in ((3, 5), (2, 6)):
        width = np.log(served[:, :, high].astype(float) / served[:, :, low])
        assert np.all(width[:, 0] > 0)
        assert np.all(np.diff(width, axis=1) > 0)
    assert np.all(served[:, 0, 7] > 0)
    assert np.all(np.diff(served[:, :, 7], axis=1) > 0)


def test_a_constant_price_is_its_own_range(random_walk, serve):
    served = serve(odd_series(random_walk)["constant"])
    np.testing.assert_array_equal(served[:, :, 1:7], np.full((181, 3, 6), 12.34, np.float32))
    np.testing.assert_array_equal(served[:, :, 7], np.zeros((181, 3)))


def prices_of(write_shard, folder, series, bounds):
    write_shard(folder / "0.npz", series, bounds)
    return train.data.read_prices(folder)


def fitted(prices):
    return ranges.fit(prices, train.measures(prices), prices.cuts[:, -1])


def test_with_no_row_to_fit_on_the_priors_speak(write_shard, random_walk, tmp_path):
    prices = prices_of(write_shard, tmp_path, {"A": random_walk(100, 1)}, [20, 40, 79, 100])
    found = fitted(prices)  # 18, 14 and no rows
    np.testing.assert_array_equal(found.coefficients, FITTED.coefficients)
    np.testing.assert_array_equal(found.shapes, FITTED.shapes)
    np.testing.assert_allclose(found.drifts, 0.015 * np.sqrt(HORIZONS))
    assert found.moves.tolist() == [1.26, 1.06, 0.93]
    own = train.measures(prices).features[:, volatility.LEVEL]
    assert found.levels[0] == pytest.approx(own[60:78].mean())


def test_prices_that_never_move_still_give_finite_ranges(write_shard, random_walk, tmp_path):
    constant = random_walk(400, 1) | {name: np.full(400, 5.0) for name in model.INPUTS}
    found = fitted(prices_of(write_shard, tmp_path, {"A": constant}, [200, 250, 350, 400]))
    assert all(np.isfinite(column).all() for column in (found.levels, found.drifts, found.moves, found.coefficients))


def test_weights_of_the_file_grow_with_its_days_and_tickers(write_shard, random_walk, tmp_path):
    """By hand: 279 training rows at h = 1 for each of K tickers."""
    for tickers in (1, 4):
        series = {f"T{i}": random_walk(400, i) for i in range(tickers)}
        prices = prices_of(write_shard, tmp_path / str(tickers), series, [200, 250, 340, 400])
        measured = train.measures(prices)
        rows = ranges.origins(prices, prices.cuts[:, -1], 1)
        assert len(rows) == 279 * tickers
        found = ranges.fit(prices, measured, prices.cuts[:, -1])
        seen = 279 * tickers / (1 + 0.3 * (tickers - 1))
        own = ranges.least_squares(measured, rows, found.levels[0], 1)
        weight = seen / (seen + 1000)
        np.testing.assert_allclose(found.coefficients[0], weight * own + (1 - weight) * FITTED.coefficients[0])
        moves = ranges.standardised(prices, measured, rows, found.coefficients[0], found.levels[0], 1)
        median, shape = np.median(moves), np.quantile(moves, ranges.QUANTILES) - np.median(moves)
        weight = seen / (seen + 50)
        np.testing.assert_allclose(found.shapes[0], weight * shape + (1 - weight) * FITTED.shapes[0])
        weight = 279 / (279 + 750)
        assert found.drifts[0] == pytest.approx(weight * median + (1 - weight) * 0.015)


def test_least_squares_finds_what_volatility_follows():
    """A variance that is the same function of the features everywhere is found again."""
    draw = np.random.default_rng(2)
    features = np.column_stack([np.ones(2000), draw.normal(-4, 0.5, (2000, 9)), draw.normal(0, 1, (2000, 4))])
    truth = np.concatenate([[0.1], np.full(9, 0.1), [-0.02, 0, 0, 0]])
    level = -4.0
    centred, reference_level = ranges.relative(features, level)
    log_sigma = centred @ truth + reference_level
    variance = np.concatenate([[0.0], np.exp(2 * log_sigma)])  # of the day after each row
    measured = ranges.Measured(features.astype(np.float32), variance, np.ones(2000, bool))
    found = ranges.least_squares(measured, np.arange(1990), level, 1)
    np.testing.assert_allclose(found, truth, atol=2e-3)


def test_one_absurd_jump_hardly_widens_what_is_expected_of_the_others(write_shard, random_walk, tmp_path):
    series = {f"T{i}": random_walk(900, i) for i in range(10)}
    bounds = [600, 650, 800, 900]
    before = fitted(prices_of(write_shard, tmp_path / "a", series, bounds))
    jump = np.where(np.arange(900) >= 500, 10.0, 1.0)
    series["T3"] = series["T3"] | {name: series["T3"][name] * jump for name in model.INPUTS}
    after = fitted(prices_of(write_shard, tmp_path / "b", series, bounds))
    assert np.all(after.moves / before.moves < 1.1)
    np.testing.assert_allclose(after.shapes, before.shapes, rtol=0.05, atol=0.02)


def garch(seed, rows):
    """Prices whose variance tomorrow is .02 of its mean, .08 of today's square and .9 of today's variance."""
    draw, variance, returns = np.random.default_rng(seed).normal(size=rows), 1e-4, []
    for shock in draw:
        returns.append(math.sqrt(variance) * shock)
        variance = 2e-6 + 0.08 * returns[-1] ** 2 + 0.9 * variance
    return {"days": np.arange(rows, dtype=np.int32) + 16000} | of_returns(returns)


def test_ranges_of_garch_prices_hold_what_they_promise(write_shard, tmp_path, serve):
    """Closing prices only, ten tickers, fitted on 900 days and measured on the 900 after them, before calibration."""
    series = {f"T{i}": garch(i, 1800) for i in range(10)}
    prices = prices_of(write_shard, tmp_path, series, [600, 700, 900, 1800])
    forecaster = model.Forecaster(None, [0.0] * 3, fitted(prices))
    inside = []
    for one in series.values():
        columns = {name: tf.constant(one[name][None, 781:].astype(np.float32)) for name in model.INPUTS}
        served, last = forecaster.serve(**columns)["outputs"].numpy()[0], one["adjclose"]
        origins = np.arange(900, 1780)
        inside.append(
            [
                np.mean(
                    (served[: len(origins), i, 3] <= last[origins + h])
                    & (last[origins + h] <= served[: len(origins), i, 5])
                )
                for i, h in enumerate(HORIZONS)
            ]
        )
    np.testing.assert_allclose(np.mean(inside, axis=0), 0.8, atol=0.03)
