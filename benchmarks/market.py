"""The steps that read a file of every shard, on as many files as a whole market has.

    python -m benchmarks.market [--tickers 60000] [--days 7560] [--folder FOLDER] [--write]

One shard goes through the steps before them. Copies of its working files, with tickers of other names, stand for the
others. It needs some 7 GB below --folder, and deletes them.
"""

import argparse
import dataclasses
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import ROOT, children, files, invented, lambdas, paper, tables, work
from benchmarks.children import Cost
from benchmarks.machine import machine
from benchmarks.paper import Line, Market, Speeds
from stocks import metrics
from stocks.dataset import sizes
from tools import sections

DOCUMENT = ROOT / "docs" / "performance.md"
WORLD = Market(60_000, 30 * 252)
STEPS = ("check_data", "calibrate", "summarize")
FEWER = 8  # one measurement is of a part of the market: one shard in so many
NAME = re.compile(r'"(T\d+)"')
HEADER = ["step", "tickers", "CPU s", "MiB", "the template's MB", "used"]

type Found = Mapping[Market, Mapping[str, Cost]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickers", type=int, default=WORLD.tickers)
    parser.add_argument("--days", type=int, default=WORLD.days)
    parser.add_argument("--folder", help="where the data lie meanwhile; default: the system's for temporary files")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        text = table(measure(Market(asked.tickers, asked.days), Path(folder)))
    print(text)
    if asked.write:
        sections.write(DOCUMENT, "market", f"{text}\n")


def measure(market: Market, folder: Path) -> Found:
    """What the steps cost of a part of the market and of all of it, by what was measured: shards have whole tickers."""
    shards = paper.shards_of_rows(market.rows)
    each = market.tickers // shards
    run = first(Market(each, market.days), market.tickers, folder)
    found, copied = {}, 1
    for count in sorted({max(1, shards // FEWER), shards}):
        for number in range(copied, count):
            copy(next((run / "work" / "runs").iterdir()), number)
        copied = count
        told(run, count)
        costs = {step: children.run("-m", "benchmarks.one_step", run, step, ROOT) for step in STEPS}
        found[Market(each * count, market.days)] = costs
        if work.rows_of(run, "metrics") != (1 + each * count) * metrics.ROWS:
            raise ValueError(f"the metrics table has {work.rows_of(run, 'metrics'):,} rows of {each * count:,} tickers")
    return found


def first(shard: Market, tickers: int, folder: Path) -> Path:
    """The folder of a run of one shard, whose charts are as short as those of a run of so many tickers."""
    csv, run = folder / "prices.csv", folder / "market"
    invented.write(csv, *shard)
    work.place([csv], run)
    kilobytes = -(-shard.rows * sizes.ROW_BYTES // 1024)
    for step in (*work.STEPS, "model"):
        children.run("-m", "benchmarks.one_step", run, step, ROOT, SHARD_KILOBYTES=kilobytes)
    (data,) = (run / "work" / "runs").glob("*/data.json")
    data.write_text(json.dumps(json.loads(data.read_text()) | {"tickers": tickers}))
    children.run("-m", "benchmarks.one_step", run, "publish", ROOT, SHARD_KILOBYTES=kilobytes)
    return run


def told(run: Path, shards: int) -> None:
    """Let the run and its plan have so many shards."""
    (plan,) = (run / "lake" / "plans").rglob("plan.json")
    for file in (run / "run.json", plan):
        file.write_text(json.dumps(json.loads(file.read_text()) | {"shards": shards}))


def copy(run: Path, number: int) -> None:
    """Leave the working files of shard 0 as those of another one."""
    for kind in ("charts", "tickers", "merged"):
        text = NAME.sub(rf'"\1.{number}"', (run / kind / "00000.json").read_text())
        text = text.replace('"shard": 0', f'"shard": {number}')
        (run / kind / f"{number:05d}.json").write_text(others(text, number) if kind == "merged" else text)
    for kind in ("histograms", "scores"):
        arrays = files.load(run / kind / "00000.npz") | {"shard": np.array(number)}
        if kind == "scores":
            arrays["tickers"] = np.array([f"{name}.{number}" for name in arrays["tickers"].tolist()])
        files.save(run / kind / f"{number:05d}.npz", arrays)
    future = pq.read_table(run / "future" / "00000.parquet")
    names = pa.array([f"{name}.{number}" for name in future["ticker"].to_pylist()])
    pq.write_table(future.set_column(0, "ticker", names), run / "future" / f"{number:05d}.parquet")


def others(merged: str, number: int) -> str:
    """The report of Merge with other hashes of months: no two tickers have the same prices."""
    value = json.loads(merged)
    mask = np.random.default_rng(number).integers(1 << 63, dtype=np.uint64)
    value["months"] = [
        (np.frombuffer(bytes.fromhex(months), ">u8") ^ mask).astype(">u8").tobytes().hex() for months in value["months"]
    ]
    return json.dumps(value)


def lines(found: Found) -> Iterator[list[str]]:
    for step in STEPS:
        for market, costs in found.items():
            cost, most = costs[step], lambdas.of(step).megabytes
            figures = [f"{cost.cpu:.1f}", f"{cost.peak_mib:.0f}", f"{most}", f"{100 * cost.peak_mib / most:.0f} %"]
            yield [step.replace("_", " ").capitalize(), f"{market.tickers:,}", *figures]


def table(found: Found) -> str:
    return f"{tables.rows(HEADER, lines(found))}\n\n{machine()}"


def of_market(speeds: Speeds, found: Found) -> Speeds:
    """The speeds, those of the steps that read all shards as they were measured of a market."""

    def through(figure: str) -> dict[str, Line]:
        return {
            step: Line.through(*((market.rows, getattr(costs[step], figure)) for market, costs in found.items()))
            for step in STEPS
        }

    return dataclasses.replace(
        speeds,
        cpu={**speeds.cpu, **through("cpu")},
        memory={**speeds.memory, **through("peak_mib")},
    )


if __name__ == "__main__":
    main()
