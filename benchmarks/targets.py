"""The targets set for the forecasts before they were measured, and whether a run meets them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.figures import CLASSICAL, CONSTANT, FOREST, LSTM, TUTORIAL, VOLATILITY, Figures
from benchmarks.files import HORIZONS
from benchmarks.walk import Year

COVERAGE80 = {1: (0.01, 0.03), 5: (0.02, 0.045), 20: (0.035, 0.08)}  # mean over years, each year
FIT_SECONDS, FIT_MIB, TIMES_CHEAPER = 60, 2048, 30
type Values = float | np.floating | np.ndarray | Sequence[float | None]


class Target(NamedTuple):
    what: str
    limit: str
    measured: str
    met: bool


def check(years: Sequence[Year], all_tickers: Figures, subset: Figures) -> Iterator[Target]:
    yield from points(all_tickers)
    yield from half_of_the_lab(all_tickers, subset)
    yield from coverage(all_tickers)
    yield from pinball(all_tickers, subset)
    yield from costs(years)


def at_most(what: str, limit: float, values: Values, digits: int = 4) -> Target:
    """A target over one or several values, all of which have to meet it."""
    values = np.atleast_1d(np.array(values, float))
    shown = " / ".join(f"{value:.{digits}f}" for value in values)
    return Target(what, f"≤ {limit:g}", shown, bool((values <= limit).all()))


def points(figures: Figures) -> Iterator[Target]:
    for measure, name in (("rmse_vs_naive", "RMSE"), ("mae_vs_naive", "MAE")):
        by_year = np.array([figures.by_year(LSTM, measure, horizon) for horizon in HORIZONS], float)
        yield at_most(f"{name} / naive, mean over years, h = 1 / 5 / 20", 1.001, by_year.mean(axis=1))
        yield at_most(f"{name} / naive, worst year, h = 1 / 5 / 20", 1.005, by_year.max(axis=1))
        yield at_most(f"{name} / naive, worst ticker-year, h = 1", 1.01, figures.worst(LSTM, measure, 1))


def half_of_the_lab(all_tickers: Figures, subset: Figures) -> Iterator[Target]:
    """Both readings of "half": of the mean ratio to naive, and, ticker by ticker, of the RMSE."""
    for tutorial, figures, which in ((FOREST, all_tickers, "all tickers"), (TUTORIAL, subset, "subset")):
        ours, theirs = (figures.mean(method, "rmse_vs_naive", 1) for method in (LSTM, tutorial))
        yield at_most(f"mean RMSE / naive over that of {tutorial.label}, h = 1, {which}", 0.5, ours / theirs, 3)
        ratio = figures.by_ticker(LSTM, "rmse", 1) / figures.by_ticker(tutorial, "rmse", 1)
        yield at_most(f"RMSE over that of {tutorial.label}, mean of ticker-years, h = 1, {which}", 0.5, ratio.mean(), 3)


def coverage(figures: Figures) -> Iterator[Target]:
    for horizon, (mean_band, year_band) in COVERAGE80.items():
        found = np.array(figures.by_year(LSTM, "coverage80", horizon), float)
        for what, values, band in (("mean over years", found.mean(), mean_band), ("each year", found, year_band)):
            yield within(f"80 % coverage, {what}, h = {horizon}", values, 0.8, band)
    yield within("95 % coverage, each year, h = 1", figures.by_year(LSTM, "coverage95", 1), 0.95, 0.01)


def within(what: str, values: Values, level: float, band: float) -> Target:
    values = np.atleast_1d(np.array(values, float))
    shown = " / ".join(f"{value:.3f}" for value in values)
    met = (np.abs(values - level) <= band + 1e-9).all()
    return Target(what, f"{level:g} ± {band:g}", shown, bool(met))


def pinball(all_tickers: Figures, subset: Figures) -> Iterator[Target]:
    ours = all_tickers.mean(LSTM, "pinball", 1)
    for rival, limit in ((CONSTANT, 0.98), (VOLATILITY, 1.005)):
        yield at_most(f"pinball over that of {rival.label}, h = 1", limit, ours / all_tickers.mean(rival, "pinball", 1))
    if rivals := [subset.mean(method, "pinball", 1) for method in CLASSICAL if subset.has(method)]:
        ratio = subset.mean(LSTM, "pinball", 1) / min(rivals)
        yield Target("pinball over that of statsforecast's best, h = 1, subset", "< 1", f"{ratio:.4f}", ratio < 1)


def costs(years: Sequence[Year]) -> Iterator[Target]:
    yield at_most("fit of all tickers, seconds, slowest year", FIT_SECONDS, max(year.fit.wall for year in years), 1)
    yield at_most("fit of all tickers, peak MiB", FIT_MIB, max(year.fit.peak_mib for year in years), 0)
    for ours in ("fit", "fit and forecast"):
        times = sum(year.seconds["tutorial_lstm"] for year in years) / sum(year.seconds[ours] for year in years)
        what = f"CPU a ticker: the tutorial's LSTM over our {ours}"
        yield Target(what, f"≥ {TIMES_CHEAPER}", f"{times:.1f}", times >= TIMES_CHEAPER)
