"""The volatility by which the LSTM's input is scaled, of every row of a shard: python -m benchmarks.scale SHARD OUT"""

import sys
from pathlib import Path
from typing import Any

import train
from benchmarks import files

if __name__ == "__main__":
    prices: Any = files.load_shard(Path(sys.argv[1]))  # it has the columns of training's own class
    _, scale = train.features(prices)
    files.save(sys.argv[2], {"scale": scale.numpy()})
