"""The tutorial's LSTM, one per ticker: python -m benchmarks.tutorial EPOCHS SHARD ORIGINS OUT TICKER ...

Price levels scaled to 0..1 by the rows known at the fit, 60 of them in, the next one out, Keras's defaults for
everything else. It forecasts one row ahead only. OUT gets `cpu`, the seconds of each ticker without the imports.
"""

import sys

import keras
import numpy as np
import tensorflow as tf

from benchmarks import files

WINDOW, UNITS, BATCH = 60, 50, 32


def forecast(one: files.Series, epochs: int) -> np.ndarray:
    """float64[origins, 3 horizons, 8] of one ticker: the next price as the tutorial's model sees it, and no more."""
    keras.utils.set_random_seed(1)
    low, width = one.minmax[0], (one.minmax[1] - one.minmax[0]) or 1.0
    windows = np.lib.stride_tricks.sliding_window_view((one.prices - low) / width, WINDOW)[:, :, None]
    known = one.before - WINDOW  # windows whose next price is known at the fit
    network = keras.Sequential([keras.Input((WINDOW, 1)), keras.layers.LSTM(UNITS), keras.layers.Dense(1)])
    network.compile("adam", "mse")
    network.fit(windows[:known], windows[1 : known + 1, -1], batch_size=BATCH, epochs=epochs, verbose=0)
    outputs = np.full((len(one.origins), len(files.HORIZONS), len(files.OUTPUTS)), np.nan)
    scaled = network.predict(windows[one.origins - WINDOW + 1], verbose=0)[:, 0].astype(np.float64)
    outputs[:, 0, files.POINT] = scaled * width + low
    keras.backend.clear_session()
    return outputs


if __name__ == "__main__":
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    files.by_ticker(lambda one: forecast(one, int(sys.argv[1])), *sys.argv[2:])
