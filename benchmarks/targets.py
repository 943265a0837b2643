"""The targets set for the forecasts before they were measured, and whether a run meets them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmarks import figures
from benchmarks.figures import ARIMA, CLOSE_ONLY, CONSTANT, ETS, FORECAST, FOREST, GARCH, TUTORIAL, VOLATILITY, Figures
from benchmarks.files import HORIZONS
from benchmarks.walk import Period, Year

if TYPE_CHECKING:
    from benchmarks.results import Results

FIRST_VERSION = {1: 0.99, 5: 0.99, 20: 0.97}
COVERAGE80 = {1: (0.01, 0.015), 5: (0.02, 0.045), 20: (0.035, 0.08)}  # mean over years, each year
WITHOUT_RANGES, COVERAGE_WITHOUT = {1: 1.02, 5: 1.02, 20: 1.03}, 0.05
FIT_SECONDS, FIT_MIB, TIMES_CHEAPER = 60, 2048, 30
type Values = float | np.floating | np.ndarray | Sequence[float | None]


class Target(NamedTuple):
    what: str
    limit: str
    measured: str
    met: bool


def check(results: Results, all_tickers: Figures, subset: Figures) -> Iterator[Target]:
    yield from first_version(results.first, all_tickers, subset)
    yield from rivals(all_tickers, "all tickers", (CONSTANT, VOLATILITY))
    yield from rivals(subset, "subset", (CONSTANT, VOLATILITY, ETS, ARIMA, GARCH))
    for name, periods in results.close_only.items():
        yield from close_only(periods, f"without high and low of {name}")
    if one := results.short.get(1):
        yield from close_only(one, "files of one ticker without high and low")
    yield from coverage(all_tickers)
    yield from points(all_tickers)
    yield from half_of_the_tutorial(all_tickers, subset)
    yield from costs(results.years)


def at_most(what: str, limit: float, values: Values, digits: int = 4) -> Target:
    """A target over one or several values, all of which have to meet it."""
    values = np.atleast_1d(np.array(values, float))
    shown = " / ".join(f"{value:.{digits}f}" for value in values)
    return Target(what, f"≤ {limit:g}", shown, bool((values <= limit).all()))


def first_version(first: dict[str, list[float]], all_tickers: Figures, subset: Figures) -> Iterator[Target]:
    for which, found in (("all", all_tickers), ("subset", subset)):
        for horizon, before in zip(HORIZONS, first.get(which, []), strict=bool(first)):
            ratio = found.mean(FORECAST, "pinball", horizon) / before
            what = f"pinball over that of the first version, h = {horizon}, {which}"
            yield at_most(what, FIRST_VERSION[horizon], ratio)


def rivals(found: Figures, which: str, methods: Sequence[figures.Method]) -> Iterator[Target]:
    """Less loss at 1 and 5 days; at 20 days not more by more than chance, which a year has too few months to tell."""
    for rival in methods:
        if found.has(rival):
            for horizon in HORIZONS:
                ratio = found.ratio(FORECAST, rival, "pinball", horizon)
                what = f"pinball over that of {rival.label}, h = {horizon}, {which}"
                if horizon < max(HORIZONS):
                    yield Target(what, "< 1", str(ratio), ratio.value < 1)
                else:
                    yield Target(what, "not significantly > 1", str(ratio), ratio.low <= 1)


def close_only(periods: Sequence[Period], what: str) -> Iterator[Target]:
    found = Figures(periods, only_subset=True)
    for horizon in HORIZONS:
        ratio = found.ratio(CLOSE_ONLY, FORECAST, "pinball", horizon)
        yield at_most(f"pinball {what}, over that with them, h = {horizon}", WITHOUT_RANGES[horizon], ratio.value)
        covered = [found.mean(method, "coverage80", horizon) for method in (CLOSE_ONLY, FORECAST)]
        yield within(
            f"80 % coverage {what}, less that with them, h = {horizon}", covered[0] - covered[1], 0, COVERAGE_WITHOUT
        )


def points(found: Figures) -> Iterator[Target]:
    for measure, name in (("rmse_vs_naive", "RMSE"), ("mae_vs_naive", "MAE")):
        by_year = np.array([found.by_period(FORECAST, measure, horizon) for horizon in HORIZONS], float)
        yield at_most(f"{name} / naive, mean over years, h = 1 / 5 / 20", 1.001, by_year.mean(axis=1))
        yield at_most(f"{name} / naive, worst year, h = 1 / 5 / 20", 1.005, by_year.max(axis=1))
        yield at_most(f"{name} / naive, worst ticker-year, h = 1", 1.01, found.worst(FORECAST, measure, 1))


def half_of_the_tutorial(all_tickers: Figures, subset: Figures) -> Iterator[Target]:
    """Both readings of "half": of the mean ratio to naive, and, ticker by ticker, of the RMSE."""
    for tutorial, found, which in ((FOREST, all_tickers, "all tickers"), (TUTORIAL, subset, "subset")):
        ours, theirs = (found.mean(method, "rmse_vs_naive", 1) for method in (FORECAST, tutorial))
        yield at_most(f"mean RMSE / naive over that of {tutorial.label}, h = 1, {which}", 0.5, ours / theirs, 3)
        ratio = found.by_ticker(FORECAST, "rmse", 1) / found.by_ticker(tutorial, "rmse", 1)
        yield at_most(f"RMSE over that of {tutorial.label}, mean of ticker-years, h = 1, {which}", 0.5, ratio.mean(), 3)


def coverage(found: Figures) -> Iterator[Target]:
    for horizon, (mean_band, year_band) in COVERAGE80.items():
        covered = np.array(found.by_period(FORECAST, "coverage80", horizon), float)
        for what, values, band in (("mean over years", covered.mean(), mean_band), ("each year", covered, year_band)):
            yield within(f"80 % coverage, {what}, h = {horizon}", values, 0.8, band)
    yield within("95 % coverage, each year, h = 1", found.by_period(FORECAST, "coverage95", 1), 0.95, 0.01)


def within(what: str, values: Values, level: float, band: float) -> Target:
    values = np.atleast_1d(np.array(values, float))
    shown = " / ".join(f"{value:.3f}" for value in values)
    met = (np.abs(values - level) <= band + 1e-9).all()
    return Target(what, f"{level:g} ± {band:g}", shown, bool(met))


def costs(years: Sequence[Year]) -> Iterator[Target]:
    yield at_most("fit of all tickers, seconds, slowest year", FIT_SECONDS, max(year.fit.wall for year in years), 1)
    yield at_most("fit of all tickers, peak MiB", FIT_MIB, max(year.fit.peak_mib for year in years), 0)
    for ours in ("fit", "fit and forecast"):
        times = sum(year.seconds["tutorial_lstm"] for year in years) / sum(year.seconds[ours] for year in years)
        what = f"CPU a ticker: the tutorial's LSTM over our {ours}"
        yield Target(what, f"≥ {TIMES_CHEAPER}", f"{times:.1f}", times >= TIMES_CHEAPER)
