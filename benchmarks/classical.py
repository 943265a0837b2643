"""AutoETS and AutoARIMA on log prices: python -m benchmarks.classical NAME SHARD ORIGINS OUT TICKER ...

Fitted once on the rows before the test period; then every origin is filtered with fixed parameters over all rows up to
it. Runs in .venv-benchmarks, the only environment with statsforecast.
"""

import sys
from statistics import NormalDist

import numpy as np
from statsforecast import models

from benchmarks import files

COLUMNS = ("lo-95", "lo-80", "mean", "hi-80", "hi-95")  # of logs, where the mean is the median too
MEAN, UPPER = COLUMNS.index("mean"), COLUMNS.index("hi-80")
DEVIATIONS = NormalDist().inv_cdf(0.9)  # from the mean to the upper end of the 80 % interval: it is normal


def forecast(name: str, one: files.Series) -> np.ndarray:
    """float64[origins, 3 horizons, 8] of one ticker."""
    logs = np.log(one.prices)
    model = getattr(models, name)(season_length=1).fit(logs[: one.before])
    found = []
    for origin in one.origins:
        ahead = model.forward(logs[: origin + 1], h=max(files.HORIZONS), level=[80, 95])
        steps = np.column_stack([np.asarray(ahead[column]) for column in COLUMNS])
        found.append(steps[np.array(files.HORIZONS) - 1])
    changes = np.array(found)
    prices = np.exp(changes)
    return files.output(prices[..., MEAN], prices, (changes[..., UPPER] - changes[..., MEAN]) / DEVIATIONS)


if __name__ == "__main__":
    files.by_ticker(lambda one: forecast(sys.argv[1], one), *sys.argv[2:])
