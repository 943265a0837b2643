"""How good the forecasts were: sums of one shard's errors, their pooling, and the measures made of them.

`score` turns the test rows of a shard into sums, `pool` adds the sums of shards, `columns` makes the metrics table.
A scores file holds (k tickers, models in the order of MODELS, horizons 1, 5, 20, d target days):

    tickers U[k], scale float64[k]       mean |one-row change| before test_from, in price units
    n int64[k, 3]                        test rows
    squared, absolute float64[k, 4, 3]   sums of squared and absolute errors, in price units
    actual_moves, ups int64[k, 3]        rows whose price moved at all, and rose, between origin and target
    moves, hits int64[k, 4, 3]           rows where forecast and price both moved, and moved the same way
    dm_t float64[k, 4, 3]                Diebold-Mariano statistic against naive, NaN where there is none
    covered int64[k, 3, 2]               rows inside the 80 % and the 95 % interval
    pinball float64[k, 3]                sum over rows of the mean pinball loss, in basis points of the origin's price
    day int32[d], day_n int64[d, 3]      target days and their rows
    day_loss float64[d, 4, 3]            sum of (squared error - naive's) / origin's price squared
    day_moves, day_hits int64[d, 4, 3]   moves and hits by target day
"""

import itertools
from collections.abc import Iterable, Mapping
from typing import TypedDict, cast

import numpy as np

from stocks.contract import HORIZONS, MODELS, QUANTILES, Arrays
from stocks.series import Shard
from stocks.significance import diebold_mariano, ratio_interval

FEWEST_MOVES = 30
POOLED = "*"
MEASURES = (
    "rmse", "mae", "rmse_vs_naive", "mae_vs_naive", "mase", "directional_accuracy", "always_up_rate", "dm_t",
    "coverage80", "coverage95", "pinball",
)  # fmt: skip
TICKER_SUMS = (
    "scale", "n", "squared", "absolute", "actual_moves", "ups", "moves", "hits", "dm_t", "covered", "pinball",
)  # fmt: skip
DAY_SUMS = ("day_n", "day_loss", "day_moves", "day_hits")


class MetricsRow(TypedDict):
    """A row of the metrics table; None where there is nothing to measure."""

    ticker: str  # POOLED for all tickers
    model: str
    horizon: int
    n: int
    rmse: float | None
    mae: float | None
    rmse_vs_naive: float | None
    mae_vs_naive: float | None
    mase: float | None
    directional_accuracy: float | None
    always_up_rate: float | None
    dm_t: float | None
    coverage80: float | None
    coverage95: float | None
    pinball: float | None


class DirectionInterval(TypedDict):
    """The 95 % interval of a pooled directional accuracy; None below FEWEST_MOVES."""

    model: str
    horizon: int
    low: float | None
    high: float | None


type ByModel = Mapping[tuple[str, int], MetricsRow]  # the rows of one ticker, or the pooled ones, by model and horizon


def score(rows: Arrays, shard: Shard) -> dict[str, np.ndarray]:
    """The sums of one shard. `rows` are the columns of stocks.predictions.join; future rows are left out."""
    test = {name: column[~rows["future"]] for name, column in rows.items()}
    day, day_index = np.unique(test["target_day"], return_inverse=True)
    cell = np.searchsorted(HORIZONS, test["horizon"])
    by_ticker = _Cells(test["ticker"], cell, len(shard))
    by_day = _Cells(day_index, cell, len(day))
    sums = {
        "tickers": shard.tickers,
        "scale": naive_scale(shard),
        "day": day.astype(np.int32),
        "n": by_ticker.count(np.ones(len(cell))),
        "day_n": by_day.count(np.ones(len(cell))),
    }
    return (
        sums
        | _direction_of_actual(test, by_ticker)
        | _of_models(test, by_ticker, by_day)
        | _of_quantiles(test, by_ticker)
    )


def pool(scores: Iterable[Arrays]) -> dict[str, np.ndarray]:
    """The scores of several shards as one, tickers sorted; a pool can be pooled again."""
    shards = list(scores)
    names = np.concatenate([shard["tickers"] for shard in shards])
    order = np.argsort(names, kind="stable")
    pooled = {"tickers": names[order]}
    for key in TICKER_SUMS:
        pooled[key] = np.concatenate([shard[key] for shard in shards])[order]
    pooled["day"] = np.unique(np.concatenate([shard["day"] for shard in shards]))
    for key in DAY_SUMS:
        total = np.zeros((len(pooled["day"]), *shards[0][key].shape[1:]), shards[0][key].dtype)
        for shard in shards:
            total[np.searchsorted(pooled["day"], shard["day"])] += shard[key]
        pooled[key] = total
    return pooled


