"""Forty million rows through every step: does the memory that the template gives hold, and is anything refused?

    python -m benchmarks.large [--tickers 8000] [--days 5000] [--files 2] [--sampled 4] [--write]

It needs some 15 GB below --folder, and deletes them. Steps run in processes of their own, over all shards; the forest
has one tree, but for the sampled shards. Training takes two epochs of a tenth of the windows that it would.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks import invented, lambdas, learned, paper, tables, work
from benchmarks.machine import machine
from benchmarks.performance import DOCUMENT, peak, shards_of
from benchmarks.work import Measured
from stocks.dataset.uploads import Verdict
from tools import sections

HEADER = ["step", "calls", "CPU s", "wall s", "peak MiB", "the template's MB", "used"]
ORDER = (
    *("split", "gather", "merge", "check_data", "scale", "baseline", "forecast", "calibrate", "publish", "summarize"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickers", type=int, default=8_000)
    parser.add_argument("--days", type=int, default=5_000)
    parser.add_argument("--files", type=int, default=2)
    parser.add_argument("--sampled", type=int, default=4, help="shards whose forest has all its trees")
    parser.add_argument("--folder", help="where the data lie meanwhile; default: the system's for temporary files")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    asked, began = parser.parse_args(), time.monotonic()
    said: list[str] = []
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        for text in measured(asked, Path(folder)):
            print(text, end="\n\n", flush=True)
            said.append(text)
    said.append(f"{machine()} The command took {(time.monotonic() - began) / 60:.0f} minutes.")
    print(said[-1])
    if asked.write:
        sections.write(DOCUMENT, "large", "\n\n".join(said) + "\n")


def measured(asked: argparse.Namespace, folder: Path) -> Iterator[str]:
    """What is said as the run goes. Raises RuntimeError where a step fails, ValueError where a row is refused."""
    csvs, rows, each = [], 0, -(-asked.tickers // asked.files)
    for number in range(asked.files):
        first, csv = number * each, folder / f"{number}.csv"
        rows += invented.write(csv, min(each, asked.tickers - first), asked.days, seed=number + 1, first=first)
        csvs.append(csv)
    run = folder / "run"
    sampled = np.linspace(0, paper.shards_of_rows(rows) - 1, asked.sampled).astype(int).tolist()
    found = work.measure(csvs, run, sampled=sampled)
    accepted(run, asked.tickers * asked.days)
    published(run, asked.tickers * asked.days)
    yield f"{rows:,} rows in {asked.files} files and {found.shards} shards; none was refused, and each was published:"
    yield tables.rows(HEADER, lines(found, asked.files))
    trained = learned.measure(shards_of(found), folder / "learned", most=100_000)
    window = 1e6 * trained.epoch / trained.windows
    sizes = {name: work.bytes_a_row(run, name) for name in work.TABLES}
    said = f"Training held {trained.peak_mib:,.0f} MiB, and took {window:.0f} µs a window in each epoch. A row has "
    yield said + " and ".join(f"{size:.1f} bytes in `{name}`" for name, size in sizes.items()) + "."


def accepted(run: Path, rows: int) -> None:
    """Raise ValueError where Split refused a file or a row, or took another number of rows."""
    verdicts = [Verdict.from_json(file.read_bytes()) for file in (run / "lake" / "verdicts").rglob("*.json")]
    if any(not verdict.accepted or verdict.rejected_rows for verdict in verdicts):
        raise ValueError(f"refused: {[(verdict.reason, verdict.rejected_rows) for verdict in verdicts]}")
    if sum(verdict.rows for verdict in verdicts) != rows:
        raise ValueError(f"Split took {sum(verdict.rows for verdict in verdicts):,} rows of {rows:,}")


def published(run: Path, rows: int) -> None:
    """Raise ValueError where the table has other rows than the files, or the run was not published."""
    if work.rows_of(run, "prices") != rows:
        raise ValueError(f"prices has {work.rows_of(run, 'prices'):,} rows, the files had {rows:,}")
    if not list((run / "lake" / "runs").rglob("*.parquet")):
        raise ValueError("the run was not published")


def lines(found: Measured, files: int) -> Iterator[list[str]]:
    for step in ORDER:
        cost, function, most = found.costs[step], lambdas.of(step), peak(found, step)
        calls = files if step == "split" else found.shards if step in paper.MAPS else 1
        figures = [f"{cost.cpu:.0f}", f"{cost.wall:.0f}", f"{most:.0f}", f"{function.megabytes}"]
        yield [step.replace("_", " ").capitalize(), f"{calls}", *figures, f"{100 * most / function.megabytes:.0f} %"]


if __name__ == "__main__":
    main()
