"""AutoETS and AutoARIMA on log prices: python -m benchmarks.classical NAME SHARD ORIGINS OUT TICKER ...

Fitted once on the rows before the test period; then every origin is filtered with fixed parameters over all rows up to
it. Runs in .venv-benchmarks, the only environment with statsforecast.
"""

import sys
import time
from pathlib import Path

import numpy as np
from statsforecast import models

from benchmarks import files

COLUMNS = ("mean", "lo-95", "lo-80", "mean", "hi-80", "hi-95")  # of logs, where the mean is the median too


def forecast(name: str, one: files.Series) -> np.ndarray:
    """float64[origins, 3 horizons, 6] of one ticker."""
    logs = np.log(one.prices)
    model = getattr(models, name)(season_length=1).fit(logs[: one.before])
    found = []
    for origin in one.origins:
        ahead = model.forward(logs[: origin + 1], h=max(files.HORIZONS), level=[80, 95])
        steps = np.column_stack([np.asarray(ahead[column]) for column in COLUMNS])
        found.append(steps[np.array(files.HORIZONS) - 1])
    return np.exp(np.array(found))


def main(name: str, shard_path: str, origins_path: str, out: str, *names: str) -> None:
    shard, origins = files.load_shard(Path(shard_path)), files.load(Path(origins_path))
    prices, seconds = files.unknown(origins), []
    for one in files.series(shard, origins):
        if one.name in names:
            started = time.process_time()
            prices[one.place] = forecast(name, one)
            seconds.append(time.process_time() - started)
    files.save(out, files.forecasts(origins, prices) | {"cpu": np.array(seconds)})


if __name__ == "__main__":
    main(*sys.argv[1:])
