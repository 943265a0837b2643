"""One test year through the product's own code: shards, fit, served graph, calibration, joined rows, metrics.

Everything known at the end of a year is the file; the test period is that year. So a year is what the pipeline would
have published on its last day, and the models of the next year are fitted again.
"""

import dataclasses
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks import ROOT, children, comparison, files, rivals
from stocks import baseline, intervals, metrics, predictions, series
from stocks.contract import COLUMNS, Arrays
from stocks.dataset import calendars
from stocks.reading.intake import Intake
from stocks.reading.source import Source
from stocks.series import Shard

# Methods of an environment of their own, and the programs of benchmarks/ that make them.
SLOW = {"AutoETS": "classical", "AutoARIMA": "classical", "GARCH-t": "garch", "GJR-t": "garch"}
SLOW_PYTHON = ROOT / ".venv-benchmarks/bin/python"
UNCALIBRATED: Arrays = {
    "day": np.empty(0, np.int32),
    "stretch": np.empty((0, len(files.HORIZONS), len(intervals.LEVELS))),
}
OURS = "ours"

type Forecasts = dict[str, tuple[Arrays, Arrays]]  # by method the forecasts file and its calibration


@dataclasses.dataclass
class Period:
    """What one test period gave, by method. scores: as stocks.metrics.score makes them, the method in the seat of the
    forecast; tickers that it did not forecast hold NaN. days: the target days; losses: of comparison.losses.
    subset: the tickers that all methods forecast."""

    name: str
    subset: list[str]
    scores: dict[str, dict[str, np.ndarray]]
    days: np.ndarray
    losses: dict[str, dict[str, np.ndarray]]


@dataclasses.dataclass
class Year(Period):
    """A period that is a calendar year. seconds: CPU a ticker. fit: the cost of training."""

    cuts: dict[str, str]
    evidence: dict
    fit: children.Cost
    seconds: dict[str, float]


def read(path: Path) -> Arrays:
    """All accepted rows of a CSV of the contract, by ticker and day, as Merge writes them for one shard."""
    with tempfile.TemporaryDirectory() as folder:
        intake = Intake(Path(folder))
        intake.read(Source(path.name, path.stat().st_size, lambda: path.open("rb")))
        rows, _ = intake.part(0, 0)
        return {name: rows[name] for name in ("tickers", "ticker", "day", *COLUMNS)}


def shard_of(rows: Arrays, year: int) -> tuple[Shard, dict[str, str]]:
    """The shard as of the end of the year, and the cuts that make the year its test period."""
    begin, end = (series.day_of(f"{first}-01-01") for first in (year, year + 1))
    rows = chosen_rows(rows, rows["day"] < end)
    tested = np.count_nonzero(rows["day"] >= begin)
    if not tested:
        raise ValueError(f"the file has no rows of {year}")
    # The share that makes series.cuts find the year's first day: the earliest with at most so many rows from it on.
    return built(rows, tested / len(rows["day"]))


def chosen_rows(rows: Arrays, wanted: np.ndarray) -> dict[str, np.ndarray]:
    """The wanted rows, by bool[n], and the tickers that have some."""
    here, owner = np.unique(rows["ticker"][wanted], return_inverse=True)
    columns = {name: rows[name][wanted] for name in ("day", *COLUMNS)}
    return {"tickers": rows["tickers"][here], "ticker": owner.astype(np.int32), **columns}


def built(rows: Arrays, test_fraction: float) -> tuple[Shard, dict[str, str]]:
    """The shard of the tickers that can be forecast, and its cuts."""
    days, counts = np.unique(rows["day"], return_counts=True)
    cuts = series.cuts(days, counts, test_fraction)
    shard = series.build(rows, cuts)
    return shard.select(series.usable(shard)), cuts


def run(rows: Arrays, year: int, wanted: int | list[str], tutorial_epochs: int, folder: Path) -> Year:
    """Fit, forecast and score one year with every method; folder is the year's own."""
    shard, cuts = shard_of(rows, year)
    subset = chosen(shard.tickers.tolist(), wanted)
    shard_file = save(folder, shard, str(year))

    started = time.process_time()
    origins = baseline.forecast(shard)
    seconds = {"random_forest": (time.process_time() - started) / len(shard)}
    files.save(folder / "baseline.npz", origins)
    # As SageMaker runs it: the script, a folder of shards, a folder for the model, and nothing else.
    fit = children.run("train.py", cwd=ROOT / "training", SM_CHANNEL_TRAIN=folder / "shards", SM_MODEL_DIR=folder)
    serve = children.run("-m", "benchmarks.served", folder, shard_file, folder / "served.npz")
    seconds |= {
        "fit": fit.cpu / len(shard),
        "fit and forecast": (fit.cpu + serve.cpu) / len(shard),
    }
    found = ours(folder, shard, shard_file, origins)
    found |= others(folder, shard_file, subset, tutorial_epochs, seconds)
    evidence = json.loads((folder / "evidence.json").read_text())
    period = scored(str(year), shard, origins, found, subset)
    return Year(**vars(period), cuts=cuts, evidence=evidence, fit=fit, seconds=seconds)


