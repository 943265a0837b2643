"""GARCH-t and GJR-t on log returns: python -m benchmarks.garch NAME SHARD ORIGINS OUT TICKER ...

GARCH(1,1) of Bollerslev (1986), or with the answer to falls of Glosten, Jagannathan and Runkle (1993), both with a
constant mean and Student's t, fitted once by arch on the rows before the test period. Then every origin is filtered
with fixed parameters over all rows up to it, and the quantiles of h days are those of simulated paths. Runs in
.venv-benchmarks, the only environment with arch.
"""

import sys

import numpy as np
from arch import arch_model

from benchmarks import files, rivals

ASYMMETRIES = {"GARCH-t": 0, "GJR-t": 1}
PERCENT = 100  # arch fits best where returns are about 1
PATHS, SEED = 10_000, 1


def forecast(name: str, one: files.Series, rng: np.random.Generator) -> np.ndarray:
    """float64[origins, 3 horizons, 8] of one ticker."""
    returns = PERCENT * np.diff(np.log(one.prices))
    model = {"mean": "Constant", "vol": "GARCH", "o": ASYMMETRIES[name], "dist": "t", "rescale": False}
    fitted = arch_model(returns[: one.before - 1], **model).fit(disp="off")
    filtered = arch_model(returns, **model).fix(fitted.params)
    # Row i of the forecasts is made after return i, and that is the change to price i + 1.
    variance = filtered.forecast(horizon=1, start=0, reindex=False).variance.to_numpy()[one.origins - 1, 0]
    mean, *recursion, freedom = (float(value) for value in fitted.params)
    shocks = rng.standard_t(freedom, (max(files.HORIZONS), PATHS)) * np.sqrt((freedom - 2) / freedom)
    found = []
    for last, tomorrow in zip(one.prices[one.origins], variance, strict=True):
        moves = (residuals(shocks, tomorrow, recursion)[np.array(files.HORIZONS) - 1]) / PERCENT
        trend = mean / PERCENT * np.array(files.HORIZONS)
        quantiles = np.quantile(moves, rivals.LEVELS, axis=1).T + trend[:, None]
        found.append(files.output(last * np.exp(trend), last * np.exp(quantiles), moves.std(axis=1)))
    return np.array(found)


def residuals(shocks: np.ndarray, variance: float, recursion: list[float]) -> np.ndarray:
    """float64[h, paths]: sums of the residuals of 1 to h days, from shocks of variance 1 and tomorrow's variance.

    recursion: omega, alpha, then gamma where falls count more, then beta.
    """
    omega, alpha, *gamma, beta = recursion
    daily, variances = np.empty_like(shocks), np.full(shocks.shape[1], variance)
    for day, shock in enumerate(shocks):
        daily[day] = np.sqrt(variances) * shock
        answer = alpha + sum(gamma) * (shock < 0)
        variances = omega + answer * daily[day] ** 2 + beta * variances
    return daily.cumsum(axis=0)


if __name__ == "__main__":
    generator = np.random.default_rng(SEED)
    files.by_ticker(lambda one: forecast(sys.argv[1], one, generator), *sys.argv[2:])
