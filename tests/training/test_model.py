import json
import math
from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf

import model
import ranges
import train
import volatility
from stocks import endpoint
from tests.support import shards
from tests.training import odd, reference

SPREAD = [-2.1, -1.2, 0, 1.2, 2.1]


def made_ranges(shapes=SPREAD, drift=0.0, move=1.1):
    """Ranges of the shipped coefficients, with a shape and a drift that are the same for all horizons."""
    coefficients = np.array([ranges.PRIORS["coefficients"][str(h)] for h in model.HORIZONS])
    return ranges.Ranges(coefficients, np.full(3, -4.5), np.tile(shapes, (3, 1)), np.full(3, drift), np.full(3, move))


@pytest.fixture(scope="module")
def network():
    """A network that forecasts something: random weights where the untrained head is zero."""
    tf.keras.utils.set_random_seed(3)  # of the weights that are not zero
    made = model.build_network()
    draw = np.random.default_rng(3)
    made.set_weights([weight + draw.normal(0, 0.3, weight.shape) for weight in made.get_weights()])
    return made


@pytest.fixture(scope="module")
def forecaster(network):
    return model.Forecaster(network, gates=[0.5, 0.2, 0.0], ranges=made_ranges(drift=0.05))


def answers(forecaster, *series):
    """Each series is a dict of columns [T]; answers the outputs [series, T - 119, 3, 8]."""
    stacked = {name: np.stack([one[name] for one in series]).astype(np.float32) for name in model.INPUTS}
    return forecaster.serve(**{name: tf.constant(column) for name, column in stacked.items()})["outputs"].numpy()


@pytest.fixture(scope="module")
def serve(forecaster):
    return lambda *series: answers(forecaster, *series)


def columns(series):
    return {name: series[name].astype(np.float32) for name in model.INPUTS}


def changed_after(series, row, factor):
    return {name: np.where(np.arange(len(column)) > row, column * factor, column) for name, column in series.items()}


def test_channels_and_scale_agree_with_plain_python(random_walk):
    series = random_walk(150, 1)
    channels, scale = (part.numpy() for part in model.normalise(**columns(series)))
    prices = series["adjclose"].tolist()
    returns = [math.log(b / a) for a, b in pairwise(prices)]
    for row in (1, 2, 31, 99, 149):
        recent = returns[max(row - 30, 0) : row]
        mean = sum(recent) / len(recent)
        deviation = math.sqrt(sum((r - mean) ** 2 for r in recent) / len(recent))
        kernel = [(0.94**age, r) for age, r in enumerate(reversed(returns[max(row - 100, 0) : row]))]
        ewma = math.sqrt(sum(w * r * r for w, r in kernel) / sum(w for w, _ in kernel))
        assert scale[row] == pytest.approx((deviation + ewma) / 2, rel=1e-4)
        assert channels[row, 0] == pytest.approx(returns[row - 1], rel=1e-3, abs=1e-6)
        assert channels[row, 1] == pytest.approx(math.log(series["high"][row] / series["low"][row]), rel=1e-3)


def test_windows_are_scaled_by_their_origin_and_clipped(random_walk):
    channels, scale = model.normalise(**columns(random_walk(150, 1)))
    first, last = model.windows(channels, scale, tf.constant([60, 149])).numpy()
    np.testing.assert_allclose(first, channels[31:61] / scale[60], rtol=1e-6)
    np.testing.assert_allclose(last, channels[120:150] / scale[149], rtol=1e-6)
    tiny = model.windows(channels, scale / 1000, tf.constant([149])).numpy()
    assert np.abs(tiny).max() == 8


def test_missing_or_crossed_high_and_low_are_zero(random_walk):
    series = random_walk(130, 1)
    series["high"][100], series["low"][101] = 0, 0
    series["high"][102], series["low"][102] = series["low"][102], series["high"][102]
    channels, _ = model.normalise(**columns(series))
    assert channels.numpy()[100:103, 1].tolist() == [0, 0, 0]
    assert channels.numpy()[103, 1] > 0


