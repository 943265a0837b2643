"""What training costs and what its limits change, on the shard of one test year of a CSV.

    python -m benchmarks.training cap CSV [--year 2017] [--shares 1,0.5,0.25] [--seeds 3]
    python -m benchmarks.training hosts CSV [--year 2017] [--copies 10] [--batch-size 2048] [--hosts 1,2] [--repeats 2]

`cap` lets an epoch take a share of the windows only, and prints losses and gates beside those of all windows. `hosts`
trains one model on several processes of this machine, each with one thread: a ratio of times in one run, which other
work on the machine moves. The tickers are copied under other names to have as many windows as a larger file.
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

from benchmarks import ROOT, tables, walk
from benchmarks.children import ONE_THREAD
from stocks.series import Shard

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
    parser.add_argument("what", choices=["cap", "hosts"])
    parser.add_argument("csv", type=Path)
    parser.add_argument("--year", type=int, default=2017)
    parser.add_argument("--shares", type=numbers(float), default=[1.0, 0.5, 0.25])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--copies", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=2048)
    parser.add_argument("--hosts", type=numbers(int), default=[1, 2])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="put the table into docs/results.md")
    args = parser.parse_args()
    shard, _ = walk.shard_of(walk.read(args.csv), args.year)
    with tempfile.TemporaryDirectory() as folder:
        table = {"cap": cap, "hosts": hosts}[args.what](shard, args, Path(folder))
    print(table)
    if args.write:
        tables.write(args.csv.stem, [table])


def numbers(kind: Callable[[str], Any]) -> Callable[[str], list]:
    return lambda text: [kind(part) for part in text.split(",")]


def cap(shard: Shard, args: argparse.Namespace, folder: Path) -> tables.Table:
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


def hosts(shard: Shard, args: argparse.Namespace, folder: Path) -> tables.Table:
    walk.save(folder, copied(shard, args.copies), "hosts")
    found: dict[int, list[Fit]] = {count: [] for count in args.hosts}
    for _ in range(args.repeats):  # by turns, so that other work on the machine meets all
        for count in args.hosts:
            found[count].append(train(folder, count, "--epochs", 3, "--batch-size", args.batch_size))
    windows = found[args.hosts[0]][0].evidence["windows"]["train"]
    first = np.median([fit.epoch for fit in found[args.hosts[0]]])
    lines = []
    for count, fits in found.items():
        seconds = np.median([fit.epoch for fit in fits])
        lines.append((str(count), f"{seconds:.1f}", f"{first / seconds:.2f}", f"{fits[0].loss:.6f}"))
    title = f"One model on several hosts, {windows:,} windows, batches of {args.batch_size:,}, {os.cpu_count()} cores"
    return tables.Table("hosts", title, ("hosts", "seconds an epoch", "times the speed of one", "loss"), lines)


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
    names = [f"127.0.0.{place + 1}" for place in range(count)]
    running = [_start(folder, name, names, flags) for name in names]
    said = [process.communicate()[0] for process in running]
    for process, text in zip(running, said, strict=True):
        if process.returncode:
            raise RuntimeError(text[-2000:])
    evidence = json.loads((folder / names[0] / "evidence.json").read_text())
    return Fit(evidence, [float(seconds) for seconds in EPOCH.findall(said[0])])


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


if __name__ == "__main__":
    main()
