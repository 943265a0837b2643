"""Series of prices that files do hold and that break what was made for ordinary ones."""

import numpy as np

import data
from tests.support import prices

ROWS = 300
COLUMNS = ("adjclose", "high", "low")


def bars(seed=1, rows=ROWS, level=100.0):
    made = prices.bars(seed, rows, level)
    return {name: made[name].astype(np.float32) for name in COLUMNS}


def changed(made, rows, **columns):
    """`made` with these columns at `rows` replaced."""
    return made | {name: np.where(rows, value, made[name]).astype(np.float32) for name, value in columns.items()}


def flat(adjclose):
    """Where high and low are what the close is."""
    return dict.fromkeys(COLUMNS, np.asarray(adjclose, np.float32))


def series():
    """By name, columns [300] each: float32 with 0 for missing."""
    draw, row, ordinary = np.random.default_rng(1), np.arange(ROWS), bars()
    close = ordinary["adjclose"]
    halted = close[np.where(row < 150, row, np.where(row < 290, 150, row))]
    ticks = 0.01 * (2 + np.cumsum(draw.choice([0, 0, 0, 1, -1], ROWS)) % 3)
    once = np.where(row < 250, 50.0, 50.01)
    wild = close * np.exp(np.cumsum(np.where(row % 40 == 39, 1.5 * (-1.0) ** (row // 40), 0)))
    made = {
        "ordinary": ordinary,
        "behind padding": {name: np.where(row < ROWS - 61, 0, column) for name, column in ordinary.items()},
        "close only": changed(ordinary, row >= 0, high=0, low=0),
        "half close only": changed(ordinary, row % 2 == 0, high=0, low=0),
        "first high and low after years": changed(ordinary, row < ROWS - 10, high=0, low=0),
        "last high and low years ago": changed(ordinary, row >= 150, high=0, low=0),
        "crossed high and low": ordinary | {"high": ordinary["low"], "low": ordinary["high"]},
        "high and low of the close": flat(close),
        "halted": flat(halted),
        "halted, with ranges": ordinary | {"adjclose": halted},
        "trades once a week": flat(close[row // 5 * 5]),
        "one-tick prices": flat(ticks),
        "one move": flat(once),
        "one tiny move": flat(np.where(row < 250, 1.0, np.nextafter(np.float32(1), np.float32(2)))),
        "false low": changed(ordinary, row == 200, low=close[200] / 100),
        "false close": changed(ordinary, row == 200, adjclose=close[200] / 100),
        "wild": {"adjclose": wild, "high": wild * 1.5, "low": wild / 1.5},
        "rises always": flat(100 * 1.01**row),
        "constant": flat(np.full(ROWS, 12.34)),
        "constant, with ranges": ordinary | {"adjclose": np.full(ROWS, 12.34)},
    }
    return {name: {key: one[key].astype(np.float32) for key in COLUMNS} for name, one in made.items()}


SERIES = series()


def file(series, days=None):
    """Prices of tickers {name: columns}, all rows before the test; `days` gives a ticker other days than 0, 1, 2 ..."""
    names = sorted(series)
    own_days = [(days or {}).get(name, np.arange(len(series[name]["adjclose"]))) for name in names]
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in own_days])])
    columns = [np.concatenate([series[name][key] for name in names]).astype(np.float64) for key in COLUMNS]
    cuts = np.column_stack([offsets[:-1]] * 3 + [offsets[1:]])
    return data.Prices(names, offsets, np.concatenate(own_days), *columns, cuts)