def columns(scores: Arrays) -> dict[str, np.ndarray]:
    """The metrics table by column: the pooled rows (ticker '*') first, then every ticker, model and horizon.

    Measures are masked arrays, masked where there is nothing to measure: write them with tables.to_parquet, or take
    `rows` for dicts. n = 0 stays in the table, so every ticker has its twelve rows.
    """
    tickers = np.concatenate([[POOLED], scores["tickers"]]) if len(scores["tickers"]) else np.array([POOLED])
    shape = (len(tickers), len(MODELS), len(HORIZONS))
    n = np.broadcast_to(scores["n"][:, None, :], (len(tickers) - 1, *shape[1:]))
    measures = _measures(scores)
    table = {
        "ticker": np.repeat(tickers, len(MODELS) * len(HORIZONS)),
        "model": np.tile(np.repeat(np.array(MODELS), len(HORIZONS)), len(tickers)),
        "horizon": np.tile(np.array(HORIZONS, np.int32), len(tickers) * len(MODELS)),
        "n": np.concatenate([n.sum(axis=0)[None], n]).ravel(),
    }
    for name in MEASURES:
        table[name] = np.ma.masked_invalid(np.broadcast_to(measures[name], shape).ravel())
    return table


def rows(table: Arrays) -> list[MetricsRow]:
    """The rows of `columns` as plain values."""
    columns = [table[name].tolist() for name in table]
    return [cast(MetricsRow, dict(zip(table, row, strict=True))) for row in zip(*columns, strict=True)]


def pooled_rows(rows: Iterable[MetricsRow]) -> ByModel:
    return {(row["model"], row["horizon"]): row for row in rows if row["ticker"] == POOLED}


def naive_scale(shard: Shard) -> np.ndarray:
    """float64[k]: the mean |one-row change| of the rows before test_from, MASE's denominator; NaN without a change."""
    scale = np.full(len(shard), np.nan)
    for i, ticker in enumerate(shard):
        before_test = ticker.rows["adjclose"][: ticker.bounds[2]]
        if len(before_test) > 1:
            scale[i] = np.abs(np.diff(before_test)).mean()
    return scale


def direction_intervals(scores: Arrays) -> list[DirectionInterval]:
    """95 % intervals of the pooled directional accuracy of every model and horizon.

    Tickers of one day move together and horizons overlap, so the unit is the target day, with 2 (h - 1) lags.
    """
    intervals: list[DirectionInterval] = []
    for m, model in enumerate(MODELS):
        for i, horizon in enumerate(HORIZONS):
            hits, moves = scores["day_hits"][:, m, i], scores["day_moves"][:, m, i]
            enough = moves.sum() >= FEWEST_MOVES
            low, high = ratio_interval(hits[moves > 0], moves[moves > 0], 2 * (horizon - 1)) if enough else (None, None)
            intervals.append({"model": model, "horizon": horizon, "low": low, "high": high})
    return intervals


class _Cells:
    """Sums by group (ticker or day) and horizon."""

    def __init__(self, group: np.ndarray, horizon: np.ndarray, groups: int):
        self.cell = group * len(HORIZONS) + horizon
        self.shape = (groups, len(HORIZONS))

    def sum(self, values: np.ndarray) -> np.ndarray:
        sums = np.bincount(self.cell, values, minlength=self.shape[0] * self.shape[1])
        return sums.astype(np.float64).reshape(self.shape)  # of nothing, bincount makes int64, whatever the weights

    def count(self, values: np.ndarray) -> np.ndarray:
        return self.sum(values).astype(np.int64)


def _direction_of_actual(test: Arrays, by_ticker: _Cells) -> dict[str, np.ndarray]:
    change = test["actual"] - test["naive"]
    return {"actual_moves": by_ticker.count(change != 0), "ups": by_ticker.count(change > 0)}


