"""Is a difference more than chance, where errors of neighbouring days depend on each other."""

import numpy as np

FEWEST_STRETCHES = 10  # of `horizon` observations that do not overlap


def diebold_mariano(difference: np.ndarray, horizon: int) -> float:
    """t statistic of the mean of a loss difference in time order (ours - naive's): negative means better than naive.

    Diebold and Mariano (1995): the variance takes the horizon - 1 autocovariances that overlapping forecasts have,
    unweighted. Harvey, Leybourne and Newbold (1997) correct it for small samples; compare with Student's t of n - 1
    degrees. NaN where that variance is not positive, and below FEWEST_STRETCHES: there, of two forecasts that are as
    good, one is "beyond chance" in up to 15 of 100 cases.
    """
    n = len(difference)
    if n < FEWEST_STRETCHES * horizon:
        return np.nan
    variance = _long_run_variance(difference - difference.mean(), horizon - 1) / n
    correction = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    if variance <= 0:
        return np.nan
    return float(difference.mean() / np.sqrt(variance) * np.sqrt(correction))


def _long_run_variance(centred: np.ndarray, lags: int) -> float:
    """Variance plus twice so many autocovariances.

    No product of numpy's BLAS, whose last digits differ from processor to processor.
    """
    n = len(centred)
    covariances = [float((centred[lag:] * centred[: n - lag]).sum()) / n for lag in range(lags + 1)]
    return covariances[0] + 2 * sum(covariances[1:])
