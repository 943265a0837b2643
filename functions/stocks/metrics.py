"""How good the forecasts were: sums of one shard's errors, their pooling, and the measures made of them.

`score` turns the test rows of a shard into sums, `pool` adds the sums of shards, `columns` makes the metrics table.
A scores file holds (k tickers, models in the order of MODELS, horizons 1, 5, 20, d target days):

    tickers U[k], scale float64[k]       mean |one-row change| before test_from, in price units
    n int64[k, 5, 3]                     test rows that the model forecast
    squared, absolute float64[k, 5, 3]   sums of squared and absolute errors, in price units
    actual_moves, ups int64[k, 3]        rows whose price moved at all, and rose, between origin and target
    moves, hits int64[k, 5, 3]           rows where forecast and price both moved, and moved the same way
    dm_t float64[k, 5, 3]                Diebold-Mariano statistic against naive, NaN where there is none
    covered int64[k, 3, 2]               rows inside the 80 % and the 95 % interval
    pinball, constant float64[k, 3]      sums over rows of the mean pinball loss, in basis points of the naive
                                         price: of the ranges, and of the ticker's own constant ones
    moving int64[k, 3]                   test rows with an expected move: the price moved in the 119 rows before
    qlike float64[k, 3]                  sum over these of the loss of the expected move (stocks.volatility.qlike)
    day int32[d], day_n int64[d, 3]      target days and their rows
    day_loss float64[d, 5, 3]            sum of (squared error - naive's) / origin's price squared
    day_moves, day_hits int64[d, 5, 3]   moves and hits by target day
    day_beyond int64[d, 3]               rows beyond the 95 % interval by target day
    day_still int64[d, 3]                rows inside a 95 % interval without width, of a price that stood still
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import TypedDict, cast

import numpy as np

from stocks import measures, traffic_light, volatility
from stocks.contract import HORIZONS, MODELS, QUANTILES, Arrays
from stocks.day_sums import DaySums
from stocks.measures import FEWEST_MOVES
from stocks.series import Shard
from stocks.significance import diebold_mariano

POOLED = "*"
ROWS = len(MODELS) * len(HORIZONS)  # of a ticker in the metrics table
MEASURES = (
    "rmse", "mae", "rmse_vs_naive", "mae_vs_naive", "mase", "directional_accuracy", "always_up_rate", "dm_t",
    "coverage80", "coverage95", "pinball", "pinball_vs_constant", "qlike", "rmse_vs_naive_median",
    "mae_vs_naive_median", "mase_median", "pinball_vs_constant_median",
)  # fmt: skip
TICKER_SUMS = (
    "scale", "n", "squared", "absolute", "actual_moves", "ups", "moves", "hits", "dm_t", "covered", "pinball",
    "constant", "moving", "qlike",
)  # fmt: skip
OF_MODELS = ("day_loss", "day_moves", "day_hits")
DAY_SUMS = ("day_n", "day_beyond", "day_still", *OF_MODELS)


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
    pinball_vs_constant: float | None
    qlike: float | None
    rmse_vs_naive_median: float | None  # over tickers, in the pooled row only
    mae_vs_naive_median: float | None
    mase_median: float | None
    pinball_vs_constant_median: float | None


class DirectionInterval(TypedDict):
    """The 95 % interval of a pooled directional accuracy; None below FEWEST_MOVES, and where days are too few."""

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
        "day_n": by_day.count(np.ones(len(cell))),
        "day_beyond": by_day.count((test["actual"] < test["p025"]) | (test["p975"] < test["actual"])),
        "day_still": by_day.count((test["p025"] == test["actual"]) & (test["actual"] == test["p975"])),
    }
    return (
        sums
        | _direction_of_actual(test, by_ticker)
        | _of_models(test, by_ticker, by_day)
        | _of_ranges(test, by_ticker)
        | {"constant": _of_constant_ranges(test, shard, by_ticker)}
    )


def pool(scores: Iterable[Arrays]) -> dict[str, np.ndarray]:
    """The scores of several shards as one, tickers sorted; a pool can be pooled again. There is one at least."""
    shards = iter(scores)
    first = next(shards)
    by_day = DaySums(**{key: first[key][:0] for key in DAY_SUMS})
    by_ticker: dict[str, list[np.ndarray]] = {key: [] for key in ("tickers", *TICKER_SUMS)}
    for shard in itertools.chain([first], shards):
        place = by_day.places(shard["day"])
        for key in DAY_SUMS:
            by_day.sums[key][place] += shard[key]
        for key, parts in by_ticker.items():
            parts.append(shard[key])
    order = np.argsort(np.concatenate(by_ticker["tickers"]), kind="stable")
    joined = {key: np.concatenate(parts)[order] for key, parts in by_ticker.items()}
    return joined | {"day": by_day.day} | by_day.sums


def columns(scores: Arrays) -> dict[str, np.ndarray]:
    """The metrics table by column: the pooled rows (ticker '*') first, then every ticker, model and horizon.

    Measures are masked arrays, masked where there is nothing to measure: write them with schemas.to_parquet, or take
    `rows` for dicts. n = 0 stays in the table, so every ticker has its fifteen rows.
    """
    (whole,) = pieces(scores, 1 + len(scores["tickers"]))
    return whole


def pieces(scores: Arrays, most: int) -> Iterator[dict[str, np.ndarray]]:
    """The table of `columns` in pieces of so many tickers, the pooled rows counted as one."""
    tickers = np.concatenate([[POOLED], scores["tickers"]]) if len(scores["tickers"]) else np.array([POOLED])
    n, measured = np.concatenate([scores["n"].sum(axis=0)[None], scores["n"]]), measures.of(scores)
    for begin in range(0, len(tickers), most):
        own = slice(begin, begin + most)
        names = tickers[own]
        yield {
            "ticker": np.repeat(names, ROWS),
            "model": np.tile(np.repeat(np.array(MODELS), len(HORIZONS)), len(names)),
            "horizon": np.tile(np.array(HORIZONS, np.int32), len(names) * len(MODELS)),
            "n": n[own].ravel(),
            **{name: np.ma.masked_invalid(measured[name][own].ravel()) for name in MEASURES},
        }


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

    Tickers of one day move together and horizons overlap, as prices beyond a range do.
    """
    intervals: list[DirectionInterval] = []
    for m, model in enumerate(MODELS):
        for i, horizon in enumerate(HORIZONS):
            hits, moves = scores["day_hits"][:, m, i], scores["day_moves"][:, m, i]
            enough = moves.sum() >= FEWEST_MOVES
            low, high = (traffic_light.interval(moves, hits, horizon) if enough else None) or (None, None)
            intervals.append({"model": model, "horizon": horizon, "low": low, "high": high})
    return intervals


