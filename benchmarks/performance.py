"""Write docs/performance.md: what the product costs, beside others, step by step, and on paper.

    python -m benchmarks.performance [--tickers 1000] [--days 2500] [--most 5000] [--repeats 3] [--write]

Prices are invented. --tickers is the size at which others stand beside, --most the greatest of the growth.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import ROOT, invented, lambdas, laptop, learned, market, paper, prepare, tables, work
from benchmarks.learned import Learned
from benchmarks.machine import machine
from benchmarks.market import DOCUMENT
from benchmarks.paper import Line, Market, Speeds, Training
from benchmarks.work import Measured
from tools import sections

CROWDED = 65_536  # ShardKilobytes, the most that the template allows: how a step's memory grows with its shard
GROWN = ("ours", "polars", "duckdb")
COSTED = (100, 1_000, 5_000)  # tickers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickers", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=2_500)
    parser.add_argument("--most", type=int, default=5_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    asked, began = parser.parse_args(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for name, text in measured(asked, Path(folder)):
            print(f"\n{name}\n\n{text}", flush=True)
            if asked.write:
                sections.write(DOCUMENT, name, f"{text}\n")
    minutes = (time.monotonic() - began) / 60
    said = f"{machine()} The command took {minutes:.0f} minutes, {asked.repeats} turns of {asked.tickers:,} tickers."
    print(f"\n{said}")
    if asked.write:
        sections.write(DOCUMENT, "machine", f"{said}\n")


def measured(asked: argparse.Namespace, folder: Path) -> Iterator[tuple[str, str]]:
    """Name and text of each section of the page, as they are measured."""
    csv = folder / "prices.csv"
    rows = invented.write(csv, asked.tickers, asked.days)
    yield "prepare", prepare.table(csv, asked.repeats)
    yield "growth", growth(asked, folder)
    few_csv = folder / "few.csv"
    few_rows = invented.write(few_csv, asked.tickers // 10, asked.days)
    few, many = work.measure([few_csv], folder / "few"), work.measure([csv], folder / "many")
    crowded = work.measure([csv], folder / "crowded", kilobytes=CROWDED)
    small = learned.measure(shards_of(few), few.folder / "learned")
    # As many windows an epoch, so that what the rows cost shows.
    trained = [small, learned.measure(shards_of(many), many.folder / "learned", most=small.windows)]
    found = speeds((few_rows, few), (rows, many), crowded, trained, csv.stat().st_size / rows)
    yield "steps", steps(many, rows)
    yield "sizes", tables.rows(["what", f"{asked.tickers:,} tickers"], work.sizes(many))
    yield "cost", cost_table(found, asked.days)
    whole = market.measure(market.WORLD, folder)
    yield "market", market.table(whole)
    yield "paper", paper_table(market.WORLD, market.of_market(found, whole))
    yield "laptop", laptop.table(ROOT / "examples" / "prices.csv")


def shards_of(one: Measured) -> Path:
    (run,) = (one.folder / "work" / "runs").iterdir()
    return run


def growth(asked: argparse.Namespace, folder: Path) -> str:
    """CPU and memory of ours and of the two fastest, from ten tickers to the most."""
    chosen = {name: way for name, way in prepare.ways().items() if name in GROWN}
    header = ["tickers", "rows"]
    header += [cell for name in GROWN for cell in (f"{name}: CPU s", "MiB")] + ["ours: µs a row"]
    lines = []
    for tickers in sorted({10, 100, asked.tickers, asked.most}):
        csv = folder / "growing.csv"
        rows = invented.write(csv, tickers, asked.days)
        costs = {name: costs[0] for name, costs in prepare.by_turns(csv, chosen, 1).items()}
        cells = [cell for cost in costs.values() for cell in (f"{cost.cpu:.1f}", f"{cost.peak_mib:.0f}")]
        lines.append([f"{tickers:,}", f"{rows:,}", *cells, f"{costs['ours'].cpu / rows * 1e6:.1f}"])
        csv.unlink()
    return tables.rows(header, lines)


def speeds(
    few: tuple[int, Measured], many: tuple[int, Measured], crowded: Measured, trained: list[Learned], characters: float
) -> Speeds:
    """Lines through what was measured of few and of many tickers, and of the same many in few shards."""
    (few_rows, less), (rows, more) = few, many
    cpu = {step: Line.through((few_rows, less.costs[step].cpu), (rows, more.costs[step].cpu)) for step in more.costs}
    cpu["forecast"] = Line.through((few_rows, less.client["own"]), (rows, more.client["own"]))
    cpu["baseline"] = Line(0, more.forest.cpu / (rows * len(more.sampled) / more.shards))
    memory = {
        step: Line.through((few_rows, less.costs[step].peak_mib), (rows, more.costs[step].peak_mib))
        for step in ("split", *paper.WHOLE)
    }
    for step in paper.MAPS:
        thin, thick = (rows / one.shards for one in (more, crowded))
        peaks = [peak(one, step) for one in (more, crowded)]
        memory[step] = Line.through((thin, peaks[0]), (thick, peaks[1])) if thick > thin else Line(peaks[0], 0)
    return Speeds(cpu, memory, Training.of(*trained), characters)


def peak(one: Measured, step: str) -> float:
    return max(one.costs[step].peak_mib, one.forest.peak_mib if step == "baseline" else 0)


def steps(found: Measured, rows: int) -> str:
    """What each step took here, and what its calls take on Lambda."""
    header = [
        "step",
        "CPU s here",
        "MiB here",
        "calls",
        "memory on Lambda, MB",
        "seconds of a call there",
        "its limit, s",
    ]
    lines = []
    for step in (
        "split",
        *paper.WHOLE[:1],
        "merge",
        "check_data",
        *paper.MAPS[1:4],
        "calibrate",
        "publish",
        "summarize",
    ):
        calls = found.shards if step in paper.MAPS else 1
        cpu, mib = found.costs[step].cpu, peak(found, step)
        if step == "forecast":
            cpu = found.client["own"]
        if step == "baseline":
            cpu = found.forest.cpu * found.shards / len(found.sampled)
        function = lambdas.of(step)
        there = function.seconds(cpu / calls)
        cells = [f"{cpu:.1f}", f"{mib:.0f}", f"{calls}", f"{function.megabytes}", f"{there:.1f}", f"{function.timeout}"]
        lines.append([step.replace("_", " ").capitalize(), *cells])
    return f"{rows:,} rows in {found.shards} shards:\n\n{tables.rows(header, lines)}"


def cost_table(found: Speeds, days: int) -> str:
    lines = []
    for tickers in COSTED:
        stages = paper.run(Market(tickers, days), found)
        usd, hours = sum(stage.usd for stage in stages), paper.hours(stages)
        lines.append([f"{tickers:,}", f"{usd:.2f}", f"{100 * usd / tickers:.3f}", f"{60 * hours:.0f}"])
    return tables.rows(["tickers", "USD a run", "cents a ticker", "minutes"], lines)


def paper_table(world: Market, found: Speeds) -> str:
    """Step by step, and below it the sum and the limit that comes first."""
    stages = paper.run(world, found)
    header = ["step", "calls", "seconds of a call", "minutes", "USD", "nearest limit", "used"]
    lines = [
        [stage.name.replace("_", " "), f"{stage.calls:,}", f"{stage.each:,.0f}", f"{stage.wall / 60:,.1f}",
         f"{stage.usd:.2f}", stage.nearest[0], f"{100 * stage.nearest[1]:.0f} %"]
        for stage in stages
    ]  # fmt: skip
    tickers, limit = paper.first(world, found)
    usd = sum(stage.usd for stage in stages)
    said = (
        f"Together {paper.hours(stages):.1f} hours and {usd:.2f} USD, {100 * usd / world.tickers:.3f} cents a ticker."
    )
    said += f" With {world.days:,} days each the first limit comes at some {tickers:,} tickers. It is {limit}."
    return f"{tables.rows(header, lines)}\n\n{said}"


if __name__ == "__main__":
    main()
