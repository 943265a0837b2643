"""Shards and a small model made for tests, by the contracts of docs/architecture.md."""

import dataclasses
import json

import numpy as np

from stocks.contract import COLUMNS
from stocks.series import Shard
from tests.support import prices

TEST_FROM = 260  # row of the longest tickers; the day is the same for all


def weekdays(rows, first="2020-01-01"):
    """int32[rows] days since 1970 without weekends."""
    return prices.weekdays(rows, first).astype(np.int32)


def shard(tickers, test_from=None, days=None):
    """The shard of {name: prices}; `days` gives a ticker other days than the first weekdays of 2020."""
    names = sorted(tickers)
    own_days = [(days or {}).get(name, weekdays(len(tickers[name]))) for name in names]
    test_day = weekdays(TEST_FROM + 1)[-1] if test_from is None else test_from
    before = [int(np.searchsorted(ticker_days, test_day)) for ticker_days in own_days]
    adjclose = [np.asarray(tickers[name], np.float64) for name in names]
    made = {
        "tickers": np.array(names, dtype=str),
        "offsets": np.concatenate([[0], np.cumsum([len(p) for p in adjclose], dtype=np.int64)]),
        "days": np.concatenate([np.empty(0, np.int32), *own_days]).astype(np.int32),
        "adjclose": np.concatenate([np.empty(0), *adjclose]),
        "bounds": np.array([[b // 2, b * 3 // 4, b, len(p)] for b, p in zip(before, adjclose, strict=True)], np.int64),
        "minmax": np.array([[p[:b].min(), p[:b].max()] for b, p in zip(before, adjclose, strict=True)], np.float64),
    }
    made["bounds"], made["minmax"] = made["bounds"].reshape(-1, 4), made["minmax"].reshape(-1, 2)
    factors = {"open": 1.0, "high": 1.01, "low": 0.99, "close": 1.0}
    made |= {name: made["adjclose"] * factor for name, factor in factors.items()}
    return Shard(**made, volume=np.full(len(made["adjclose"]), 1e6))


def changed_after(made, day):
    """The shard with every value after a day replaced, and nothing else moved."""
    later = made.days > day
    factor = np.random.default_rng(1).uniform(0.5, 2.0, len(later))
    changed = {name: np.where(later, getattr(made, name) * factor, getattr(made, name)) for name in COLUMNS}
    return dataclasses.replace(made, **changed)


def answer(body):
    """What a small causal model says to a request: volatility of the last 60 rows, a point .1 % above."""
    predictions = []
    for instance in json.loads(body)["instances"]:
        series = np.array(instance["adjclose"])
        predictions.append([_origin(series[end - 119 : end + 1]) for end in range(119, len(series))])
    return json.dumps({"predictions": predictions}).encode()


def _origin(window):
    real = window[window > 0][-61:]
    if len(real) < 2:
        return [[1.0] * 6] * 3
    step = np.diff(np.log(real)).std()
    return [
        [
            real[-1] * (1.001 if step else 1),
            *(real[-1] * np.exp(z * step * h**0.5) for z in (-1.5, -1.0, 0.0, 1.0, 1.5)),
        ]
        for h in (1, 5, 20)
    ]