def save(folder: Path, shard: Shard, run_id: str, number: int = 0) -> Path:
    """Write a shard of a run as training reads it."""
    file = folder / f"shards/{number:05}.npz"
    file.parent.mkdir(parents=True, exist_ok=True)
    label = {"run_id": np.array(run_id), "kind": np.array("shards"), "shard": np.array(number)}
    files.save(file, shard.arrays() | label)
    return file


def chosen(tickers: list[str], wanted: int | list[str]) -> list[str]:
    """The tickers for the slow methods: those named, or so many at even distances in the alphabet."""
    if isinstance(wanted, list):
        if missing := set(wanted) - set(tickers):
            raise ValueError(f"no forecasts are made of {', '.join(sorted(missing))}")
        return sorted(wanted)
    count = min(max(wanted, 1), len(tickers))
    return [tickers[len(tickers) * i // count] for i in range(count)]


def ours(folder: Path, shard: Shard, shard_file: Path, origins: Arrays) -> Forecasts:
    """What is published, the same without calibration, and ranges without a model."""
    children.run("-m", "benchmarks.scale", shard_file, folder / "scale.npz")
    served, scale = files.load(folder / "served.npz"), files.load(folder / "scale.npz")["scale"]
    return {
        OURS: (served, calibration(shard, served)),
        "uncalibrated": (served, UNCALIBRATED),
        "constant": (files.forecasts(origins, rivals.constant(shard, origins)), UNCALIBRATED),
        "volatility": (files.forecasts(origins, rivals.volatility_scaled(shard, origins, scale)), UNCALIBRATED),
    }


def calibration(shard: Shard, forecasts: Arrays) -> dict[str, np.ndarray]:
    """The calibration file of a data set of one shard."""
    return intervals.stretches(intervals.pool([intervals.histogram(shard, forecasts)]))


def others(
    folder: Path, shard_file: Path, subset: list[str], tutorial_epochs: int, seconds: dict[str, float]
) -> Forecasts:
    """The slow methods on the subset; seconds gets what each cost a ticker."""
    programs: dict[str, tuple] = {"tutorial_lstm": (sys.executable, "benchmarks.tutorial", tutorial_epochs)}
    if SLOW_PYTHON.exists():
        programs |= {name: (SLOW_PYTHON, f"benchmarks.{program}", name) for name, program in SLOW.items()}
    found: Forecasts = {}
    for name, (python, *program) in programs.items():
        out = folder / f"{name}.npz"
        children.run("-m", *program, shard_file, folder / "baseline.npz", out, *subset, python=python)
        forecasts = files.load(out)
        seconds[name] = float(forecasts["cpu"].mean())
        found[name] = (forecasts, UNCALIBRATED)
    return found


def scored(name: str, shard: Shard, origins: Arrays, found: Forecasts, subset: Sequence[str]) -> Period:
    """Join and score what each method forecast of one period."""
    scores, losses, days = {}, {}, np.empty(0, np.int32)
    calendar, no_end = [calendars.IRREGULAR] * len(shard), np.zeros(len(shard), bool)  # of future rows, which go
    for method, (forecasts, stretch) in found.items():
        rows = predictions.join(shard, origins, forecasts, stretch, calendar, no_end)
        scores[method] = score(rows, shard)
        days, losses[method] = comparison.losses(rows, shard)
    return Period(name, list(subset), scores, days, losses)


def score(rows: Arrays, shard: Shard) -> dict[str, np.ndarray]:
    """The sums of stocks.metrics, and `spread` [k, 3]: what R² divides squared errors by, shown only as a warning."""
    test = ~rows["future"]
    cell = rows["ticker"][test] * len(files.HORIZONS) + np.searchsorted(files.HORIZONS, rows["horizon"][test])
    shape = (len(shard), len(files.HORIZONS))
    n, total, squares = (
        np.bincount(cell, values, minlength=shape[0] * shape[1]).reshape(shape)
        for values in (None, rows["actual"][test], rows["actual"][test] ** 2)
    )
    return metrics.score(rows, shard) | {"spread": squares - total**2 / np.maximum(n, 1)}
