import dataclasses
import json
import math
from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf

import model
import ranges
from stocks import endpoint
from tests.support import shards

LSTM, FORECAST = 0, 1  # of the outputs
SPREAD = ranges.Ranges(
    coefficients=np.array([ranges.PRIORS["coefficients"][h] for h in ("1", "5", "20")]),
    levels=np.array([-4.2, -4.2, -4.2]),
    shapes=np.array([ranges.PRIORS["shapes"][h] for h in ("1", "5", "20")]),
    drifts=np.array([0.0, 0.0, 0.0]),
    moves=np.array([1.26, 1.06, 0.93]),
)


@pytest.fixture(scope="module")
def network():
    """A network that forecasts something: random weights where untrained heads are zero."""
    tf.keras.utils.set_random_seed(3)  # of the weights that are not zero
    made = model.build_network()
    draw = np.random.default_rng(3)
    made.set_weights([weight + draw.normal(0, 0.3, weight.shape) for weight in made.get_weights()])
    return made


@pytest.fixture(scope="module")
def forecaster(network):
    return model.Forecaster(network, [0.5, 0.2, 0.0], SPREAD)


@pytest.fixture(scope="module")
def serve(forecaster):
    def forecast(*series):
        """Each series is a dict of columns [T]; answers outputs [series, T - 119, 3, 8]."""
        columns = {name: np.stack([one[name] for one in series]).astype(np.float32) for name in model.INPUTS}
        return forecaster.serve(**{name: tf.constant(column) for name, column in columns.items()})["outputs"].numpy()

    return forecast


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


def test_a_forecast_needs_the_last_120_rows_only(random_walk, serve):
    series = random_walk(300, 1)
    short = {name: column[-120:] for name, column in series.items()}
    np.testing.assert_allclose(serve(series)[:, -1:], serve(short), rtol=1e-6)


def test_a_series_gets_the_same_forecast_alone_and_in_company(random_walk, serve):
    series = [random_walk(200, seed) for seed in range(3)]
    np.testing.assert_array_equal(serve(*series)[1:2], serve(series[1]))


@pytest.mark.parametrize(("batch", "rows"), [(1, 120), (3, 121), (2, 300)])
def test_a_request_of_t_rows_answers_t_minus_119_origins(random_walk, serve, batch, rows):
    assert serve(*[random_walk(rows, seed) for seed in range(batch)]).shape == (batch, rows - 119, 3, 8)


def test_what_the_gate_shuts_is_the_last_price_exactly(random_walk, serve):
    series = random_walk(200, 1)
    prices = serve(series)[0]
    last = series["adjclose"][119:].astype(np.float32)
    np.testing.assert_array_equal(prices[:, 2, FORECAST], last)
    assert np.all(prices[:, 0, FORECAST] != last)


def test_the_lstm_is_told_whatever_the_gate_says_and_the_forecast_takes_its_share(random_walk, serve):
    series = random_walk(200, 1)
    prices = serve(series)[0].astype(float)
    last = series["adjclose"][119:].astype(np.float32)[:, None]
    lstm, forecast = (np.log(prices[:, :, which] / last) for which in (LSTM, FORECAST))
    assert np.all(lstm != 0)
    np.testing.assert_allclose(forecast, lstm * [0.5, 0.2, 0.0], atol=3e-7)


def test_without_a_network_the_lstm_is_zero_and_the_forecast_the_last_price(random_walk, serve):
    series = random_walk(200, 1)
    bare = model.Forecaster(None, [0.0] * 3, SPREAD)
    inputs = {name: tf.constant(column[None]) for name, column in columns(series).items()}
    prices = bare.serve(**inputs)["outputs"].numpy()
    assert not prices[..., LSTM].any()
    last = series["adjclose"][119:].astype(np.float32)
    np.testing.assert_array_equal(prices[0, :, :, FORECAST], np.repeat(last[:, None], 3, 1))
    np.testing.assert_array_equal(prices[..., 2:], serve(series)[..., 2:])


@pytest.mark.parametrize("rows", [1, 2, 20, 61, 119])
def test_short_history_behind_padding_is_finite(random_walk, serve, rows):
    padded = {name: np.concatenate([np.zeros(200 - rows), c[:rows]]) for name, c in random_walk(200, 1).items()}
    prices = serve(padded)
    assert np.all(np.isfinite(prices))
    assert prices[0, -1, 2, FORECAST] == np.float32(padded["adjclose"][-1])


def test_a_constant_price_is_forecast_as_that_price(serve):
    constant = {name: np.full(150, 12.34) for name in model.INPUTS}
    np.testing.assert_array_equal(serve(constant)[..., :7], np.full((1, 31, 3, 7), 12.34, np.float32))


@pytest.mark.parametrize("level", [1e-4, 1e6])
def test_the_level_of_prices_does_not_matter(random_walk, serve, level):
    series, scaled = random_walk(200, 1), random_walk(200, 1, level=level)
    np.testing.assert_allclose(serve(scaled)[..., :7] / level, serve(series)[..., :7] / 100, rtol=2e-5)


def test_absurd_jumps_stay_finite(serve):
    jumping = np.tile([1e-4, 1e6], 75)
    assert np.all(np.isfinite(serve({"adjclose": jumping, "high": jumping * 2, "low": jumping / 2})))


@pytest.mark.parametrize("rows", [61, 120, 400])
@pytest.mark.parametrize("level", [1e-14, 0.3, 1e9])
def test_the_furthest_forecast_is_inside_the_bound_that_the_caller_checks(random_walk, network, rows, level):
    furthest = model.Forecaster(network, [1.0] * 3, dataclasses.replace(SPREAD, shapes=SPREAD.shapes * 99))
    walk = random_walk(rows, 3, level=level)["adjclose"]
    walk[40:] *= 3.0  # the largest move is one of few
    made = shards.shard({"A": walk}, test_from=shards.weekdays(rows)[-1])
    for instances in endpoint.requests(made):
        asked = json.loads(endpoint.body(made, instances))["instances"]
        inputs = {name: tf.constant([row[name] for row in asked], tf.float32) for name in model.INPUTS}
        answer = json.dumps({"predictions": furthest.serve(**inputs)["outputs"].numpy().tolist()}).encode()
        (values,) = endpoint.prices(made, instances, answer)
    last = walk[-len(values) :]
    assert np.all(np.log(values[:, :, 6] / last[:, None]).max(axis=0) > 4 * np.sqrt(model.HORIZONS) * 0.02)


def test_the_untrained_network_forecasts_no_change(random_walk):
    channels, scale = model.normalise(**columns(random_walk(150, 1)))
    point = model.build_network()(model.windows(channels, scale, tf.constant([100, 149])))
    np.testing.assert_array_equal(point, np.zeros((2, 3)))


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