def beyond(scores: Arrays) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """By horizon, the rows of each target day and those beyond the 95 % interval, int64[d] in time order."""
    return {h: (scores["day_n"][:, i], scores["day_beyond"][:, i]) for i, h in enumerate(HORIZONS)}


def still(scores: Arrays) -> np.ndarray:
    """int64[d]: of the rows of one day ahead those whose price stood still in a range without width."""
    return scores["day_still"][:, 0]


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
    sums: dict[str, list] = {key: [] for key in ("n", "squared", "absolute", "moves", "hits", "dm_t", *OF_MODELS)}
    change = np.sign(test["actual"] - test["naive"])
    naive_loss = (test["actual"] - test["naive"]) ** 2
    for model in MODELS:
        error = test["actual"] - test[model]
        known = np.isfinite(error)
        product = np.where(known, change * np.sign(test[model] - test["naive"]), 0)
        difference = error**2 - naive_loss
        sums["n"].append(by_ticker.count(known))
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


def _of_ranges(test: Arrays, by_ticker: _Cells) -> dict[str, np.ndarray]:
    """Coverage, bounds included, pinball loss and QLIKE of the ranges."""
    actual = test["actual"]
    covered = [
        by_ticker.count((test[low] <= actual) & (actual <= test[high]))
        for low, high in (("p10", "p90"), ("p025", "p975"))
    ]
    loss = pinball(actual, np.column_stack([test[name] for name in QUANTILES])) / test["naive"] * 1e4
    expected = test["expected_move"] ** 2 / test["horizon"]
    return {
        "covered": np.stack(covered, axis=2),
        "pinball": by_ticker.sum(loss),
        "moving": by_ticker.count(expected > 0),
        "qlike": by_ticker.sum(np.where(expected > 0, volatility.qlike(test["variance"], expected), 0.0)),
    }


def _of_constant_ranges(test: Arrays, shard: Shard, by_ticker: _Cells) -> np.ndarray:
    """float64[k, 3]: the loss of ranges that the ticker's own changes before test_from give, the same on every day."""
    quantiles = np.zeros((len(shard) * len(HORIZONS), len(QUANTILES)))
    for i, ticker in enumerate(shard):
        known = np.log(ticker.rows["adjclose"][: ticker.bounds[2]])
        for j, horizon in enumerate(HORIZONS):
            if len(known) > horizon:
                moves = known[horizon:] - known[:-horizon]
                quantiles[i * len(HORIZONS) + j] = np.quantile(moves, tuple(QUANTILES.values()))
    ranges = test["naive"][:, None] * np.exp(quantiles[by_ticker.cell])
    return by_ticker.sum(pinball(test["actual"], ranges) / test["naive"] * 1e4)


def pinball(actual: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """float64[m]: the pinball loss of Koenker and Bassett (1978), mean of the five quantiles [m, 5]."""
    level, above = np.array(tuple(QUANTILES.values())), actual[:, None] - quantiles
    return np.maximum(level * above, (level - 1) * above).mean(axis=1)
