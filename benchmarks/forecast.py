"""Walk forward by calendar year over a CSV of prices: python -m benchmarks.forecast CSV --years 2015-2017 [--subset 10]

Prints, in Markdown, how our forecasts compare with naive, drift, the tutorial's models and statsforecast's on the same
tickers and days, what each costs, and which of the targets are met. `make benchmarks-setup` installs what it needs.
"""

import argparse
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks import figures, targets, walk
from benchmarks.figures import Figures, Method
from benchmarks.files import HORIZONS
from benchmarks.tables import markdown, mean_and_worst, number
from benchmarks.walk import Year


def main(argv: Sequence[str] | None = None) -> None:
    args = parse(argv)
    if not walk.CLASSICAL_PYTHON.exists():
        print("AutoETS and AutoARIMA are left out: `make benchmarks-setup` installs statsforecast\n")
    rows, years = walk.read(args.csv), []
    for year in args.years:
        with tempfile.TemporaryDirectory() as folder:
            years.append(walk.run(rows, year, args.subset, args.tutorial_epochs, Path(folder)))
        print(progress(years[-1]), flush=True)
    for table in report(years):
        print("\n" + table, flush=True)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=Path, help="prices, in the columns that docs/files.md lists")
    parser.add_argument("--years", type=years_of, required=True, help="test years, such as 2015-2017 or 2016")
    parser.add_argument("--subset", type=subset_of, default=10, help="tickers for the slow methods: a number or names,"
                        " joined by commas (default %(default)s)")  # fmt: skip
    parser.add_argument("--tutorial-epochs", type=int, default=20, help="of the tutorial's LSTM (default %(default)s)")
    return parser.parse_args(argv)


def years_of(written: str) -> range:
    if not (parts := re.fullmatch(r"(\d{4})(?:-(\d{4}))?", written)):
        raise argparse.ArgumentTypeError(f"{written!r} is neither a year nor two joined by a hyphen")
    return range(int(parts[1]), int(parts[2] or parts[1]) + 1)


def subset_of(written: str) -> int | list[str]:
    return int(written) if written.isdigit() else written.split(",")


def progress(year: Year) -> str:
    tickers = year.scores["lstm"]["tickers"]
    return f"{year.year}: {len(tickers)} tickers, test from {year.cuts['test_from']}, subset {' '.join(year.subset)}"


def report(years: Sequence[Year]) -> Iterator[str]:
    everyone, subset = Figures(years), Figures(years, only_subset=True)
    quick = (figures.LSTM, figures.UNGATED, figures.NAIVE, figures.DRIFT, figures.FOREST)
    slow = tuple(method for method in (figures.TUTORIAL, *figures.CLASSICAL) if subset.has(method))
    yield decisions(years)
    yield points("Point forecasts, all tickers", everyone, quick)
    yield points("Point forecasts, the subset", subset, (*quick, *slow))
    moving = (figures.LSTM, figures.UNGATED, figures.DRIFT, figures.FOREST)
    yield points_by_year("all tickers", everyone, moving)
    yield points_by_year("the subset", subset, (*moving, *slow))
    bands = (figures.LSTM, figures.UNCALIBRATED, figures.UNGATED, figures.VOLATILITY, figures.CONSTANT)
    yield coverage(everyone, bands)
    yield pinball("Pinball loss, all tickers", everyone, bands)
    yield pinball("Pinball loss, the subset", subset, (*bands, *slow[1:]))
    yield direction(everyone, moving)
    yield costs(years)
    header = ("target", "limit", "measured", "met")
    checked = targets.check(years, everyone, subset)
    yield markdown("Targets", header, [(t.what, t.limit, t.measured, "yes" if t.met else "**no**") for t in checked])


def decisions(years: Sequence[Year]) -> str:
    """What each fit found out about itself on the decision block, before the test year."""
    found = []
    for year in years:
        horizons = [year.evidence["horizons"][str(horizon)] for horizon in HORIZONS]
        gates = " / ".join(f"{one['gate']:.3f}" for one in horizons)
        blocks = " / ".join(str(one["blocks"]) for one in horizons)
        quantiles = " / ".join(one["quantiles"] for one in horizons)
        windows = str(year.evidence["windows"]["train"])
        found.append((str(year.year), windows, str(year.evidence["best_epoch"]), blocks, gates, quantiles))
    header = ("test year", "windows", "best epoch", "blocks, h = 1 / 5 / 20", "gates", "quantiles")
    return markdown("What each fit decided before its test year", header, found)


