"""The tables of a walk forward, from what its years, its data without high and low and its short files gave."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import figures, short, targets
from benchmarks.figures import Figures, Method
from benchmarks.files import HORIZONS
from benchmarks.tables import Table, mean_and_worst, number
from benchmarks.walk import Period, Year

EACH_HORIZON = tuple(f"h = {horizon}" for horizon in HORIZONS)
FIRST_VERSION = Path(__file__).parent / "first_version.json"


class Results(NamedTuple):
    """close_only: by who lacks high and low, the years. short: by tickers of a file, the files. first: what the first
    version had on the same data, by `all` and `subset`, basis points of each horizon; nothing on other data."""

    years: list[Year]
    close_only: dict[str, list[Period]]
    short: dict[int, list[Period]]
    first: dict[str, list[float]]


def recorded(csv: Path, years: Sequence[Year]) -> dict[str, list[float]]:
    """The first version's pinball losses, if it was measured on this file, these years and this subset."""
    first = json.loads(FIRST_VERSION.read_text())
    same = [first["years"], *[first["subset"]] * len(years)] == [[y.name for y in years], *(y.subset for y in years)]
    known = same and hashlib.sha256(csv.read_bytes()).hexdigest() == first["csv_sha256"]
    return first["pinball"] if known else {}


def tables(results: Results) -> Iterator[Table]:
    years = results.years
    everyone, subset = Figures(years), Figures(years, only_subset=True)
    quick, slow = (
        tuple(method for method in methods if everyone.has(method))
        for methods in (
            (figures.FORECAST, figures.LSTM, figures.DRIFT, figures.FOREST),
            (figures.TUTORIAL, *figures.SLOW),
        )
    )
    ranges = (figures.UNCALIBRATED, figures.VOLATILITY, figures.CONSTANT)
    yield decisions(years)
    yield points("points", "all tickers", everyone, quick)
    yield points("points-subset", "the subset", subset, (*quick, *slow))
    yield squares("squares", "all tickers", everyone, quick)
    yield squares("squares-subset", "the subset", subset, (*quick, *slow[1:]))
    yield points_by_year(everyone, quick[1:])
    yield coverage(everyone, (figures.FORECAST, *ranges))
    yield losses("pinball", "pinball", "all tickers", everyone, ranges, results.first.get("all"))
    yield losses("pinball-subset", "pinball", "the subset", subset, (*ranges, *slow[1:]), results.first.get("subset"))
    yield losses("qlike", "qlike", "all tickers", everyone, ranges[1:])
    yield losses("qlike-subset", "qlike", "the subset", subset, (*ranges[1:], *slow[1:]))
    yield direction(everyone, quick[1:])
    if results.short:
        yield short_files(results.short)
    if results.close_only:
        yield close_only(results.close_only)
    yield costs(years)
    checked = targets.check(results, everyone, subset)
    lines = [(t.what, t.limit, t.measured, "yes" if t.met else "**no**") for t in checked]
    yield Table("targets", "Targets", ("target", "limit", "measured", "met"), lines)


def decisions(years: Sequence[Year]) -> Table:
    """What each fit found out about itself on the decision block, before the test year."""
    found = []
    for year in years:
        horizons = [year.evidence["horizons"][str(horizon)] for horizon in HORIZONS]
        gates = " / ".join(f"{one['gate']:.3f} {one['gate_reason']}".strip() for one in horizons)
        blocks = " / ".join(str(one["blocks"]) for one in horizons)
        windows = str(year.evidence["windows"]["train"])
        found.append((year.name, windows, str(year.evidence["best_epoch"]), blocks, gates))
    header = ("test year", "windows", "best epoch", "blocks, h = 1 / 5 / 20", "gates")
    return Table("decisions", "What each fit decided before its test year", header, found)


def points(key: str, which: str, found: Figures, methods: Sequence[Method]) -> Table:
    columns = [f"{measure}, h = {horizon}" for measure in ("RMSE", "MAE") for horizon in HORIZONS]
    header = ("", *columns, "worst ticker-year, RMSE, h = 1", "median R², h = 1")
    lines = []
    for method in methods:
        cells = [
            mean_and_worst(found.by_period(method, measure, horizon))
            for measure in ("rmse_vs_naive", "mae_vs_naive")
            for horizon in HORIZONS
        ]
        worst, r2 = found.worst(method, "rmse_vs_naive", 1), found.median_r2(method)
        lines.append((method.label, *cells, number(worst), number(r2, 2)))
    return Table(key, f"Error / error of naive, mean over tickers and years (worst year), {which}", header, lines)


def squares(key: str, which: str, found: Figures, methods: Sequence[Method]) -> Table:
    lines = [
        (method.label, *(str(found.ratio(method, figures.NAIVE, "squared", horizon)) for horizon in HORIZONS))
        for method in methods
    ]
    title = f"Squared error / that of naive, in units of the price: ratio (95 % interval) and t, {which}"
    return Table(key, title, ("", *EACH_HORIZON), lines)


def points_by_year(found: Figures, methods: Sequence[Method]) -> Table:
    lines = [(method.label, *(by_year(found, method, "rmse_vs_naive", h, 4) for h in HORIZONS)) for method in methods]
    return Table("years", f"RMSE / RMSE of naive, {' / '.join(found.names)}", ("", *EACH_HORIZON), lines)


