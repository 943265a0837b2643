"""What the steps cost on a file of prices, beside the same steps of an older checkout and beside polars.

    .venv/bin/python -m benchmarks.work prices.csv --before CHECKOUT --polars .venv-benchmarks/bin/python [--write]

Each step is a whole process over all shards, imports included; CPU is user and system time. The file has the columns
Date, Ticker and Adj Close at least. --write puts the tables into docs/operations.md.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
from rich.progress import track

from benchmarks import ROOT, children, tables
from benchmarks.children import Cost
from benchmarks.one_step import KEY
from tools import sections

DOCUMENT = ROOT / "docs" / "operations.md"
STEPS = ("split", "gather", "merge", "check_data", "scale", "baseline", "forecast", "calibrate", "publish")
SHOWN = ("split", "merge", "scale", "calibrate", "publish")  # the forest has one tree here; Forecast has its own row
PREPARED = ("split", "merge", "scale")  # what polars does in one script
TABLES = ("prices", "predictions")


class Measured(NamedTuple):
    """What a checkout's steps cost, what Forecast's own code took without the endpoint, and where they wrote."""

    costs: dict[str, Cost]
    client: dict[str, float]
    folder: Path


def measure(csv: Path, checkouts: dict[str, Path], folder: Path) -> dict[str, Measured]:
    """Each step of all checkouts before the next, so that what else the machine does falls on all of them."""
    found: dict[str, Measured] = {}
    for name in checkouts:
        found[name] = Measured({}, {}, folder / name)
        place = folder / name / "incoming" / KEY
        place.parent.mkdir(parents=True)
        place.symlink_to(csv)
    for step in track(STEPS, "steps"):
        for name, checkout in checkouts.items():
            found[name].costs[step] = children.run("-m", "benchmarks.one_step", folder / name, step, checkout)
    for one in found.values():
        one.client.update(json.loads((one.folder / "forecast.json").read_text()))
    return found


def steps(found: dict[str, Measured], polars: Cost | None) -> Iterator[list[str]]:
    """The rows of the table of steps; the first of the checkouts is the one that all others are set beside."""
    first, *others = found.values()
    for step in SHOWN:
        yield row(step, first.costs[step], [other.costs[step] for other in others])
    if polars:
        yield row("Split, Merge and Scale in polars, one script", polars, [])
    for what, named in {"Split, Merge and Scale": PREPARED}.items():
        yield row(what, together(first, named), [together(other, named) for other in others])
    clients = [Cost(0, one.client["own"], one.costs["forecast"].peak_mib) for one in found.values()]
    yield row("Forecast without the endpoint", clients[0], clients[1:])


def together(one: Measured, named: tuple[str, ...]) -> Cost:
    costs = [one.costs[step] for step in named]
    return Cost(sum(cost.wall for cost in costs), sum(cost.cpu for cost in costs), max(c.peak_mib for c in costs))


def row(what: str, now: Cost, before: list[Cost]) -> list[str]:
    older = [
        cell for cost in before for cell in (f"{cost.cpu:.1f}", f"{cost.peak_mib:.0f}", f"{now.cpu / cost.cpu:.2f}")
    ]
    return [what, f"{now.cpu:.1f}", f"{now.peak_mib:.0f}", *(older or ["", "", ""])]


def sizes(found: dict[str, Measured]) -> Iterator[list[str]]:
    """Bytes of a row of each table, and of everything that is kept and that expires."""
    for table in TABLES:
        yield [f"bytes a row of `{table}`", *(f"{bytes_a_row(one.folder, table):.1f}" for one in found.values())]
    for what, place in {"history": "lake/history", "working files": "work"}.items():
        yield [f"MB of {what}", *(f"{weight(one.folder / place) / 1e6:.0f}" for one in found.values())]
    longest = [f"{one.client['bytes'] / 1e6:.2f}" for one in found.values()]
    yield ["MB of the longest request or answer", *longest]


def bytes_a_row(folder: Path, table: str) -> float:
    files = list((folder / "lake" / table).rglob("*.parquet"))
    return sum(file.stat().st_size for file in files) / sum(pq.read_metadata(file).num_rows for file in files)


def weight(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=Path)
    parser.add_argument("--before", type=Path, help="an older checkout of this project")
    parser.add_argument("--polars", type=Path, help="a Python that has polars")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    checkouts = {"now": ROOT} | ({"before": asked.before.resolve()} if asked.before else {})
    with tempfile.TemporaryDirectory() as folder:
        rival = [ROOT / "benchmarks" / "rival_polars.py", asked.csv.resolve(), Path(folder, "polars.parquet")]
        polars = children.run(*rival, python=asked.polars.absolute()) if asked.polars else None
        found = measure(asked.csv.resolve(), checkouts, Path(folder))
        header = ["step", "CPU s", "MiB", "before: CPU s", "MiB", "now / before"]
        costs = tables.rows(header, steps(found, polars))
        kept = tables.rows(["what", *found], sizes(found))
    print(costs, kept, sep="\n\n")
    if asked.write:
        sections.write(DOCUMENT, "work", f"{costs}\n\n{kept}\n")


if __name__ == "__main__":
    main()
