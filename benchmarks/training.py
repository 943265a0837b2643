"""What training costs and what its limits change, on the shard of one test year of a CSV.

    python -m benchmarks.training cap CSV [--year 2017] [--shares 1,0.5,0.25] [--seeds 3]
    python -m benchmarks.training hosts CSV [--year 2017] [--copies 10] [--batch-size 2048] [--hosts 1,2] [--repeats 2]
    python -m benchmarks.training ranges CSV [--year 2017] [--shares 1,0.5,0.25] [--seeds 3]
    python -m benchmarks.training size [--tickers 5000] [--days 2500]

`cap` lets an epoch take a share of the windows only, and prints losses and gates beside those of all windows. `ranges`
fits the ranges on the tickers of a share of the rows, and prints how far they are from those of all. `hosts` trains one
model on several processes of this machine, each with one thread: a ratio of times in one run, which other work on the
machine moves. The tickers are copied under other names to have as many windows as a larger file. `size` says what the
limits of an epoch and of the ranges save of one epoch on so many random walks: CPU and memory of whole processes.
"""

import argparse
import dataclasses
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import data
import ranges
from benchmarks import ROOT, tables, walk
from benchmarks.children import ONE_THREAD, run
from stocks.series import Shard
from train import measures

YEAR = 250  # sessions
OF_A_SHARD = 400  # tickers; a shard has about a million rows
EPOCH = re.compile(r"^epoch \d+/\d+ .*seconds=([\d.]+)$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Fit:
    """evidence: of the chief. seconds: of its epochs, the first of which compiles the network, too."""

    evidence: dict[str, Any]
    seconds: list[float]

    @property
    def loss(self) -> float:
        return self.evidence["losses"][self.evidence["best_epoch"]]["validation_loss"]

    @property
    def epoch(self) -> float:
        """Seconds of an epoch once the network is compiled."""
        return float(np.median(self.seconds[1:]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=list(TABLES))
    parser.add_argument("csv", type=Path, nargs="?", help="prices; `size` invents its own")
    parser.add_argument("--year", type=int, default=2017)
    parser.add_argument("--shares", type=numbers(float), default=[1.0, 0.5, 0.25])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--copies", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=2048)
    parser.add_argument("--hosts", type=numbers(int), default=[1, 2])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--tickers", type=int, default=5000)
    parser.add_argument("--days", type=int, default=2500)
    parser.add_argument("--write", action="store_true", help="put the table into docs/results.md")
    args = parser.parse_args()
    if (args.csv is None) != (args.what == "size"):
        parser.error(f"{args.what} takes {'no' if args.csv else 'a'} CSV")
    with tempfile.TemporaryDirectory() as folder:
        table = TABLES[args.what](args, Path(folder))
    print(table)
    if args.write:
        tables.write(args.csv.stem if args.csv else "invented", [table])


def numbers(kind: Callable[[str], Any]) -> Callable[[str], list]:
    return lambda text: [kind(part) for part in text.split(",")]


def cap(args: argparse.Namespace, folder: Path) -> tables.Table:
    shard, _ = walk.shard_of(walk.read(args.csv), args.year)
    walk.save(folder, shard, "cap")
    windows = train(folder, 1, "--epochs", 1).evidence["windows"]["train"]
    lines = []
    for share in args.shares:
        most = round(windows * share)
        fits = [train(folder, 1, "--epoch-windows", most, "--seed", seed) for seed in range(1, args.seeds + 1)]
        losses, epochs = (
            ", ".join(f"{fit.loss:.4f}" for fit in fits),
            ", ".join(str(fit.evidence["best_epoch"]) for fit in fits),
        )
        gates = [", ".join(f"{fit.evidence['gates'][horizon]:.2f}" for fit in fits) for horizon in ("1", "5", "20")]
        lines.append((f"{most:,}", losses, epochs, *gates))
    title = f"An epoch of some of {windows:,} windows, {len(shard)} tickers, {args.year}, by seed"
    header = ("windows", "validation loss", "best epoch", *(f"gate, h = {horizon}" for horizon in (1, 5, 20)))
    return tables.Table("cap", title, header, lines)


def of_ranges(args: argparse.Namespace, folder: Path) -> tables.Table:
    """How far the width of the 80 % range is from that of a fit on all rows: of each row the difference of the
    logarithms, and their root mean square. A fit of all rows but the last year's says what is usual."""
    shard, _ = walk.shard_of(walk.read(args.csv), args.year)
    walk.save(folder, shard, "ranges")
    prices = data.read_prices(folder / "shards")
    measured, ends = measures(prices), prices.cuts[:, -1]
    whole = ranges.fit(prices, measured, ends)
    lines = []
    for share in args.shares:
        drawn = [data.some(prices, round(share * len(prices.days)), seed) for seed in range(1, args.seeds + 1)]
        fits = [ranges.fit(few, measures(few), few.cuts[:, -1]) for few in drawn]
        tickers = ", ".join(str(len(few.tickers)) for few in drawn)
        apart = [width(measured, made) - width(measured, whole) for made in fits]
        lines.append((f"{share:g}", tickers, *distances(apart)))
    earlier = width(measured, ranges.fit(prices, measured, ends - YEAR)) - width(measured, whole)
    lines.append((f"all but the last {YEAR} days", str(len(prices.tickers)), *distances([earlier])))
    title = f"Ranges fitted on a share of {len(prices.days):,} rows, {args.year}, by seed"
    header = ("share", "tickers", *(f"differs from all, h = {horizon}" for horizon in data.HORIZONS))
    return tables.Table("ranges", title, header, lines)


def width(measured: ranges.Measured, made: ranges.Ranges) -> np.ndarray:
    """float64 [3, m]: of each horizon and each row that moves the logarithm of the 80 % range's width."""
    features = measured.features[measured.moving]
    sigmas = [ranges.sigma(features, *one) for one in zip(made.coefficients, made.levels, strict=True)]
    return np.log(sigmas) + np.log(made.shapes[:, 3] - made.shapes[:, 1])[:, None]


def distances(apart: list[np.ndarray]) -> list[str]:
    """By horizon, those of all seeds."""
    roots = [np.sqrt(np.mean(one**2, axis=1)) for one in apart]
    return [", ".join(f"{100 * root:.1f} %" for root in of_horizon) for of_horizon in zip(*roots, strict=True)]


def hosts(args: argparse.Namespace, folder: Path) -> tables.Table:
    shard, _ = walk.shard_of(walk.read(args.csv), args.year)
    walk.save(folder, copied(shard, args.copies), "hosts")
    flags = ("--epochs", 3, "--batch-size", args.batch_size)
    found: dict[int, list[Fit]] = {count: [] for count in args.hosts}
    beside: dict[int, list[float]] = {count: [] for count in args.hosts}
    for _ in range(args.repeats):  # by turns, so that other work on the machine meets all
        for count in args.hosts:
            found[count].append(train(folder, count, *flags))
            beside[count] += [fit.epoch for fit in side_by_side(folder, count, *flags)]
    windows = found[args.hosts[0]][0].evidence["windows"]["train"]
    first = np.median([fit.epoch for fit in found[args.hosts[0]]])
    lines = []
    for count, fits in found.items():
        seconds = np.median([fit.epoch for fit in fits])
        most = count * first / np.median(beside[count])
        lines.append((str(count), f"{seconds:.1f}", f"{first / seconds:.2f}", f"{most:.2f}", f"{fits[0].loss:.6f}"))
    title = f"One model on several hosts, {windows:,} windows, batches of {args.batch_size:,}, {os.cpu_count()} cores"
    head = ("hosts", "seconds an epoch", "times the speed of one", "as many trainings that share nothing", "loss")
    return tables.Table("hosts", title, head, lines)


def size(args: argparse.Namespace, folder: Path) -> tables.Table:
    for number, first in enumerate(range(0, args.tickers, OF_A_SHARD)):
        walk.save(folder, random_walks(min(OF_A_SHARD, args.tickers - first), args.days, first), "size", number)
    flags = ("train.py", "--train", folder / "shards", "--model-dir", folder, "--epochs", 1)
    found, learnt = {}, {}
    everything = args.tickers * args.days
    unlimited = ("--epoch-windows", everything, "--range-rows", everything)
    for name, most in (("limited", ()), ("all", unlimited)):
        found[name] = run(*flags, *most, cwd=ROOT / "training")
        evidence = json.loads((folder / "evidence.json").read_text())
        windows = min(evidence["windows"]["train"], evidence["hyperparameters"]["epoch_windows"])
        learnt[name] = (f"{windows:,}", f"{evidence['ranges_of']['rows']:,}")
    whole = found["all"].cpu
    lines = [
        (*learnt[name], f"{cost.cpu:.0f}", f"{cost.cpu / whole:.2f}", f"{cost.peak_mib:,.0f}")
        for name, cost in found.items()
    ]
    title = f"A training of one epoch, {args.tickers:,} invented tickers x {args.days:,} days"
    header = ("windows of the epoch", "rows of the ranges", "CPU s", "share of all", "peak MiB")
    return tables.Table("size", title, header, lines)


def random_walks(tickers: int, days: int, first: int) -> Shard:
    """Tickers of independent daily returns, numbered from `first`; the last tenth of the days is the test period."""
    random = np.random.default_rng(first)
    close = np.exp(random.normal(0, 0.01, (tickers, days)).cumsum(axis=1)).ravel() * 100
    reach = np.exp(np.abs(random.normal(0, 0.005, tickers * days)))
    names = np.array([f"T{first + place:05}" for place in range(tickers)])
    columns = {"open": close, "close": close, "adjclose": close, "high": close * reach, "low": close / reach}
    rows = columns | {"tickers": names, "ticker": np.repeat(np.arange(tickers, dtype=np.int32), days)}
    day = np.tile(np.busday_offset("2014-01-01", np.arange(days), roll="forward").astype(np.int32), tickers)
    shard, _ = walk.built(rows | {"day": day, "volume": np.ones(tickers * days)}, 0.1)
    return shard


def copied(shard: Shard, copies: int) -> Shard:
    """The shard with each ticker so many times, under names of their own."""
    one = shard.arrays()
    rows = len(one["days"]) * np.arange(copies)
    offsets = np.concatenate([[0], (one["offsets"][1:] + rows[:, None]).ravel()])
    names = np.concatenate([np.char.add(one["tickers"].astype(str), f"-{copy}") for copy in range(copies)])
    by_row = ("tickers", "offsets")
    more = {name: np.concatenate([column] * copies) for name, column in one.items() if name not in by_row}
    return Shard(**{**more, "tickers": names, "offsets": offsets})


def train(folder: Path, count: int, *flags: object) -> Fit:
    """Fit on the shards below folder, on so many hosts. Raises RuntimeError with what the first to fail said."""
    names = _names(count)
    said = _ended([_start(folder, name, names, flags) for name in names])
    return _fit(folder, names[0], said[0])


def side_by_side(folder: Path, count: int, *flags: object) -> list[Fit]:
    """So many fits of one host each at the same time, which is all that the machine can give to hosts of one job."""
    names = _names(count)
    said = _ended([_start(folder, name, [name], flags) for name in names])
    return [_fit(folder, name, text) for name, text in zip(names, said, strict=True)]


def _names(count: int) -> list[str]:
    return [f"127.0.0.{place + 1}" for place in range(count)]


def _ended(running: list[subprocess.Popen[str]]) -> list[str]:
    """What each said. Raises RuntimeError with the end of that of the first to fail."""
    said = [process.communicate()[0] for process in running]
    for process, text in zip(running, said, strict=True):
        if process.returncode:
            raise RuntimeError(text[-2000:])
    return said


def _fit(folder: Path, name: str, said: str) -> Fit:
    evidence = json.loads((folder / name / "evidence.json").read_text())
    return Fit(evidence, [float(seconds) for seconds in EPOCH.findall(said)])


def _start(folder: Path, name: str, names: list[str], flags: tuple[object, ...]) -> subprocess.Popen[str]:
    (folder / name).mkdir(exist_ok=True)
    variables = {
        "SM_HOSTS": json.dumps(names),
        "SM_CURRENT_HOST": name,
        "SM_CHANNEL_TRAIN": str(folder / "shards"),
        "SM_MODEL_DIR": str(folder / name),
        "TRAINING_JOB_NAME": str(folder),
    }
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "train.py", *map(str, flags)],
        cwd=ROOT / "training",
        env=os.environ | ONE_THREAD | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


TABLES: dict[str, Callable[[argparse.Namespace, Path], tables.Table]] = {
    "cap": cap,
    "ranges": of_ranges,
    "hosts": hosts,
    "size": size,
}

if __name__ == "__main__":
    main()
