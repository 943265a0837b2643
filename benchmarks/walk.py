"""One test year through the product's own code: shards, fit, served graph, calibration, joined rows, metrics.

Everything known at the end of a year is the file; the test period is that year. So a year is what the pipeline would
have published on its last day, and the models of the next year are fitted again.
"""

import dataclasses
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import ROOT, children, files, rivals
from stocks import baseline, intervals, metrics, predictions, series
from stocks.contract import Arrays
from stocks.reading.intake import Intake
from stocks.reading.source import Source
from stocks.series import Shard

CLASSICAL = ("AutoETS", "AutoARIMA")
CLASSICAL_PYTHON = ROOT / ".venv-benchmarks/bin/python"
UNCALIBRATED = {"day": np.empty(0, np.int32), "stretch": np.empty((0, len(files.HORIZONS), len(intervals.LEVELS)))}


@dataclasses.dataclass
class Year:
    """What one test year gave. scores: by method, each as stocks.metrics.score makes them, the method in the seat of
    the LSTM; tickers that a method did not forecast hold NaN. seconds: CPU a ticker. fit: the cost of training."""

    year: int
    cuts: dict[str, str]
    evidence: dict
    fit: children.Cost
    seconds: dict[str, float]
    scores: dict[str, dict[str, np.ndarray]]
    subset: list[str]


def read(path: Path) -> Arrays:
    """All accepted rows of a CSV of the contract, in file order, as Split writes them for one shard."""
    with tempfile.TemporaryDirectory() as folder:
        intake = Intake(Path(folder), shards=1)
        intake.read(Source(path.name, path.stat().st_size, lambda: path.open("rb")))
        return intake.shard(0)


def shard_of(rows: Arrays, year: int) -> tuple[Shard, dict[str, str]]:
    """The shard as of the end of the year, and the cuts that make the year its test period."""
    begin, end = (series.day_of(f"{first}-01-01") for first in (year, year + 1))
    known = rows["day"] < end
    rows = {name: column if name == "tickers" else column[known] for name, column in rows.items()}
    days, counts = np.unique(rows["day"], return_counts=True)
    tested = counts[days >= begin].sum()
    if not tested:
        raise ValueError(f"the file has no rows of {year}")
    # The share that makes series.cuts find the year's first day: the earliest with at most so many rows from it on.
    cuts = series.cuts(days, counts, tested / counts.sum())
    shard, _ = series.build(rows, cuts)
    return shard.select(series.usable(shard)), cuts


def run(rows: Arrays, year: int, wanted: int | list[str], lab_epochs: int, folder: Path) -> Year:
    """Fit, forecast and score one year with every method; folder is the year's own."""
    shard, cuts = shard_of(rows, year)
    subset = chosen(shard.tickers.tolist(), wanted)
    (folder / "shards").mkdir(parents=True)
    shard_file = folder / "shards/00000.npz"
    label = {"run_id": np.array(str(year)), "kind": np.array("shards"), "shard": np.array(0)}
    files.save(shard_file, shard.arrays() | label)

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
    found |= others(folder, shard_file, subset, lab_epochs, seconds)

    return Year(
        year,
        cuts,
        json.loads((folder / "evidence.json").read_text()),
        fit,
        seconds,
        {name: score(shard, origins, forecasts, calibration) for name, (forecasts, calibration) in found.items()},
        subset,
    )


def chosen(tickers: list[str], wanted: int | list[str]) -> list[str]:
    """The tickers for the slow methods: those named, or so many at even distances in the alphabet."""
    if isinstance(wanted, list):
        if missing := set(wanted) - set(tickers):
            raise ValueError(f"no forecasts are made of {', '.join(sorted(missing))}")
        return sorted(wanted)
    count = min(max(wanted, 1), len(tickers))
    return [tickers[len(tickers) * i // count] for i in range(count)]


def ours(folder: Path, shard: Shard, shard_file: Path, origins: files.Arrays) -> dict:
    """(forecasts, calibration) of what is published, of its parts, and of intervals without training."""
    children.run("-m", "benchmarks.ungated", folder, shard_file, folder / "ungated.npz")
    served, ungated = files.load(folder / "served.npz"), files.load(folder / "ungated.npz")
    calibrations = [
        intervals.stretches(intervals.pool([intervals.histogram(shard, forecasts)])) for forecasts in (served, ungated)
    ]
    still, scaled = rivals.constant(shard, origins), rivals.volatility_scaled(shard, origins, ungated["scale"])
    return {
        "lstm": (served, calibrations[0]),
        "uncalibrated": (served, UNCALIBRATED),
        "ungated": (ungated, calibrations[1]),
        "constant": (files.forecasts(origins, still), UNCALIBRATED),
        "volatility": (files.forecasts(origins, scaled), UNCALIBRATED),
    }


def others(folder: Path, shard_file: Path, subset: list[str], lab_epochs: int, seconds: dict[str, float]) -> dict:
    """(forecasts, calibration) of the slow methods on the subset; seconds gets what each cost a ticker."""
    programs: dict[str, tuple] = {"lab_lstm": (sys.executable, "benchmarks.lab", lab_epochs)}
    if CLASSICAL_PYTHON.exists():
        programs |= {name: (CLASSICAL_PYTHON, "benchmarks.classical", name) for name in CLASSICAL}
    found = {}
    for name, (python, *program) in programs.items():
        out = folder / f"{name}.npz"
        children.run("-m", *program, shard_file, folder / "baseline.npz", out, *subset, python=python)
        forecasts = files.load(out)
        seconds[name] = float(forecasts["cpu"].mean())
        found[name] = (forecasts, UNCALIBRATED)
    return found


def score(shard: Shard, origins: files.Arrays, forecasts: files.Arrays, calibration: files.Arrays) -> dict:
    """The sums of stocks.metrics, and `spread` [k, 3]: what R² divides squared errors by, shown only as a warning."""
    rows = predictions.join(shard, origins, forecasts, calibration)
    test = ~rows["future"]
    cell = rows["ticker"][test] * len(files.HORIZONS) + np.searchsorted(files.HORIZONS, rows["horizon"][test])
    shape = (len(shard), len(files.HORIZONS))
    n, total, squares = (
        np.bincount(cell, values, minlength=shape[0] * shape[1]).reshape(shape)
        for values in (None, rows["actual"][test], rows["actual"][test] ** 2)
    )
    return metrics.score(rows, shard) | {"spread": squares - total**2 / np.maximum(n, 1)}
