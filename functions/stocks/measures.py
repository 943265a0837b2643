"""What is told of the sums of `stocks.metrics.score`: errors, ratios to rivals, rates, and what is beyond chance."""

import numpy as np

from stocks.contract import HORIZONS, MODELS, Arrays
from stocks.significance import diebold_mariano

FEWEST_MOVES = 30  # of a model, or no share of them is told
MIXED = 0.9  # of a weekday's rows; with fewer on weekend days, tickers keep calendars of several kinds


def of(scores: Arrays) -> dict[str, np.ndarray]:
    """Each measure as float64[1 + k, 5, 3 horizons], the pooled row first; NaN where there is none."""
    n, squared, absolute = scores["n"], scores["squared"], scores["absolute"]
    ratios = {
        "rmse_vs_naive": np.sqrt(_ratio(squared, squared[:, :1])),
        "mae_vs_naive": _ratio(absolute, absolute[:, :1]),
        # Hyndman and Koehler (2006): every horizon is scaled by the one-row naive error of the rows before the test
        "mase": _ratio(_ratio(absolute, n), scores["scale"][:, None, None]),
        "pinball_vs_constant": _only_ranges(_ratio(scores["pinball"], scores["constant"])[:, None, :]),
    }
    measures = {name: np.concatenate([_mean_of_known(values), values]) for name, values in ratios.items()}
    measures |= {f"{name}_median": _pooled_alone(_median_of_known(values), len(n)) for name, values in ratios.items()}
    measures["rmse"] = np.sqrt(_with_total(squared, n))
    measures["mae"] = _with_total(absolute, n)
    # of a model without forecasts, as all else, there is none
    rates = _with_total(scores["ups"][:, None, :], scores["actual_moves"][:, None, :])
    measures["always_up_rate"] = np.where(np.concatenate([n.sum(axis=0)[None], n]) > 0, rates, np.nan)
    measures["directional_accuracy"] = _with_total(scores["hits"], scores["moves"], FEWEST_MOVES)
    measures["dm_t"] = np.concatenate([_pooled_dm(scores)[None], scores["dm_t"]])
    rows = n[:, [MODELS.index("forecast")]]
    for i, name in enumerate(("coverage80", "coverage95")):
        measures[name] = _only_ranges(_with_total(scores["covered"][:, None, :, i], rows))
    for name, counted in (("pinball", rows), ("qlike", scores["moving"][:, None, :])):
        measures[name] = _only_ranges(_with_total(scores[name][:, None, :], counted))
    return measures


def _with_total(above: np.ndarray, below: np.ndarray, fewest: int = 1) -> np.ndarray:
    """above / below by ticker, after the same of their totals."""
    return np.concatenate([_ratio(above.sum(axis=0), below.sum(axis=0), fewest)[None], _ratio(above, below, fewest)])


def _ratio(above: np.ndarray, below: np.ndarray, fewest: float = 0) -> np.ndarray:
    """above / below; NaN where below is 0, NaN or under `fewest`."""
    above, below = np.broadcast_arrays(np.asarray(above, np.float64), np.asarray(below, np.float64))
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=(below > 0) & (below >= fewest))


def _mean_of_known(values: np.ndarray) -> np.ndarray:
    """float64[1, ...]: the mean over tickers of what is not NaN."""
    known = np.isfinite(values)
    return _ratio(np.where(known, values, 0).sum(axis=0), known.sum(axis=0))[None]


def _median_of_known(values: np.ndarray) -> np.ndarray:
    """float64[1, ...]: the median over tickers of what is not NaN."""
    known = np.ma.masked_invalid(values)
    return np.ma.median(known, axis=0).filled(np.nan)[None] if len(values) else np.full((1, *values.shape[1:]), np.nan)


def _pooled_alone(pooled: np.ndarray, tickers: int) -> np.ndarray:
    """float64[1 + k, ...]: a measure that single tickers do not have."""
    return np.concatenate([pooled, np.full((tickers, *pooled.shape[1:]), np.nan)])


def _only_ranges(values: np.ndarray) -> np.ndarray:
    """float64[..., 5, 3] from [..., 1, 3]: the ranges are those of `forecast`."""
    return np.where(np.array(MODELS)[:, None] == "forecast", values, np.nan)


def _pooled_dm(scores: Arrays) -> np.ndarray:
    """float64[5, 3]: Diebold-Mariano on the mean relative loss of each target day, so tickers of a day count once."""
    statistics = np.full((len(MODELS), len(HORIZONS)), np.nan)
    for i, horizon in enumerate(HORIZONS):
        with_rows = scores["day_n"][:, i] > 0
        overlap = (
            2 * horizon - 1 if _mixes_calendars(scores["day"][with_rows], scores["day_n"][with_rows, i]) else horizon
        )
        for m in range(len(MODELS)):
            daily = scores["day_loss"][with_rows, m, i] / scores["day_n"][with_rows, i]
            statistics[m, i] = diebold_mariano(daily, overlap)
    return statistics


def _mixes_calendars(days: np.ndarray, counts: np.ndarray) -> bool:
    """Whether some tickers trade on weekends and others do not: then errors overlap for more than horizon days."""
    weekday = np.is_busday(days.astype("datetime64[D]"))
    return bool(weekday.any() and not weekday.all() and counts[~weekday].mean() < MIXED * counts[weekday].mean())
