"""The graph: raw prices in, prices out. Training and serving share every step of it."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

import volatility
from data import CLIP, HORIZONS, LOOKBACK
from ranges import LEVEL_BAND, QUANTILES, Ranges

KERNEL = 100  # returns the volatility reads
DECAY = 0.94
INPUTS = ("adjclose", "high", "low")
WINDOW = volatility.MEMORY + 1  # rows in a request up to the first origin
OUTPUTS = 2 + len(QUANTILES) + 1  # lstm, forecast, p025 ... p975, expected_move
FLOOR = 1e-6  # a return is never divided by less; at or below it a series counts as constant
UNITS = 32
DROPOUT = 0.2
EWMA_WEIGHTS = ((1 - DECAY) * DECAY ** np.arange(KERNEL)[::-1]).astype(np.float32)


def look_back(values: tf.Tensor, rows: tf.Tensor, length: int) -> tf.Tensor:
    """The `length` values up to each of `rows` [m], oldest first: [n, ...] becomes [m, length, ...]."""
    return tf.gather(values, rows[:, None] + tf.range(1 - length, 1))


def normalise(adjclose: tf.Tensor, high: tf.Tensor, low: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Turn one series, float32 [T] each with 0 for missing, into channels [T, 2] and the scale s [T].

    Channels: log return since the row before, log(high / low); 0 where either price is missing or high < low.
    s: half of the population standard deviation of the last 30 returns plus half of the EWMA volatility of the last
    100, over the returns there are. Each row depends on itself and earlier rows only.
    """
    previous = tf.concat([tf.zeros(1), adjclose[:-1]], 0)
    known = (adjclose > 0) & (previous > 0)
    returns = _log_ratio(adjclose, previous, known)
    span = _log_ratio(high, low, (low > 0) & (high > low))

    padding = tf.zeros(KERNEL - 1)
    rows = tf.range(tf.size(adjclose)) + KERNEL - 1
    past = look_back(tf.concat([padding, returns], 0), rows, KERNEL)
    weight = look_back(tf.concat([padding, tf.cast(known, tf.float32)], 0), rows, KERNEL)
    ewma = tf.math.divide_no_nan(tf.reduce_sum(EWMA_WEIGHTS * past**2, 1), tf.reduce_sum(EWMA_WEIGHTS * weight, 1))
    past, weight = past[:, -LOOKBACK:], weight[:, -LOOKBACK:]
    count = tf.reduce_sum(weight, 1)
    mean = tf.math.divide_no_nan(tf.reduce_sum(past, 1), count)
    variance = tf.math.divide_no_nan(tf.reduce_sum(weight * (past - mean[:, None]) ** 2, 1), count)
    return tf.stack([returns, span], 1), (tf.sqrt(variance) + tf.sqrt(ewma)) / 2


def _log_ratio(above: tf.Tensor, below: tf.Tensor, known: tf.Tensor) -> tf.Tensor:
    """log(above / below) where both are known, else 0."""
    return tf.math.log(tf.where(known, above, 1.0) / tf.where(known, below, 1.0))


