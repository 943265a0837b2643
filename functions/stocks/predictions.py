"""The rows of the predictions table: what happened, and what every model had said, side by side."""

from collections.abc import Sequence

import numpy as np

from stocks import intervals, volatility
from stocks.contract import BASELINES, HORIZONS, OUTPUTS, ROUNDING, Arrays
from stocks.dataset import calendars
from stocks.series import Shard


def join(
    shard: Shard,
    baseline: Arrays,
    forecasts: Arrays,
    calibration: Arrays,
    kept_calendars: Sequence[str],
    stale: np.ndarray,
) -> dict[str, np.ndarray]:
    """Columns of m rows sorted by ticker, horizon and origin day, prices float64 in the ticker's currency.

    ticker int64 (index into the shard's tickers), origin_day, target_day int32 (days since 1970), horizon int32,
    future bool, actual and variance (NaN where future), naive, drift, random_forest, lstm (NaN where none was trained),
    forecast, p025, p10, p50, p90, p975, and expected_move, a fraction. variance is the mean daily one of the days from
    origin to target.
    A test row's target is the ticker's own row h ahead; the last row gives one future row per horizon, whose target is
    the h-th session of the ticker's calendar by kept_calendars, one name per ticker. A ticker that has ended, by stale
    bool[k], has no future row. Raises ValueError where the three are not of the same tickers.
    """
    for name, other in (("baseline", baseline), ("forecasts", forecasts)):
        if not np.array_equal(shard.tickers, other["tickers"]):
            raise ValueError(f"the shard and its {name} hold different tickers; start the execution again")
    ticker = np.repeat(np.arange(len(shard)), np.diff(baseline["offsets"]))
    row, end = shard.offsets[ticker] + baseline["origin"], shard.offsets[ticker + 1]
    outputs = forecasts["outputs"][_positions(baseline, forecasts)]
    stretch = intervals.stretch_on(calibration, shard.days[row])
    outputs[:, :, intervals.RANGE] = intervals.widen(outputs[:, :, intervals.RANGE], stretch)
    variance, ahead = volatility.daily_variance(shard), future_days(shard, kept_calendars)
    parts = []
    for i, horizon in enumerate(HORIZONS):
        kept = (row + horizon < end) | ((row == end - 1) & ~stale[ticker])
        named = _named(baseline["prices"][kept, i], outputs[kept, i])
        targets = _targets(shard, variance, ahead[:, i], ticker[kept], row[kept], horizon)
        parts.append({"ticker": ticker[kept], **targets, **named})
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((columns["origin_day"], columns["horizon"], columns["ticker"]))
    return {name: column[order] for name, column in columns.items()}


def future_days(shard: Shard, kept_calendars: Sequence[str]) -> np.ndarray:
    """int32[k, h]: by horizon, the day of that session after each ticker's last row."""
    names = np.array(kept_calendars, str)
    last = shard.days[shard.offsets[1:] - 1]
    ahead = np.empty((len(shard), len(HORIZONS)), np.int32)
    for name in np.unique(names):
        own = names == name
        for i, horizon in enumerate(HORIZONS):
            ahead[own, i] = calendars.sessions_ahead(str(name), last[own], horizon)
    return ahead


def _positions(baseline: Arrays, forecasts: Arrays) -> np.ndarray:
    """Where the forecasts file has each origin of the baseline file. Raises ValueError for one it lacks."""
    wanted, offered = _key(baseline), _key(forecasts)
    positions = np.searchsorted(offered, wanted)
    missing = np.append(offered, -1)[positions] != wanted
    if missing.any():
        first = int(np.argmax(missing))
        ticker = baseline["tickers"][wanted[first] >> 32]
        raise ValueError(f"{missing.sum()} origins lack a forecast, first {ticker}, row {baseline['origin'][first]}")
    return positions


def _key(forecasts: Arrays) -> np.ndarray:
    """int64[m], ascending: ticker and origin in one number."""
    ticker = np.repeat(np.arange(len(forecasts["tickers"])), np.diff(forecasts["offsets"]))
    return (ticker << 32) + forecasts["origin"]


def _targets(
    shard: Shard, variance: np.ndarray, ahead: np.ndarray, ticker: np.ndarray, row: np.ndarray, horizon: int
) -> dict[str, np.ndarray]:
    """Days, actual prices and variances of origins given by their row in the shard; `ahead` are the future days."""
    future = row == shard.offsets[ticker + 1] - 1
    target = np.where(future, row, row + horizon)
    return {
        "origin_day": shard.days[row],
        "target_day": np.where(future, ahead[ticker], shard.days[target]).astype(np.int32),
        "horizon": np.full(len(row), horizon, np.int32),
        "future": future,
        "actual": np.where(future, np.nan, shard.adjclose[target]),
        "variance": np.where(future, np.nan, volatility.realised(variance, np.where(future, 0, row), horizon)),
    }


def _named(baseline: np.ndarray, outputs: np.ndarray) -> dict[str, np.ndarray]:
    """Each model's column, and those of the range."""
    columns = dict(zip(BASELINES, baseline.T, strict=True))
    *prices, expected_move = outputs.T
    for name, values in zip(OUTPUTS, prices, strict=False):
        # the quantiles, too: an interval without width must hold a price that stands still
        columns[name] = np.where(np.abs(values / columns["naive"] - 1) < ROUNDING, columns["naive"], values)
    lstm = np.where(columns["lstm"] > 0, columns["lstm"], np.nan)
    return columns | {"lstm": lstm, "expected_move": expected_move}