def test_changing_later_rows_moves_no_earlier_forecast(random_walk, serve):
    series = random_walk(300, 1)
    before = serve(series)
    for row, factor in ((119, 3.0), (200, 0.5), (298, 100.0)):
        after = serve(changed_after(series, row, factor))
        origins = row - 119 + 1
        np.testing.assert_array_equal(before[:, :origins], after[:, :origins])
        assert not np.array_equal(before[:, origins:], after[:, origins:])


@pytest.mark.parametrize("name", ["ordinary", "half close only", "first high and low after years", "halted", "wild"])
def test_a_forecast_needs_the_last_120_rows_only(serve, name):
    series = odd.SERIES[name]
    whole = serve(series)[0]
    for row in (119, 200, 290, 299):
        short = {key: column[row - 119 : row + 1] for key, column in series.items()}
        np.testing.assert_allclose(whole[row - 119], serve(short)[0, 0], rtol=1e-6)
        other = {key: np.where(np.arange(odd.ROWS) < row - 119, column * 7, column) for key, column in series.items()}
        np.testing.assert_allclose(whole[row - 119], serve(other)[0, row - 119], rtol=1e-6)


def test_a_forecast_is_the_same_however_origins_are_cut_into_requests(random_walk, serve):
    made = shards.shard({name: random_walk(300, seed)["adjclose"] for seed, name in enumerate("ABC")})
    outputs = []
    for most in (9000, 70, 1):
        cut = []
        for instances in endpoint.requests(made, most_origins=most):
            asked = json.loads(endpoint.body(made, instances))["instances"]
            answer = serve(*[{name: np.array(one[name]) for name in model.INPUTS} for one in asked])
            values = endpoint.prices(made, instances, json.dumps({"predictions": answer.tolist()}).encode())
            cut += zip(instances, values, strict=True)
        outputs.append(endpoint.assemble(made, cut)["outputs"])
    np.testing.assert_allclose(outputs[1], outputs[0], rtol=1e-6)
    np.testing.assert_allclose(outputs[2], outputs[0], rtol=1e-6)


def test_a_series_gets_the_same_forecast_alone_and_in_company(random_walk, serve):
    series = [random_walk(200, seed) for seed in range(3)]
    np.testing.assert_array_equal(serve(*series)[1:2], serve(series[1]))


@pytest.mark.parametrize(("batch", "rows"), [(1, 120), (3, 121), (2, 300)])
def test_a_request_of_t_rows_answers_t_minus_119_origins(random_walk, serve, batch, rows):
    assert serve(*[random_walk(rows, seed) for seed in range(batch)]).shape == (batch, rows - 119, 3, 8)


def test_lstm_is_the_networks_point_and_forecast_the_gates_share_of_it(random_walk, network, serve):
    series = random_walk(200, 1)
    outputs = serve(series)[0]
    channels, scale = model.normalise(**columns(series))
    points = network(model.windows(channels, scale, tf.range(119, 200))).numpy()
    moves = points * scale.numpy()[119:, None] * np.sqrt([1, 5, 20])
    last = series["adjclose"][119:, None]
    assert np.abs(moves).min(axis=0).max() > 0
    np.testing.assert_allclose(outputs[:, :, 0], last * np.exp(moves), rtol=1e-6)
    np.testing.assert_allclose(outputs[:, :, 1], last * np.exp(moves * [0.5, 0.2, 0]), rtol=1e-6)
    np.testing.assert_array_equal(outputs[:, 2, 1], series["adjclose"][119:].astype(np.float32))


def test_without_a_network_lstm_is_0_and_the_forecast_is_the_last_price_exactly(random_walk):
    series = random_walk(200, 1)
    outputs = answers(model.Forecaster(None, [0.0] * 3, made_ranges()), series)[0]
    np.testing.assert_array_equal(outputs[:, :, 0], np.zeros((81, 3)))
    last = series["adjclose"][119:].astype(np.float32)
    np.testing.assert_array_equal(outputs[:, :, 1], np.stack([last] * 3, 1))


