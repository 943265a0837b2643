"""Split, Merge and Scale beside other programs that do the same job: CPU, wall time and memory of whole processes.

The job: read a CSV, drop rows that stand twice, sort by ticker and day, find the day on which the newest fifth of the
rows begins, find each ticker's least and greatest adjclose before it, and write the table and these bounds. Ours does
it in one process with Gather and Check data between, and checks each row besides; the others are told nothing of rows
that are wrong, and check none. What each wrote is compared before any is timed.
"""

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from benchmarks import ROOT, children, invented, tables
from benchmarks.children import Cost
from benchmarks.files import load
from benchmarks.one_step import KEY
from local import paths

STEPS = "split+gather+merge+check_data+scale"
VALUES = ("Open", "High", "Low", "Close", "Adj Close", "Volume")
OWN = ("open", "high", "low", "close", "adjclose", "volume")
CHECKED = 100  # tickers of the file on which all are compared
CLOSE = 1e-9  # relative: sums may be added up in another order
RIVALS = ROOT / "benchmarks"
HEADER = ["", "CPU s", "CPU s, least to most", "wall s", "peak MiB", "CPU, times ours"]


class Bounds(NamedTuple):
    """Of each ticker by name: its rows, its least and greatest price before the test period, and its values' sums."""

    tickers: np.ndarray
    figures: np.ndarray  # float64[k, 3 + 6]


class Way(NamedTuple):
    """How one program does the job: run it on a CSV in an empty folder, and read what it left."""

    name: str
    run: Callable[[Path, Path], Cost]
    left: Callable[[Path], Bounds] | None  # None where it does another job


def ways() -> dict[str, Way]:
    mine, own = Path(sys.executable), paths.python("benchmarks")
    return {
        "ours": Way("**Split, Merge and Scale**", ours, left_by_ours),
        "polars": Way("polars", rival("polars", own), left_in_parquet),
        "duckdb": Way("duckdb", rival("duckdb", own), left_in_parquet),
        "pandas": Way("pandas, groupby", rival("pandas", mine), left_in_parquet),
        "tutorial": Way("the tutorial's way: a filter, a scaler and a CSV for each ticker", rival("tutorial", mine),
                        left_in_csv),
        "floor": Way("floor: read the bytes, count the lines", rival("floor", mine), None),
    }  # fmt: skip


def ours(csv: Path, folder: Path) -> Cost:
    place = folder / "incoming" / KEY
    place.parent.mkdir(parents=True)
    place.symlink_to(csv)
    return children.run("-m", "benchmarks.one_step", folder, STEPS, ROOT)


def rival(name: str, python: str | Path) -> Callable[[Path, Path], Cost]:
    script = RIVALS / f"rival_{name}.py"
    return lambda csv, folder: children.run(script, csv, folder, python=python)


def left_by_ours(folder: Path) -> Bounds:
    names, figures = [], []
    for file in sorted(folder.glob("work/runs/*/shards/*.npz")):
        shard = load(file)
        if len(shard["tickers"]):
            sums = [np.add.reduceat(shard[name], shard["offsets"][:-1]) for name in OWN]
            names.append(shard["tickers"])
            figures.append(np.column_stack([np.diff(shard["offsets"]), shard["minmax"], *sums]))
    return _by_name(np.concatenate(names), np.concatenate(figures))


def left_in_parquet(folder: Path) -> Bounds:
    return _left(pq.read_table(folder / "prices.parquet"), folder)


def left_in_csv(folder: Path) -> Bounds:
    return _left(pa.concat_tables(pyarrow.csv.read_csv(file) for file in sorted(folder.glob("*.csv"))), folder)


def _left(table: pa.Table, folder: Path) -> Bounds:
    """Raises ValueError where the rows are not sorted, or a day of a ticker stands twice."""
    tickers, owner = np.unique(np.array(table["Ticker"].to_pylist()), return_inverse=True)
    days = table["Date"].cast(pa.date32()).cast(pa.int32()).to_numpy()
    keys = (owner.astype(np.int64) << 32) + days
    if not (keys[1:] > keys[:-1]).all():
        raise ValueError(f"the rows in {folder.name} are not sorted by ticker and day, or one stands twice")
    counts = np.bincount(owner)
    sums = [np.bincount(owner, table[name].cast(pa.float64()).to_numpy()) for name in VALUES]
    bounds = pq.read_table(folder / "bounds.parquet").sort_by("Ticker")
    if bounds["Ticker"].to_pylist() != tickers.tolist():
        raise ValueError(f"the bounds in {folder.name} are of other tickers than the rows")
    return _by_name(tickers, np.column_stack([counts, bounds["low"].to_numpy(), bounds["high"].to_numpy(), *sums]))


def _by_name(tickers: np.ndarray, figures: np.ndarray) -> Bounds:
    order = np.argsort(tickers)
    return Bounds(tickers[order], figures[order].astype(np.float64))


def compare(found: dict[str, Bounds]) -> None:
    """Raise ValueError where any found another table or other bounds than the first."""
    first, *others = found.items()
    for name, one in others:
        if not np.array_equal(one.tickers, first[1].tickers):
            raise ValueError(f"{name} has other tickers than {first[0]}")
        if not np.allclose(one.figures, first[1].figures, rtol=CLOSE, atol=0):
            raise ValueError(f"{name} has other rows or bounds than {first[0]}")


def check(chosen: dict[str, Way]) -> None:
    """Let each do the job on a small file, and compare what they leave. Raises ValueError."""
    with tempfile.TemporaryDirectory() as folder:
        csv = Path(folder, "prices.csv")
        invented.write(csv, CHECKED, 500)
        compare({name: _done(way, csv, Path(folder, name)) for name, way in chosen.items() if way.left})


def _done(way: Way, csv: Path, folder: Path) -> Bounds:
    folder.mkdir()
    way.run(csv, folder)
    assert way.left
    return way.left(folder)


def by_turns(csv: Path, chosen: dict[str, Way], repeats: int) -> dict[str, list[Cost]]:
    """Every way once, then every way again, so that what else the machine does falls on all of them."""
    found: dict[str, list[Cost]] = {name: [] for name in chosen}
    for _ in range(repeats):
        for name, way in chosen.items():
            with tempfile.TemporaryDirectory() as folder:
                found[name].append(way.run(csv, Path(folder)))
    return found


def median(costs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(column) for column in zip(*costs, strict=True)))


def rows(found: dict[str, list[Cost]], chosen: dict[str, Way]) -> Iterator[list[str]]:
    """The rows of the table; `ours` is among them."""
    base = median(found["ours"]).cpu
    for name, costs in found.items():
        middle, every = median(costs), [cost.cpu for cost in costs]
        spread = f"{min(every):.1f} to {max(every):.1f}"
        figures = [f"{middle.cpu:.1f}", spread, f"{middle.wall:.1f}", f"{middle.peak_mib:.0f}"]
        yield [chosen[name].name, *figures, f"{middle.cpu / base:.2f}"]


def table(csv: Path, repeats: int) -> str:
    chosen = ways()
    check(chosen)
    return tables.rows(HEADER, rows(by_turns(csv, chosen, repeats), chosen))
