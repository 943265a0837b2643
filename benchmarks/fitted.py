"""Fit and forecast several data sets in one process: python -m benchmarks.fitted FOLDER ...

Each folder holds shards/00000.npz, and gets the model, evidence.json and served.npz, the forecasts before calibration.
TensorFlow is started once for all, and the LSTM learns for one epoch only: the ranges, which are looked at, have no
part of it.
"""

import sys
from pathlib import Path

import tensorflow as tf

import train
from benchmarks import files, served

if __name__ == "__main__":
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    for folder in map(Path, sys.argv[1:]):
        train.main(["--train", str(folder / "shards"), "--model-dir", str(folder), "--epochs", "1"])
        shard = files.load_shard(folder / "shards/00000.npz")
        files.save(folder / "served.npz", served.forecast(folder, shard))
