"""The graph: raw prices in, prices out. Training and serving share every step of it."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from data import CLIP, HORIZONS

QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)
LOOKBACK = 30  # returns the LSTM reads
KERNEL = 100  # returns the volatility reads
DECAY = 0.94
INPUTS = ("adjclose", "high", "low")
WINDOW = 120  # rows in a request up to the first origin
FLOOR = 1e-6  # a return is never divided by less; at or below it a series counts as constant
FURTHEST = 16.0  # |log of forecast / last|: keeps absurd input finite, far from anything real
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


def build_network(quantiles: np.ndarray) -> keras.Model:
    """Windows [m, 30, 2] to points [m, 3] and quantiles [m, 3, 5] in units of s·√h.

    Both heads start at zero: untrained, the network forecasts no change and the constant `quantiles` [3, 5].
    """
    inputs = keras.Input((LOOKBACK, 2))
    state = keras.layers.Dropout(DROPOUT)(keras.layers.LSTM(UNITS, unroll=True)(inputs))
    point = keras.layers.Dense(len(HORIZONS), kernel_initializer="zeros", name="point")(state)
    shape = (len(HORIZONS), len(QUANTILES))
    spread = keras.layers.Dense(
        len(HORIZONS) * len(QUANTILES),
        kernel_initializer="zeros",
        bias_initializer=keras.initializers.Constant(np.asarray(quantiles).ravel()),
        name="quantiles",
    )(state)
    return keras.Model(inputs, [point, keras.layers.Reshape(shape)(spread)])


def loss(target: tf.Tensor, point: tf.Tensor, quantiles: tf.Tensor) -> tf.Tensor:
    """Huber on the points plus pinball on the quantiles, both means, in scaled units; target is [m, 3]."""
    error = tf.abs(target - point)
    huber = tf.where(error <= 1, error**2 / 2, error - 0.5)
    above = target[:, :, None] - quantiles
    levels = tf.constant(QUANTILES)
    return tf.reduce_mean(huber) + tf.reduce_mean(tf.maximum(levels * above, (levels - 1) * above))


class Forecaster(tf.Module):
    """The served model: network, gates [3], whose quantiles [3] (True: the LSTM's) and base quantiles [3, 5]."""

    def __init__(
        self,
        network: keras.Model,
        gates: Sequence[float],
        use_lstm: Sequence[bool],
        base_quantiles: Sequence[Sequence[float]] | np.ndarray,
    ) -> None:
        super().__init__()
        self.network = network
        self.gates = tf.constant(gates, tf.float32)
        self.use_lstm = tf.constant(use_lstm, tf.bool)
        self.base_quantiles = tf.constant(base_quantiles, tf.float32)

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name) for name in INPUTS])
    def serve(self, adjclose: tf.Tensor, high: tf.Tensor, low: tf.Tensor) -> dict[str, tf.Tensor]:
        """Series [batch, T], left-padded with 0, to {"prices": [batch, T - 119, 3, 6]}: lstm, p025 ... p975."""
        # One series at a time: memory stays flat, and a forecast does not depend on its neighbours in the request.
        shape = tf.TensorSpec([None, len(HORIZONS), 1 + len(QUANTILES)], tf.float32)
        prices = tf.map_fn(lambda series: self.forecast(*series), (adjclose, high, low), fn_output_signature=shape)
        return {"prices": prices}

    def forecast(self, adjclose: tf.Tensor, high: tf.Tensor, low: tf.Tensor) -> tf.Tensor:
        """One series [T] to prices [T - 119, 3, 6]."""
        channels, scale = normalise(adjclose, high, low)
        rows = tf.range(WINDOW - 1, tf.size(adjclose))
        point, quantiles = self.network(windows(channels, scale, rows), training=False)
        quantiles = tf.where(self.use_lstm[:, None], tf.sort(quantiles), self.base_quantiles)
        scaled = tf.concat([(self.gates * point)[:, :, None], quantiles], 2)
        scaled = tf.clip_by_value(scaled, -CLIP, CLIP)
        # The scale itself, not its floor: a constant price is forecast as exactly that price.
        unit = tf.gather(scale, rows)[:, None] * tf.sqrt(tf.constant(HORIZONS, tf.float32))
        change = tf.clip_by_value(scaled * unit[:, :, None], -FURTHEST, FURTHEST)
        return tf.gather(adjclose, rows)[:, None, None] * tf.exp(change)


def export(forecaster: Forecaster, model_dir: str | Path) -> None:
    """Write the SavedModel to <model_dir>/1/, where TF Serving looks for version 1."""
    signatures = {"serving_default": forecaster.serve}
    tf.saved_model.save(forecaster, str(Path(model_dir) / "1"), signatures=signatures)
