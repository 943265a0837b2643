"""What the steps cost on a file of prices, beside the same steps of an older checkout.

    .venv/bin/python -m benchmarks.work prices.csv --before CHECKOUT

Each step is a whole process over all shards, imports included; CPU is user and system time. The forest has one tree,
but for the first shard once more at the end. The file has the columns Date, Ticker and Adj Close at least.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from benchmarks import ROOT, children, tables
from benchmarks.children import Cost
from benchmarks.one_step import KEY
from stocks.contract import FOREST_TREES

STEPS = ("split", "gather", "merge", "check_data", "scale", "baseline", "forecast", "calibrate")
LATER = ("model", "publish", "summarize")  # model writes what a training job would have left
PREPARED = ("split", "merge", "scale")
TABLES = ("prices", "predictions")


class Measured(NamedTuple):
    """What a checkout's steps cost, and where they wrote.

    client: what Forecast's own code took without the endpoint. forest: what `sampled` shards cost with all trees.
    """

    costs: dict[str, Cost]
    client: dict[str, float]
    folder: Path
    forest: Cost
    sampled: Sequence[int]

    @property
    def shards(self) -> int:
        return int(json.loads((self.folder / "run.json").read_text())["shards"])


def place(csvs: Sequence[Path], folder: Path) -> None:
    """Let the files lie in incoming/ of a folder that is S3."""
    incoming = (folder / "incoming" / KEY).parent
    incoming.mkdir(parents=True)
    for number, csv in enumerate(csvs):
        (incoming / f"prices-{number}.csv").symlink_to(csv.resolve())


def measure(
    csvs: Sequence[Path], folder: Path, checkout: Path = ROOT, sampled: Sequence[int] = (0,), kilobytes: int | str = ""
) -> Measured:
    """Every step of a run on the files; kilobytes is the parameter ShardKilobytes, by default the template's."""
    place(csvs, folder)

    def run(step: str, *more: object) -> Cost:
        return children.run("-m", "benchmarks.one_step", folder, step, checkout, *more, SHARD_KILOBYTES=kilobytes)

    costs = {step: run(step) for step in (*STEPS, *LATER)}
    forest = run("baseline", ",".join(map(str, sampled)), FOREST_TREES)
    return Measured(costs, json.loads((folder / "forecast.json").read_text()), folder, forest, sampled)


def compared(now: Measured, before: Measured) -> Iterator[list[str]]:
    """The rows of the table of steps of two checkouts."""
    for step in (*STEPS, "publish", "summarize"):
        yield row(step, now.costs[step], before.costs[step])
    yield row("Split, Merge and Scale", together(now, PREPARED), together(before, PREPARED))
    clients = [Cost(0, one.client["own"], one.costs["forecast"].peak_mib) for one in (now, before)]
    yield row("Forecast without the endpoint", *clients)


def together(one: Measured, named: tuple[str, ...]) -> Cost:
    costs = [one.costs[step] for step in named]
    return Cost(sum(cost.wall for cost in costs), sum(cost.cpu for cost in costs), max(c.peak_mib for c in costs))


def row(what: str, now: Cost, before: Cost) -> list[str]:
    figures = [f"{value:.1f}" for value in (now.cpu, now.peak_mib, before.cpu, before.peak_mib)]
    return [what, *figures, f"{now.cpu / before.cpu:.2f}"]


def sizes(found: Measured) -> Iterator[list[str]]:
    """Bytes of a row of each table, and of everything that is kept and that expires."""
    for table in TABLES:
        yield [f"bytes a row of `{table}`", f"{bytes_a_row(found.folder, table):.1f}"]
    for what, where in {"history": "lake/history", "working files": "work"}.items():
        yield [f"MB of {what}", f"{weight(found.folder / where) / 1e6:.0f}"]
    yield ["MB of the longest request or answer", f"{found.client['bytes'] / 1e6:.2f}"]


def bytes_a_row(folder: Path, table: str) -> float:
    files = list((folder / "lake" / table).rglob("*.parquet"))
    return sum(file.stat().st_size for file in files) / rows_of(folder, table)


def rows_of(folder: Path, table: str) -> int:
    return sum(pq.read_metadata(file).num_rows for file in (folder / "lake" / table).rglob("*.parquet"))


def weight(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=Path)
    parser.add_argument("--before", type=Path, required=True, help="an older checkout of this project")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        now = measure([asked.csv], Path(folder, "now"))
        before = measure([asked.csv], Path(folder, "before"), asked.before.resolve())
        header = ["step", "CPU s", "MiB", "before: CPU s", "MiB", "now / before"]
        print(tables.rows(header, compared(now, before)), tables.rows(["what", "now"], sizes(now)), sep="\n\n")


if __name__ == "__main__":
    main()
