"""What the network says by itself, for information: python -m benchmarks.ungated MODEL_DIR SHARD OUT

The same weights behind gates of 1 and with the LSTM's quantiles at every horizon. OUT also gets `scale`, the
volatility of every row of the shard, which the volatility-scaled rival needs.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

import model
import train
from benchmarks import files, served


def reopened(model_dir: Path) -> model.Forecaster:
    """The exported network without its gates and without the constant quantiles."""
    loaded = tf.saved_model.load(str(model_dir / "1"))  # held here, or its variables are gone
    variables = loaded.signatures["serving_default"].variables
    network = model.build_network(np.zeros((len(model.HORIZONS), len(model.QUANTILES))))
    weights = {variable.name.split(":")[0]: variable.numpy() for variable in variables}
    network.set_weights([weights[variable.path] for variable in network.weights])
    everywhere = [True] * len(model.HORIZONS)
    return model.Forecaster(network, [1.0] * len(model.HORIZONS), everywhere, np.zeros((3, len(model.QUANTILES))))


if __name__ == "__main__":
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    shard = files.load_shard(Path(sys.argv[2]))
    with tempfile.TemporaryDirectory() as folder:
        model.export(reopened(Path(sys.argv[1])), folder)
        found = served.forecast(Path(folder), shard)
    prices: Any = shard  # it has the columns of training's own class
    _, scale = train.features(prices)
    files.save(sys.argv[3], found | {"scale": scale})
