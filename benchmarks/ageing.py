"""What ranges lose by a model that is some sessions old: python -m benchmarks.ageing CSV [--cuts 5] [--ages 20]

At each of some days, evenly over the file's later part, one model is trained with the table up to that day, and one
with the table up to so many sessions before it. Both forecast the same 20 days from that day on, calibrated as a run
does it, and their pinball losses are compared. The fresh model of one such day is an old one on the next, too.
--write puts the table into docs/results.md.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import ROOT, children, files, tables, walk
from benchmarks.tables import Table
from stocks import baseline, metrics, predictions, series
from stocks.contract import BASELINES, HORIZONS, QUANTILES, Arrays
from stocks.dataset import calendars
from stocks.series import Shard

KEY = "ageing"  # of the table in docs/results.md
FRACTION = 0.2  # of the table that is tested, the template's TestFraction
DAYS = 20  # on which both models forecast
BEGIN = 0.45  # of the file's days, of which the first cut has so many behind it


class Loss(NamedTuple):
    """Sums of pinball losses over the same forecasts, float64[3 horizons]."""

    old: np.ndarray
    fresh: np.ndarray


def main(argv: Sequence[str] | None = None) -> None:
    args = parse(argv)
    if args.write and KEY not in tables.keys(args.csv.stem):  # before the long run
        sys.exit(f"{tables.DOCUMENT.name} has no section of {args.csv.stem}")
    rows = walk.read(args.csv)
    with tempfile.TemporaryDirectory() as folder:
        losses = measure(rows, args.cuts, args.ages, Path(folder))
    made = table(losses)
    print(made)
    if args.write:
        tables.write(args.csv.stem, [made])


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=Path, help="prices, in the columns that docs/files.md lists")
    parser.add_argument("--cuts", type=int, default=5, help="days on which a model is trained (default %(default)s)")
    parser.add_argument("--ages", type=int, nargs="+", default=[20], help="sessions (default %(default)s)")
    parser.add_argument("--write", action="store_true", help="into docs/results.md")
    return parser.parse_args(argv)


def cuts(count: int, sessions: int) -> list[int]:
    """Places among the sessions at even distances; after the last one come the days that judge it."""
    last = sessions - DAYS - max(HORIZONS)
    return np.linspace(BEGIN * sessions, last, count).astype(int).tolist()


def measure(rows: Arrays, count: int, ages: Sequence[int], folder: Path) -> dict[int, list[Loss]]:
    """By age in sessions the losses at each cut."""
    days = np.unique(rows["day"])
    models: dict[int, Path] = {}

    def model(cut: int) -> Path:
        if cut not in models:
            models[cut] = trained(rows, days[cut], folder / str(cut))
        return models[cut]

    found: dict[int, list[Loss]] = {}
    places = cuts(count, len(days))
    for at, cut in enumerate(places):
        shard = shard_of(rows, days[cut], days[cut + DAYS - 1 + max(HORIZONS)])
        window = (int(days[cut]), int(days[cut + DAYS - 1]))
        fresh = loss(shard, model(cut), window)
        older = {age: cut - age for age in ages} | ({cut - places[at - 1]: places[at - 1]} if at else {})
        for age, place in older.items():
            found.setdefault(age, []).append(Loss(loss(shard, model(place), window), fresh))
            ratio = found[age][-1].old / fresh
            print(f"{series.iso(int(days[cut]))}, {age} sessions: {np.round(ratio, 5).tolist()}", flush=True)
    return found


def shard_of(rows: Arrays, known: int, until: int) -> Shard:
    """The rows until a day, cut as the table up to `known` is cut."""
    given = walk.chosen_rows(rows, rows["day"] <= until)
    days, counts = np.unique(rows["day"][rows["day"] <= known], return_counts=True)
    shard = series.build(given, series.cuts(days, counts, FRACTION))
    return shard.select(series.usable(shard))


def trained(rows: Arrays, known: int, folder: Path) -> Path:
    """The folder of the model that a run would train whose table ends on that day."""
    walk.save(folder, shard_of(rows, known, known), str(known))
    children.run("train.py", cwd=ROOT / "training", SM_CHANNEL_TRAIN=folder / "shards", SM_MODEL_DIR=folder)
    return folder


def loss(shard: Shard, model: Path, window: tuple[int, int]) -> np.ndarray:
    """The model's pinball loss by horizon, summed over forecasts from the window's days, first and last included."""
    asked, served = model / "asked.npz", model / "served.npz"
    files.save(asked, shard.arrays())
    children.run("-m", "benchmarks.served", model, asked, served)
    forecasts, origins = files.load(served), points(shard)
    regular = [calendars.IRREGULAR] * len(shard), np.zeros(len(shard), bool)  # of future rows, which go
    rows = predictions.join(shard, origins, forecasts, walk.calibration(shard, forecasts), *regular)
    own = ~rows["future"] & (rows["origin_day"] >= window[0]) & (rows["origin_day"] <= window[1])
    test = {name: column[own] for name, column in rows.items()}
    quantiles = np.column_stack([test[name] for name in QUANTILES])
    losses = metrics.pinball(test["actual"], quantiles) / test["naive"]
    return np.bincount(np.searchsorted(HORIZONS, test["horizon"]), losses, len(HORIZONS))


def points(shard: Shard) -> Arrays:
    """The baseline's file with naive in every place: the other points are not looked at, so no forest is grown."""
    origins, prices = [], []
    for ticker in shard:
        adjclose = ticker.rows["adjclose"]
        origins.append(np.arange(int(ticker.bounds[2]), len(adjclose)))
        prices.append(np.repeat(baseline.naive(adjclose, origins[-1])[:, :, None], len(BASELINES), axis=2))
    offsets = np.cumsum([0, *map(len, origins)], dtype=np.int64)
    joined = {"origin": np.concatenate(origins), "prices": np.concatenate(prices)}
    return {"tickers": shard.tickers, "offsets": offsets, **joined}


def table(losses: dict[int, list[Loss]]) -> Table:
    """By age the ratio of the summed losses, and in brackets that of the worst cut."""
    lines = []
    for age in sorted(losses):
        own = losses[age]
        pooled = np.sum([one.old for one in own], axis=0) / np.sum([one.fresh for one in own], axis=0)
        worst = np.max([one.old / one.fresh for one in own], axis=0)
        cells = [f"{ratio:.4f} ({most:.4f})" for ratio, most in zip(pooled, worst, strict=True)]
        lines.append([f"{age} sessions", str(len(own)), *cells])
    title = f"Pinball loss of an older model over that of a fresh one, on {DAYS} days after each cut"
    return Table(KEY, title, ["older by", "cuts", *(f"h = {horizon}" for horizon in HORIZONS)], lines)


if __name__ == "__main__":
    main()
