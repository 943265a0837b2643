"""What the endpoint answers for a shard: python -m benchmarks.served MODEL_DIR SHARD OUT

The exported graph behind the same JSON, asked as Forecast asks the endpoint.
"""

import sys
from pathlib import Path

import numpy as np

from benchmarks import files
from local.sagemaker.serving import Model
from stocks import endpoint
from stocks.series import Shard


def forecast(model_dir: Path, shard: Shard) -> dict[str, np.ndarray]:
    """The forecasts file of a shard, before calibration."""
    model = Model(model_dir / "1")
    return endpoint.forecasts(shard, model.predict)


if __name__ == "__main__":
    files.save(sys.argv[3], forecast(Path(sys.argv[1]), files.load_shard(Path(sys.argv[2]))))