def coverage(found: Figures, methods: Sequence[Method]) -> Table:
    lines = []
    for method in methods:
        measures = {h: [found.by_period(method, name, h) for name in ("coverage80", "coverage95")] for h in HORIZONS}
        for at, year in enumerate(found.names):
            lines.append((method.label, year, *(pair([values[at] for values in measures[h]]) for h in HORIZONS)))
        lines.append((method.label, "mean", *(pair(np.mean(np.array(measures[h], float), axis=1)) for h in HORIZONS)))
    return Table("coverage", "Coverage of the 80 % / 95 % interval", ("", "", *EACH_HORIZON), lines)


def pair(values: Sequence[float | None] | np.ndarray) -> str:
    return " / ".join(f"{value:.3f}" for value in np.array(values, float))


def losses(
    key: str, loss: str, which: str, found: Figures, rivals: Sequence[Method], first: Sequence[float] | None = None
) -> Table:
    """A line for what is published, and for each rival its loss and ours over it."""
    ours, digits = figures.FORECAST, {"pinball": 2, "qlike": 4}[loss]
    own = [found.mean(ours, loss, horizon) for horizon in HORIZONS]
    lines: list[tuple[str, ...]] = [(ours.label, *(f"{value:.{digits}f}" for value in own))]
    if first:
        cells = (f"{theirs:.{digits}f}: {mine / theirs:.4f}" for mine, theirs in zip(own, first, strict=True))
        lines.append(("the first version, as recorded", *cells))
    for rival in rivals:
        theirs = [f"{found.mean(rival, loss, horizon):.{digits}f}" for horizon in HORIZONS]
        ratios = [found.ratio(ours, rival, loss, horizon) for horizon in HORIZONS]
        lines.append((rival.label, *(f"{value}: {ratio}" for value, ratio in zip(theirs, ratios, strict=True))))
    name = {"pinball": "Pinball loss in basis points of the price", "qlike": "QLIKE of the expected move"}[loss]
    title = f"{name}, mean over years, and ours over theirs (95 % interval) with t, {which}"
    return Table(key, title, ("", *EACH_HORIZON), lines)


def direction(found: Figures, methods: Sequence[Method]) -> Table:
    """Hit rates, and how often "up" would have hit."""
    rates = [(method.label, method, "directional_accuracy") for method in methods]
    rates.append(("always up", figures.FORECAST, "always_up_rate"))
    lines = [(label, *(by_year(found, method, rate, h, 3) for h in HORIZONS)) for label, method, rate in rates]
    return Table("direction", f"Share of moves foretold, {' / '.join(found.names)}", ("", *EACH_HORIZON), lines)


def by_year(found: Figures, method: Method, measure: str, horizon: int, digits: int) -> str:
    return " / ".join(number(value, digits) or "none" for value in found.by_period(method, measure, horizon))


def short_files(by_size: dict[int, list[Period]]) -> Table:
    lines = []
    for size, periods in by_size.items():
        found = Figures(periods)
        for rival in (figures.CONSTANT, figures.CLOSE_ONLY):
            ratios = (str(found.ratio(figures.FORECAST, rival, "pinball", horizon)) for horizon in HORIZONS)
            lines.append((f"{size}", f"{len(periods)}", f"pinball over that of {rival.label}", *ratios))
        for method in (figures.FORECAST, figures.CLOSE_ONLY):
            covered = (number(found.mean(method, "coverage80", horizon), 3) for horizon in HORIZONS)
            lines.append((f"{size}", f"{len(periods)}", f"80 % coverage {method.label}", *covered))
    title = f"Files of {short.ROWS} rows a ticker"
    return Table("short", title, ("tickers", "files", "", *EACH_HORIZON), lines)


def close_only(by_variant: dict[str, list[Period]]) -> Table:
    lines = []
    for name, periods in by_variant.items():
        for which, found in (("those", Figures(periods, only_subset=True)), ("all", Figures(periods))):
            ratios = [found.ratio(figures.CLOSE_ONLY, figures.FORECAST, "pinball", horizon) for horizon in HORIZONS]
            lines.append((name, which, "pinball over that with them", *map(str, ratios)))
            covered = [
                pair([found.mean(method, "coverage80", horizon) for method in (figures.CLOSE_ONLY, figures.FORECAST)])
                for horizon in HORIZONS
            ]
            lines.append((name, which, "80 % coverage without / with them", *covered))
    title = "Without high and low, mean over years"
    return Table("close-only", title, ("who lacks them", "measured on", "", *EACH_HORIZON), lines)


def costs(years: Sequence[Year]) -> Table:
    names = {
        "fit": "our fit, TensorFlow's import included",
        "fit and forecast": "our fit and forecasts over JSON, both imports included",
        "tutorial_lstm": "the tutorial's LSTM, without imports",
        "random_forest": "the tutorial's Random Forest",
        **{method.scores: f"{method.scores}, fit and forecasts" for method in figures.SLOW},
    }
    lines = [
        (label, *(f"{year.seconds[name]:.3f}" for year in years))
        for name, label in names.items()
        if name in years[0].seconds
    ]
    lines.append(("fit of all tickers: wall seconds", *(f"{year.fit.wall:.1f}" for year in years)))
    lines.append(("fit of all tickers: peak MiB", *(f"{year.fit.peak_mib:.0f}" for year in years)))
    return Table("costs", "Cost: CPU seconds a ticker, one thread", ("", *(year.name for year in years)), lines)
