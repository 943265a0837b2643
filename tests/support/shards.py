"""Shards and a small model made for tests, by the contracts of docs/architecture.md."""

import dataclasses
import json

import numpy as np

from stocks.contract import COLUMNS, HORIZONS
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


def answer(body, trained=True):
    """What a small causal model says to a request: an LSTM that is .2 % above where one was trained, a forecast that
    goes half of the way, and the volatility of the last 60 rows."""
    predictions = []
    for instance in json.loads(body)["instances"]:
        series = np.array(instance["adjclose"])
        predictions.append([_origin(series[end - 119 : end + 1], trained) for end in range(119, len(series))])
    return json.dumps({"predictions": predictions}).encode()


def _origin(window, trained):
    real = window[window > 0][-61:]
    last = real[-1] if len(real) else 0.0
    step = np.diff(np.log(real)).std() if len(real) > 1 else 0.0
    lstm, forecast = (1.002, 1.001) if trained and step else (1.0, 1.0)
    points = [last * lstm if trained else 0.0, last * forecast]
    unit = [step * h**0.5 for h in HORIZONS]
    return [[*points, *(last * np.exp(z * one) for z in (-1.5, -1.0, 0.0, 1.0, 1.5)), one] for one in unit]