def test_the_saved_graph_agrees_with_plain_loops_for_odd_series_in_one_request(tmp_path):
    prices = odd.file({"A": odd.bars(1, 250), "B": odd.bars(2, 180)})
    own = ranges.fit(prices, train.measures(prices), prices.cuts[:, -1])
    model.export(model.Forecaster(None, [0.0] * 3, own), tmp_path)
    serve = tf.saved_model.load(str(tmp_path / "1")).signatures["serving_default"]
    asked = {name: tf.constant(np.stack([one[name] for one in odd.SERIES.values()])) for name in odd.COLUMNS}
    fits = {int(horizon): fitted for horizon, fitted in own.evidence().items()}
    for name, answer in zip(odd.SERIES, serve(**asked)["outputs"].numpy(), strict=True):
        columns = [odd.SERIES[name][column] for column in odd.COLUMNS]
        for row in (119, 149, 200, 205, 251, 291, 299):
            if columns[0][row] > 0:
                expected = reference.forecast(*reference.window(columns, row), fits)
                np.testing.assert_allclose(answer[row - 119, :, 2:], expected, rtol=1e-6, err_msg=f"{name}, {row}")


@pytest.mark.parametrize("fitted_on", ["priors", "wild", "halted", "false close", "one move", "rises always"])
def test_widths_are_finite_positive_and_never_fall_with_the_horizon(fitted_on):
    """Whatever was fitted: on prices unlike those, the fits of three horizons can disagree."""
    own = made_ranges()
    if fitted_on != "priors":
        prices = odd.file({"A": odd.SERIES[fitted_on]})
        own = ranges.fit(prices, train.measures(prices), prices.cuts[:, -1])
    names = [name for name in odd.SERIES if name != "behind padding"]
    outputs = answers(model.Forecaster(None, [0.0] * 3, own), *[odd.SERIES[name] for name in names])[:, :, :, 1:]
    assert np.all(np.isfinite(outputs))
    for name, (last, p025, p10, _, p90, p975, expected) in zip(
        names, np.moveaxis(outputs.astype(float), 3, 1), strict=True
    ):
        moves = np.abs(np.diff(np.log(odd.SERIES[name]["adjclose"].astype(float)))) > 0
        moving = np.array([moves[row - 119 : row].any() for row in range(119, odd.ROWS)])
        for width in (np.log(p90 / p10), np.log(p975 / p025), expected):
            assert np.all(width[moving] > 0), name
            assert np.all(np.diff(width[moving]) > -3e-7), name  # as float32 has it
            np.testing.assert_array_equal(width[~moving], 0)
        np.testing.assert_array_equal((p10[~moving], p975[~moving]), (last[~moving],) * 2)


def test_widths_of_ordinary_ranges_grow(serve):
    names = [name for name in odd.SERIES if not name.startswith(("behind", "constant", "one"))]
    for answer in serve(*[odd.SERIES[name] for name in names]):
        moving = answer[:, 0, 7] > 0
        assert moving.any()
        for width in (answer[:, :, 5] - answer[:, :, 3], answer[:, :, 6] - answer[:, :, 2], answer[:, :, 7]):
            assert np.all(np.diff(width[moving], axis=1) > 0)


def test_quantiles_are_sorted_and_scale_with_volatility(random_walk, serve):
    series = random_walk(200, 1)
    outputs = serve(series)[0]
    assert np.all(np.diff(outputs[:, :, 2:7], axis=2) >= 0)
    measures = volatility.measure(**columns(series), rows=tf.range(119, 200))
    sigma = ranges.sigma(measures.features.numpy(), made_ranges().coefficients[1], -4.5)
    change = np.log(outputs[:, 1, 2:] / series["adjclose"][119:, None])
    for quantile, z in enumerate(SPREAD):
        np.testing.assert_allclose(change[:, quantile], (z + 0.05) * sigma * np.sqrt(5), rtol=1e-5, atol=2e-7)
    np.testing.assert_allclose(outputs[:, 1, 7], 1.1 * sigma * np.sqrt(5), rtol=1e-6)


