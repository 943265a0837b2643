"""Rows of predictions made to be scored, and what the metrics table says of them."""

import numpy as np

from stocks import metrics
from stocks.contract import MODELS, QUANTILES
from tests.support import shards
from tests.support.prices import walk

NAMES = (*MODELS[1:], *QUANTILES)
RATIOS = ("rmse_vs_naive", "mae_vs_naive", "mase", "pinball_vs_constant")
NOTHING = [None] * len(metrics.MEASURES)
LAST_KNOWN = shards.weekdays(119)[-1]
SHARD = shards.shard({"A": [10.0, 12.0, 11.0, 14.0]}, test_from=shards.weekdays(4)[3])
THREE = shards.shard({name: walk(seed, 150) for seed, name in enumerate("ABC")}, test_from=shards.weekdays(120)[-1])


def some_rows(actual, origin, ticker=0, horizon=1, day=0, **forecasts):
    """Rows of one ticker and horizon on consecutive days; models that are not given say the origin's price."""
    actual, origin = np.array(actual, float), np.array(origin, float)
    days = day + np.arange(len(actual))
    rows = {"ticker": np.full(len(actual), ticker), "horizon": np.full(len(actual), horizon, np.int32)}
    rows |= {"origin_day": days - horizon, "target_day": days, "future": np.zeros(len(actual), bool)}
    given = {name: np.array(forecasts.get(name, origin), float) for name in NAMES}
    given |= {name: np.full(len(actual), forecasts.get(name, 0.01**2)) for name in ("expected_move", "variance")}
    return rows | {"actual": actual, "naive": origin} | given


def joined(*parts):
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def table(rows, shard):
    """The metrics table of rows as {(ticker, model, horizon): row}."""
    found = metrics.rows(metrics.columns(metrics.pool([metrics.score(rows, shard)])))
    return {(row["ticker"], row["model"], row["horizon"]): row for row in found}


def random_rows(seed, tickers=3, days=60):
    """Rows of every horizon: a walk, and forecasts around it."""
    parts = []
    for ticker in range(tickers):
        rng = np.random.default_rng((seed, ticker))
        prices = walk((seed, ticker), days + 20, start=10.0 ** (ticker + 1))
        for horizon in (1, 5, 20):
            origin, actual = prices[: days + 20 - horizon], prices[horizon:]
            spread = np.sort(rng.normal(0, 0.02 * horizon**0.5, (5, len(origin))), axis=0)
            forecasts = {name: origin * (1 + rng.normal(0, 0.01, len(origin))) for name in NAMES[:4]}
            forecasts |= {name: origin * (1 + s) for name, s in zip(QUANTILES, spread, strict=True)}
            forecasts |= {"expected_move": rng.uniform(0.01, 0.05), "variance": rng.uniform(1e-5, 1e-3)}
            parts.append(some_rows(actual, origin, ticker, horizon, day=horizon, **forecasts))
    return joined(*parts)
