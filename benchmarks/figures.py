"""Figures of methods by year, horizon and measure, from scores of whole years."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from benchmarks.walk import Year
from stocks import metrics
from stocks.contract import MODELS


class Method(NamedTuple):
    """How a method is called in the tables, whose scores hold it, and in which model's seat."""

    label: str
    scores: str
    seat: str = "lstm"


LSTM = Method("**LSTM, as published**", "lstm")
UNGATED = Method("LSTM by itself: gates 1, its own quantiles", "ungated")
UNCALIBRATED = Method("as published, before conformal", "uncalibrated")
NAIVE = Method("naive", "lstm", "naive")
DRIFT = Method("drift", "lstm", "drift")
FOREST = Method("the lab's Random Forest", "lstm", "random_forest")
LAB = Method("the lab's LSTM", "lab_lstm")
CONSTANT = Method("random walk, constant empirical", "constant")
VOLATILITY = Method("random walk, volatility-scaled", "volatility")
CLASSICAL = (Method("AutoETS on logs", "AutoETS"), Method("AutoARIMA on logs", "AutoARIMA"))


class Figures:
    """The metrics of every year, by the product's own code, over all tickers or over some."""

    def __init__(self, years: Sequence[Year], only_subset: bool = False):
        self.years = [year.year for year in years]
        self.methods = {name for year in years for name in year.scores}
        self.rows: dict[tuple, Mapping[str, Any]] = {}
        self.r2: dict[tuple[str, str], list[np.ndarray]] = {}
        self.tickers: list[list[str]] = []
        for at, year in enumerate(years):
            wanted = year.subset if only_subset else year.scores["lstm"]["tickers"].tolist()
            self.tickers.append(wanted)
            for name, scores in year.scores.items():
                chosen = select(scores, wanted)
                spread = np.where(chosen["spread"] > 0, chosen["spread"], np.nan)
                for seat, squared in zip(MODELS, chosen["squared"].swapaxes(0, 1), strict=True):
                    self.r2.setdefault((name, seat), []).append(1 - squared / spread)
                for row in metrics.rows(metrics.columns(chosen)):
                    self.rows[at, name, row["ticker"], row["model"], row["horizon"]] = dict(row)

    def has(self, method: Method) -> bool:
        return method.scores in self.methods

    def by_year(self, method: Method, measure: str, horizon: int, ticker: str = metrics.POOLED) -> list[float | None]:
        return [self.rows[at, method.scores, ticker, method.seat, horizon][measure] for at in range(len(self.years))]

    def mean(self, method: Method, measure: str, horizon: int) -> float:
        """Mean over years; every year counts once."""
        return float(np.mean(np.array(self.by_year(method, measure, horizon), float)))

    def by_ticker(self, method: Method, measure: str, horizon: int) -> np.ndarray:
        """Every ticker of every year that has the measure."""
        found = [
            self.rows[at, method.scores, ticker, method.seat, horizon][measure]
            for at, tickers in enumerate(self.tickers)
            for ticker in tickers
        ]
        return np.array([value for value in found if value is not None])

    def worst(self, method: Method, measure: str, horizon: int) -> float:
        return float(self.by_ticker(method, measure, horizon).max())

    def median_r2(self, method: Method) -> float:
        """Of ticker-years at h = 1: not a measure of anything, but what would be shown elsewhere."""
        return float(np.nanmedian(np.concatenate(self.r2[method.scores, method.seat])[:, 0]))


def select(scores: dict, wanted: list[str]) -> dict:
    """The scores of the wanted tickers, to be pooled over them alone; sums by day stay those of all tickers."""
    chosen = np.isin(scores["tickers"], wanted)
    return scores | {name: scores[name][chosen] for name in ("tickers", "spread", *metrics.TICKER_SUMS)}