def points(title: str, found: Figures, methods: Sequence[Method]) -> str:
    columns = [f"{measure}, h = {horizon}" for measure in ("RMSE", "MAE") for horizon in HORIZONS]
    header = ("mean over tickers (worst year)", *columns, "worst ticker-year, RMSE, h = 1", "median R², h = 1")
    lines = []
    for method in methods:
        cells = [
            mean_and_worst(found.by_year(method, measure, horizon))
            for measure in ("rmse_vs_naive", "mae_vs_naive")
            for horizon in HORIZONS
        ]
        worst, r2 = found.worst(method, "rmse_vs_naive", 1), found.median_r2(method)
        lines.append((method.label, *cells, number(worst), number(r2, 2)))
    return markdown(f"{title}: error / error of naive", header, lines)


def coverage(found: Figures, methods: Sequence[Method]) -> str:
    lines = []
    for method in methods:
        measures = {h: [found.by_year(method, name, h) for name in ("coverage80", "coverage95")] for h in HORIZONS}
        for at, year in enumerate(found.years):
            lines.append((method.label, str(year), *(pair([values[at] for values in measures[h]]) for h in HORIZONS)))
        lines.append((method.label, "mean", *(pair(np.mean(np.array(measures[h], float), axis=1)) for h in HORIZONS)))
    return markdown("Coverage of the 80 % and the 95 % interval", ("", "year", *(f"h = {h}" for h in HORIZONS)), lines)


def pair(values: Sequence[float | None] | np.ndarray) -> str:
    return " / ".join(f"{value:.3f}" for value in np.array(values, float))


def pinball(title: str, found: Figures, methods: Sequence[Method]) -> str:
    lines = []
    for method in methods:
        values = [[found.mean(one, "pinball", horizon) for horizon in HORIZONS] for one in (method, figures.LSTM)]
        cells = [f"{theirs:.2f} ({theirs / ours:.4f})" for theirs, ours in zip(*values, strict=True)]
        lines.append((method.label, *cells))
    header = ("mean over years (relative to ours)", *(f"h = {horizon}" for horizon in HORIZONS))
    return markdown(f"{title}: basis points of the price", header, lines)


def points_by_year(which: str, found: Figures, methods: Sequence[Method]) -> str:
    lines = [
        (method.label, *(by_year(found.by_year(method, "rmse_vs_naive", horizon), 4) for horizon in HORIZONS))
        for method in methods
    ]
    return yearly(f"RMSE / RMSE of naive by year, {which}", found, lines)


def direction(found: Figures, methods: Sequence[Method]) -> str:
    """Hit rates, and how often "up" would have hit."""
    rates = [(method.label, method, "directional_accuracy") for method in methods]
    rates.append(("always up", figures.LSTM, "always_up_rate"))
    lines = [
        (label, *(by_year(found.by_year(method, rate, horizon), 3) for horizon in HORIZONS))
        for label, method, rate in rates
    ]
    return yearly("Share of moves foretold", found, lines)


def by_year(values: Sequence[float | None], digits: int) -> str:
    return " / ".join(number(value, digits) or "none" for value in values)


def yearly(title: str, found: Figures, lines: Sequence[Sequence[str]]) -> str:
    years = " / ".join(str(year) for year in found.years)
    return markdown(f"{title}, {years}", ("", *(f"h = {horizon}" for horizon in HORIZONS)), lines)


def costs(years: Sequence[Year]) -> str:
    names = {
        "fit": "our fit, TensorFlow's import included",
        "fit and forecast": "our fit and forecasts over JSON, both imports included",
        "tutorial_lstm": "the tutorial's LSTM, without imports",
        "random_forest": "the tutorial's Random Forest",
        "AutoETS": "AutoETS, one fit",
        "AutoARIMA": "AutoARIMA, one fit",
    }
    lines = [
        (label, *(f"{year.seconds[name]:.3f}" for year in years))
        for name, label in names.items()
        if name in years[0].seconds
    ]
    lines.append(("fit of all tickers: wall seconds", *(f"{year.fit.wall:.1f}" for year in years)))
    lines.append(("fit of all tickers: peak MiB", *(f"{year.fit.peak_mib:.0f}" for year in years)))
    return markdown("Cost: CPU seconds a ticker, one thread", ("", *(str(year.year) for year in years)), lines)


if __name__ == "__main__":
    main()
