"""What every part must agree on: horizons, models, quantiles, columns, and how many rows a forecast needs.

training/ runs in SageMaker's container without this package, so it says the same once more in its own modules;
tests/project/test_contract.py holds the two together. Standard library only: some Lambdas have no numpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

type Arrays = Mapping[str, np.ndarray]  # the arrays of one working file by name; docs/architecture.md lists them

HORIZONS = (1, 5, 20)  # rows of the ticker ahead, which are its trading days
PRICES = ("adjclose", "open", "high", "low", "close")
COLUMNS = (*PRICES, "volume")  # what is read of a row beside ticker and day
# The model computes in float32, whose largest number is 3e38: even the ratio of two prices must fit.
LEAST_PRICE, GREATEST_PRICE = 1e-15, 1e15
CUTS = ("validation_from", "decision_from", "test_from")  # days that split the rows: each block ends before the next

MODELS = ("naive", "drift", "random_forest", "lstm", "forecast")
BASELINES = MODELS[:3]  # those that need no endpoint
QUANTILES = {"p025": 0.025, "p10": 0.1, "p50": 0.5, "p90": 0.9, "p975": 0.975}
OUTPUTS = ("lstm", "forecast", *QUANTILES, "expected_move")  # of the endpoint, for one origin and horizon
SCHEMA = 2  # of the tables: runs of another are in no view

FEWEST_ROWS = 100  # of a ticker before the test period, or it is not forecast
WINDOW = 120  # rows that a forecast of the endpoint reads
VOLATILITY_ROWS = 100  # returns that the volatility reads by which the LSTM's input is scaled
FEWEST_ORIGIN_ROWS = 61  # rows up to and including an origin, or the model's forecast from it is not kept
FEWEST_WINDOWS = {"train": 1000, "validation": 50}  # origins of a dataset, or no LSTM is trained
CLIP = 8.0  # a forecast is at most so many times the largest daily move, times sqrt(h), from the last price
ROUNDING = 1e-6  # of a price: forecasts come as float32, and what is nearer than this to a price is that price

FOREST_TREES, FOREST_SEED = 30, 7  # of the random forest, one per ticker

FORECAST, STALE, SKIPPED = "forecast", "stale", "skipped"  # the status of a ticker

FEWEST_BLOCKS = 30  # independent stretches of days, or the gate stays shut
# Why training's gate is shut, by horizon; `wording` says each in words.
FEW_BLOCKS, NO_MOVE, UNPROVEN = "few_blocks", "no_move", "unproven"