def _of_models(test: Arrays, by_ticker: _Cells, by_day: _Cells) -> dict[str, np.ndarray]:
    """Sums with an axis for the models; the naive forecast is the origin's price, so direction is taken from it."""
    sums: dict[str, list] = {key: [] for key in ("squared", "absolute", "moves", "hits", "dm_t", *DAY_SUMS[1:])}
    change = np.sign(test["actual"] - test["naive"])
    naive_loss = (test["actual"] - test["naive"]) ** 2
    for model in MODELS:
        error = test["actual"] - test[model]
        product = change * np.sign(test[model] - test["naive"])
        difference = error**2 - naive_loss
        sums["squared"].append(by_ticker.sum(error**2))
        sums["absolute"].append(by_ticker.sum(np.abs(error)))
        sums["moves"].append(by_ticker.count(product != 0))
        sums["hits"].append(by_ticker.count(product > 0))
        sums["dm_t"].append(_dm_by_cell(difference, by_ticker))
        sums["day_loss"].append(by_day.sum(difference / test["naive"] ** 2))
        sums["day_moves"].append(by_day.count(product != 0))
        sums["day_hits"].append(by_day.count(product > 0))
    return {key: np.stack(values, axis=1) for key, values in sums.items()}


def _dm_by_cell(difference: np.ndarray, by_ticker: _Cells) -> np.ndarray:
    """float64[k, 3]; the rows come sorted by ticker, horizon and origin, so a cell is a slice in time order."""
    edges = np.searchsorted(by_ticker.cell, np.arange(by_ticker.shape[0] * by_ticker.shape[1] + 1))
    values = [
        diebold_mariano(difference[low:high], HORIZONS[cell % len(HORIZONS)])
        for cell, (low, high) in enumerate(itertools.pairwise(edges))
    ]
    return np.array(values, np.float64).reshape(by_ticker.shape)


def _of_quantiles(test: Arrays, by_ticker: _Cells) -> dict[str, np.ndarray]:
    """Coverage, bounds included, and the pinball loss of Koenker and Bassett (1978), mean of the five quantiles."""
    actual = test["actual"]
    losses = []
    for name, level in QUANTILES.items():
        above = actual - test[name]
        losses.append(np.maximum(level * above, (level - 1) * above))
    covered = [
        by_ticker.count((test[low] <= actual) & (actual <= test[high]))
        for low, high in (("lstm_p10", "lstm_p90"), ("lstm_p025", "lstm_p975"))
    ]
    loss = np.mean(losses, axis=0) / test["naive"] * 1e4
    return {"covered": np.stack(covered, axis=2), "pinball": by_ticker.sum(loss)}


def _measures(scores: Arrays) -> dict[str, np.ndarray]:
    """Each measure as float64[1 + k, 4 or 1, 3 horizons], the pooled row first; NaN where there is none."""
    n, squared, absolute = scores["n"][:, None, :], scores["squared"], scores["absolute"]
    ratios = {
        "rmse_vs_naive": np.sqrt(_ratio(squared, squared[:, :1])),
        "mae_vs_naive": _ratio(absolute, absolute[:, :1]),
        # Hyndman and Koehler (2006): every horizon is scaled by the one-row naive error of the rows before the test
        "mase": _ratio(_ratio(absolute, n), scores["scale"][:, None, None]),
    }
    measures = {name: np.concatenate([_mean_of_known(values), values]) for name, values in ratios.items()}
    measures["rmse"] = np.sqrt(_with_total(squared, n))
    measures["mae"] = _with_total(absolute, n)
    measures["always_up_rate"] = _with_total(scores["ups"][:, None, :], scores["actual_moves"][:, None, :])
    measures["directional_accuracy"] = _with_total(scores["hits"], scores["moves"], FEWEST_MOVES)
    measures["dm_t"] = np.concatenate([_pooled_dm(scores)[None], scores["dm_t"]])
    for i, name in enumerate(("coverage80", "coverage95")):
        measures[name] = _only_lstm(_with_total(scores["covered"][:, None, :, i], n))
    measures["pinball"] = _only_lstm(_with_total(scores["pinball"][:, None, :], n))
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


def _only_lstm(values: np.ndarray) -> np.ndarray:
    """float64[1 + k, 4, 3] from [1 + k, 1, 3]: the other models have no quantiles."""
    has_quantiles = np.array([model == "lstm" for model in MODELS])[None, :, None]
    return np.where(has_quantiles, values, np.nan)


def _pooled_dm(scores: Arrays) -> np.ndarray:
    """float64[4, 3]: Diebold-Mariano on the mean relative loss of each target day, so tickers of a day count once."""
    statistics = np.full((len(MODELS), len(HORIZONS)), np.nan)
    for i, horizon in enumerate(HORIZONS):
        with_rows = scores["day_n"][:, i] > 0
        for m in range(len(MODELS)):
            daily = scores["day_loss"][with_rows, m, i] / scores["day_n"][with_rows, i]
            statistics[m, i] = diebold_mariano(daily, horizon)
    return statistics