@pytest.mark.parametrize("rows", [1, 2, 20, 61, 119])
def test_short_history_behind_padding_is_finite(random_walk, serve, rows):
    padded = {name: np.concatenate([np.zeros(200 - rows), c[:rows]]) for name, c in random_walk(200, 1).items()}
    outputs = serve(padded)
    assert np.all(np.isfinite(outputs))
    assert outputs[0, -1, 2, 1] == np.float32(padded["adjclose"][-1])
    assert (outputs[0, -1, 2, 7] > 0) == (rows > 1)


@pytest.mark.parametrize("name", ["constant", "constant, with ranges"])
def test_a_constant_price_is_forecast_as_that_price(serve, name):
    outputs = serve(odd.SERIES[name])
    np.testing.assert_array_equal(outputs[..., :7], np.full((1, 181, 3, 7), 12.34, np.float32))
    np.testing.assert_array_equal(outputs[..., 7], np.zeros((1, 181, 3)))


@pytest.mark.parametrize("level", [1e-4, 1e6])
def test_the_level_of_prices_does_not_matter(random_walk, serve, level):
    series, scaled = random_walk(200, 1), random_walk(200, 1, level=level)
    np.testing.assert_allclose(serve(scaled)[..., :7] / level, serve(series)[..., :7] / 100, rtol=2e-5)
    np.testing.assert_allclose(serve(scaled)[..., 7], serve(series)[..., 7], rtol=2e-5)


def test_absurd_jumps_stay_finite(serve):
    jumping = np.tile([1e-4, 1e6], 75)
    assert np.all(np.isfinite(serve({"adjclose": jumping, "high": jumping * 2, "low": jumping / 2})))


@pytest.mark.parametrize("rows", [61, 120, 400])
@pytest.mark.parametrize("level", [1e-14, 0.3, 1e9])
def test_the_furthest_forecast_is_inside_the_bound_that_the_caller_checks(random_walk, network, rows, level):
    far = made_ranges(shapes=[-99, -99, 0, 99, 99], drift=99, move=99)
    furthest = model.Forecaster(network, [1.0] * 3, far)
    walk = random_walk(rows, 3, level=level)["adjclose"]
    walk[40:] *= 3.0  # the largest move is one of few
    made = shards.shard({"A": walk}, test_from=shards.weekdays(rows)[-1])
    for instances in endpoint.requests(made):
        asked = json.loads(endpoint.body(made, instances))["instances"]
        outputs = answers(furthest, *[{name: np.array(one[name]) for name in model.INPUTS} for one in asked])
        (values,) = endpoint.prices(made, instances, json.dumps({"predictions": outputs.tolist()}).encode())
    last = walk[-len(values) :]
    assert np.all(np.log(values[:, :, 6] / last[:, None]).max(axis=0) > 4 * np.sqrt(model.HORIZONS) * 0.02)


def test_the_untrained_network_forecasts_no_change(random_walk):
    channels, scale = model.normalise(**columns(random_walk(150, 1)))
    point = model.build_network()(model.windows(channels, scale, tf.constant([100, 149])))
    np.testing.assert_array_equal(point, np.zeros((2, 3)))


def test_the_loss_by_hand():
    # Huber's: half the square up to 1, beyond it the distance less a half; the mean of six.
    found = model.loss(tf.constant([[0.5, 3.0, 0.0]]), tf.constant([[0.0, 0.0, 0.0]]))
    assert float(found) == pytest.approx((0.125 + 2.5 + 0) / 3)


def test_the_saved_model_has_one_output_with_the_batch_first(tmp_path, forecaster):
    model.export(forecaster, tmp_path)
    signature = tf.saved_model.load(str(tmp_path / "1")).signatures["serving_default"]
    inputs = signature.structured_input_signature[1]
    assert {name: (spec.shape.rank, spec.dtype) for name, spec in inputs.items()} == {
        "adjclose": (2, tf.float32),
        "high": (2, tf.float32),
        "low": (2, tf.float32),
    }
    assert {name: spec.shape.as_list() for name, spec in signature.structured_outputs.items()} == {
        "outputs": [None, None, 3, 8]
    }
