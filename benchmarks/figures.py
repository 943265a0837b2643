"""Figures of methods by period, horizon and measure, from scores and losses of whole periods."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from benchmarks import comparison
from benchmarks.walk import OURS, Period
from stocks import metrics
from stocks.contract import HORIZONS, MODELS


class Method(NamedTuple):
    """How a method is called in the tables, whose scores hold it, and in which model's seat."""

    label: str
    scores: str
    seat: str = "forecast"


FORECAST = Method("**as published**", OURS)
LSTM = Method("the LSTM's own point", OURS, "lstm")
UNCALIBRATED = Method("as published, before the tracker", "uncalibrated")
NAIVE = Method("naive", OURS, "naive")
DRIFT = Method("drift", OURS, "drift")
FOREST = Method("the tutorial's Random Forest", OURS, "random_forest")
TUTORIAL = Method("the tutorial's LSTM", "tutorial_lstm")
CONSTANT = Method("random walk, constant", "constant")
VOLATILITY = Method("random walk, volatility-scaled", "volatility")
ETS, ARIMA = Method("AutoETS on logs", "AutoETS"), Method("AutoARIMA on logs", "AutoARIMA")
GARCH, GJR = Method("GARCH-t", "GARCH-t"), Method("GJR-t", "GJR-t")
SLOW = (ETS, ARIMA, GARCH, GJR)
CLOSE_ONLY = Method("without high and low", "close-only")


class Figures:
    """The metrics of every period, by the product's own code, over all tickers or over the subset of each."""

    def __init__(self, periods: Sequence[Period], only_subset: bool = False):
        self.periods = periods
        self.names = [period.name for period in periods]
        self.rows: dict[tuple, Mapping[str, Any]] = {}
        self.r2: dict[tuple[str, str], list[np.ndarray]] = {}
        self.tickers: list[list[str]] = []
        for at, period in enumerate(periods):
            wanted = period.subset if only_subset else period.scores[OURS]["tickers"].tolist()
            self.tickers.append(wanted)
            for name, scores in period.scores.items():
                chosen = select(scores, wanted)
                spread = np.where(chosen["spread"] > 0, chosen["spread"], np.nan)
                for seat, squared in zip(MODELS, chosen["squared"].swapaxes(0, 1), strict=True):
                    self.r2.setdefault((name, seat), []).append(1 - squared / spread)
                for row in metrics.rows(metrics.columns(chosen)):
                    self.rows[at, name, row["ticker"], row["model"], row["horizon"]] = dict(row)

    def has(self, method: Method) -> bool:
        """Whether it forecast anything in every period."""
        every = [period.scores.get(method.scores) for period in self.periods]
        return all(scores is not None and scores["n"][:, MODELS.index(method.seat)].any() for scores in every)

    def by_period(self, method: Method, measure: str, horizon: int, ticker: str = metrics.POOLED) -> list[float | None]:
        return [self.rows[at, method.scores, ticker, method.seat, horizon][measure] for at in range(len(self.names))]

    def mean(self, method: Method, measure: str, horizon: int) -> float:
        """Mean over periods; every one counts once."""
        return float(np.mean(np.array(self.by_period(method, measure, horizon), float)))

    def by_ticker(self, method: Method, measure: str, horizon: int) -> np.ndarray:
        """Every ticker of every period that has the measure."""
        found = [
            self.rows[at, method.scores, ticker, method.seat, horizon][measure]
            for at, tickers in enumerate(self.tickers)
            for ticker in tickers
        ]
        return np.array([value for value in found if value is not None])

    def worst(self, method: Method, measure: str, horizon: int) -> float:
        return float(self.by_ticker(method, measure, horizon).max())

    def median_r2(self, method: Method) -> float:
        """Of tickers and periods at h = 1: not a measure of anything, but what would be shown elsewhere."""
        return float(np.nanmedian(np.concatenate(self.r2[method.scores, method.seat])[:, 0]))

    def ratio(self, ours: Method, theirs: Method, loss: str, horizon: int) -> comparison.Ratio:
        """Of the means over periods of pinball, qlike or squared errors; both on the same tickers and days."""
        first, second = (
            self._by_day(method, method.seat if loss == "squared" else loss, horizon) for method in (ours, theirs)
        )
        return comparison.compare(first, second, horizon)

    def _by_day(self, method: Method, loss: str, horizon: int) -> np.ndarray:
        """float64[days of all periods]: what each adds to the mean; a day may belong to several periods."""
        at, days, losses = HORIZONS.index(horizon), [], []
        for period, wanted in zip(self.periods, self.tickers, strict=True):
            chosen = np.isin(period.scores[OURS]["tickers"], wanted)
            found, every = (period.losses[name][of][chosen, :, at] for name, of in ((method.scores, loss), NAIVE[1:]))
            if not np.array_equal(np.isfinite(found), np.isfinite(every)):
                raise ValueError(f"{method.label} lacks forecasts of {period.name}, {horizon} ahead")
            summed = comparison.by_day(found)
            days.append(period.days[np.isfinite(summed)])
            losses.append(summed[np.isfinite(summed)])
        _, day = np.unique(np.concatenate(days), return_inverse=True)
        return np.bincount(day, np.concatenate(losses))


def select(scores: dict, wanted: list[str]) -> dict:
    """The scores of the wanted tickers, to be pooled over them alone; sums by day stay those of all tickers."""
    chosen = np.isin(scores["tickers"], wanted)
    return scores | {name: scores[name][chosen] for name in ("tickers", "spread", *metrics.TICKER_SUMS)}