def windows(channels: tf.Tensor, scale: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    """What the LSTM reads at `rows` [m]: [m, 30, 2], both channels in units of the origin's s, clipped."""
    s = tf.maximum(tf.gather(scale, rows), FLOOR)
    return tf.clip_by_value(look_back(channels, rows, LOOKBACK) / s[:, None, None], -CLIP, CLIP)


def build_network() -> keras.Model:
    """Windows [m, 30, 2] to points [m, 3] in units of s·√h.

    The head starts at zero: untrained, the network forecasts no change.
    """
    inputs = keras.Input((LOOKBACK, 2))
    state = keras.layers.LSTM(UNITS, unroll=True, name="state")(inputs)
    return keras.Model(inputs, keras.layers.Dense(len(HORIZONS), kernel_initializer="zeros", name="point")(state))


def learning_points(network: keras.Model, window: tf.Tensor, keep: tf.Tensor) -> tf.Tensor:
    """The network's points with its state [m, UNITS] multiplied by `keep`."""
    return network.get_layer("point")(network.get_layer("state")(window) * keep)


def dropout(count: tf.Tensor, seed: int, step: tf.Tensor) -> tf.Tensor:
    """What to multiply the states of a step's windows by, float32 [count, UNITS]: 0, or more where it is kept.

    The same on every host, however many share the windows. Keras' own layer would draw on each host for itself.
    """
    drawn = tf.random.stateless_uniform((count, UNITS), tf.stack([tf.constant(seed, tf.int64), step]))
    return tf.cast(drawn >= DROPOUT, tf.float32) / (1 - DROPOUT)


def growing(values: tf.Tensor) -> tf.Tensor:
    """[m, 3, k]: of each horizon the greatest up to it."""
    return tf.stack([tf.reduce_max(values[:, : i + 1], 1) for i in range(len(HORIZONS))], 1)


def loss(target: tf.Tensor, point: tf.Tensor) -> tf.Tensor:
    """Huber loss in scaled units, its mean over horizons summed over windows; both are [m, 3], and m may be 0."""
    error = tf.abs(target - point)
    return tf.reduce_sum(tf.where(error <= 1, error**2 / 2, error - 0.5)) / len(HORIZONS)


class Forecaster(tf.Module):
    """The served model: network, gates [3] and what the ranges are made of; network is None where none was trained."""

    def __init__(self, network: keras.Model | None, gates: Sequence[float], ranges: Ranges) -> None:
        super().__init__()
        self.network = network
        self.gates = tf.constant(gates, tf.float32)
        self.ranges = Ranges(*(tf.constant(column, tf.float64) for column in dataclasses.astuple(ranges)))

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name) for name in INPUTS])
    def serve(self, adjclose: tf.Tensor, high: tf.Tensor, low: tf.Tensor) -> dict[str, tf.Tensor]:
        """Series [batch, T], left-padded with 0, to {"outputs": [batch, T - 119, 3, 8]}.

        Of each origin and horizon: lstm (0 where none was trained), forecast, p025, p10, p50, p90, p975, all of them
        prices, and expected_move, the root mean square of the log return that is expected.
        """
        # One series at a time: memory stays flat, and a forecast does not depend on its neighbours in the request.
        shape = tf.TensorSpec([None, len(HORIZONS), OUTPUTS], tf.float32)
        outputs = tf.map_fn(lambda series: self.forecast(*series), (adjclose, high, low), fn_output_signature=shape)
        return {"outputs": outputs}

    def forecast(self, adjclose: tf.Tensor, high: tf.Tensor, low: tf.Tensor) -> tf.Tensor:
        """One series [T] to its outputs [T - 119, 3, 8]."""
        rows = tf.range(WINDOW - 1, tf.size(adjclose))
        last = tf.cast(tf.gather(adjclose, rows), tf.float64)[:, None, None]
        measures = volatility.measure(adjclose, high, low, rows)
        steps = tf.sqrt(tf.constant(HORIZONS, tf.float64))
        # No move is foretold beyond what the caller takes for a forecast, whatever the input.
        furthest = (CLIP * steps * measures.largest[:, None])[:, :, None]
        unit = self.sigma(measures) * steps
        points = self.points(adjclose, high, low, rows)
        points = tf.concat([points, tf.cast(self.gates, tf.float64)[:, None] * points], 2)
        quantiles = self.quantiles(unit, furthest / 2)
        prices = last * tf.exp(tf.concat([tf.clip_by_value(points, -furthest, furthest), quantiles], 2))
        if self.network is None:
            prices = tf.concat([tf.zeros_like(prices[:, :, :1]), prices[:, :, 1:]], 2)
        expected = tf.minimum(growing((unit * self.ranges.moves)[:, :, None]), furthest)
        return tf.cast(tf.concat([prices, expected], 2), tf.float32)

    def quantiles(self, unit: tf.Tensor, furthest: tf.Tensor) -> tf.Tensor:
        """Log returns float64 [m, 3, 5] from units of a move [m, 3]; neither drift nor spread exceeds `furthest`.

        The spread about the median never falls with the horizon: on prices unlike those it was fitted on, such as a
        price that was halted, the fits of three horizons can disagree.
        """
        drift = (unit * self.ranges.drifts)[:, :, None]
        spread = tf.minimum(growing(unit[:, :, None] * tf.abs(self.ranges.shapes)), furthest)
        return tf.clip_by_value(drift, -furthest, furthest) + tf.sign(self.ranges.shapes) * spread

    def points(self, adjclose: tf.Tensor, high: tf.Tensor, low: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """The LSTM's log returns, float64 [m, 3, 1]; 0 where none was trained."""
        if self.network is None:
            return tf.zeros((tf.size(rows), len(HORIZONS), 1), tf.float64)
        channels, scale = normalise(adjclose, high, low)
        scaled = tf.clip_by_value(self.network(windows(channels, scale, rows), training=False), -CLIP, CLIP)
        # The scale itself, not its floor: a constant price is forecast as exactly that price.
        unit = tf.gather(scale, rows)[:, None] * tf.sqrt(tf.constant(HORIZONS, tf.float32))
        return tf.cast(scaled * unit, tf.float64)[:, :, None]

    def sigma(self, measures: volatility.Measures) -> tf.Tensor:
        """The volatility a day over each horizon, float64 [m, 3]: ranges.sigma, or 0 of a price that stood still."""
        own = measures.features[:, volatility.LEVEL, None]
        reference = tf.minimum(tf.maximum(self.ranges.levels, own - LEVEL_BAND), own + LEVEL_BAND)
        levelled = tf.reduce_sum(self.ranges.coefficients[:, volatility.LEVELLED], 1)
        log = measures.features @ tf.transpose(self.ranges.coefficients) + (1 - levelled) * reference
        return tf.where(measures.largest[:, None] > 0, tf.exp(log), 0.0)


def export(forecaster: Forecaster, model_dir: str | Path) -> None:
    """Write the SavedModel to <model_dir>/1/, where TF Serving looks for version 1."""
    signatures = {"serving_default": forecaster.serve}
    tf.saved_model.save(forecaster, str(Path(model_dir) / "1"), signatures=signatures)
