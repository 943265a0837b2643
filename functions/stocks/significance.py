"""Is a difference more than chance, where errors of neighbouring days depend on each other."""

import numpy as np


def diebold_mariano(difference: np.ndarray, horizon: int) -> float:
    """t statistic of the mean of a loss difference in time order (ours - naive's): negative means better than naive.

    Diebold and Mariano (1995): the variance takes the horizon - 1 autocovariances that overlapping forecasts have,
    unweighted. Harvey, Leybourne and Newbold (1997) correct it for small samples; compare with Student's t of n - 1
    degrees. NaN where that variance is not positive.
    """
    n = len(difference)
    if n <= horizon:
        return np.nan
    variance = _long_run_variance(difference - difference.mean(), np.ones(horizon)) / n
    correction = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    if variance <= 0 or correction <= 0:
        return np.nan
    return float(difference.mean() / np.sqrt(variance) * np.sqrt(correction))


def ratio_interval(hits: np.ndarray, moves: np.ndarray, lags: int) -> tuple[float, float]:
    """95 % interval of sum(hits) / sum(moves), both by day in time order.

    Variance of a ratio by linearisation (Cochran 1977, section 6.3), autocovariances weighted by Newey and West (1987),
    which keeps it from turning negative.
    """
    share = hits.sum() / moves.sum()
    weights = 1 - np.arange(lags + 1) / (lags + 1)
    variance = len(moves) * _long_run_variance(hits - share * moves, weights) / moves.sum() ** 2
    half = 1.96 * np.sqrt(max(variance, 0.0))
    return float(max(share - half, 0.0)), float(min(share + half, 1.0))


def _long_run_variance(centred: np.ndarray, weights: np.ndarray) -> float:
    """Variance plus twice the weighted autocovariances; weights[0] belongs to lag 0.

    No product of numpy's BLAS, whose last digits differ from processor to processor.
    """
    n = len(centred)
    lags = [weights[lag] * float((centred[lag:] * centred[: n - lag]).sum()) / n for lag in range(min(len(weights), n))]
    return lags[0] + 2 * sum(lags[1:])
