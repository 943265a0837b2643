"""What one run costs a laptop, and where its time goes: seconds by state, and the peak memory of all its processes.

    python -m benchmarks.laptop [CSV] [--write]

Starts a cloud of its own (building and deploying the stack is part of the time) and ends it afterwards.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks import history, tables
from benchmarks.history import Told
from benchmarks.machine import machine
from benchmarks.market import DOCUMENT
from local import deploy, paths
from stockcast import executions, target
from tools import sections

ROOT = Path(__file__).resolve().parents[1]
SAMPLE_SECONDS = 0.25
HEADER = ["state", "calls", "seconds, added up", "of these at once with others"]


class Run(NamedTuple):
    """Seconds, deployment included, peak bytes, and what the execution's history tells."""

    seconds: float
    peak: int
    told: Told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=Path, nargs="?", default=ROOT / "examples" / "prices.csv")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md, as the run of another file")
    asked = parser.parse_args()
    text = f"{table(asked.csv.resolve())}\n\n{machine()}"
    print(text)
    if asked.write:
        sections.write(DOCUMENT, "laptop-other", f"{text}\n")


def table(csv: Path) -> str:
    """The table of a run's states, and what else is to be said of it. Raises RuntimeError where the run fails."""
    done = run(csv)
    told = done.told
    said = f"`{csv.name}` on {os.cpu_count()} cores: {done.seconds:.0f} seconds with the deployment, "
    said += f"{told.seconds:.0f} of them the execution; {done.peak / 2**30:.2f} GiB at the peak of all processes."
    parts = {
        "a step at work": told.at_work(),
        "only waiting for SageMaker, Glue or uploads": told.awaited(),
        "all else, which is orchestration": told.orchestrated(),
    }
    shares = [[name, f"{took:.1f}", f"{100 * took / told.seconds:.1f} %"] for name, took in parts.items()]
    billed = [[item.what, f"{item.amount:,.1f}", f"{item.usd():.5f}"] for item in history.costs(told)]
    shown = [
        tables.rows(HEADER, rows(told)),
        tables.rows(["the execution's time", "seconds", "share"], shares),
        tables.rows(["on AWS by this history", "amount", "USD"], billed),
    ]
    return "\n\n".join((said, *shown))


def rows(told: Told) -> Iterator[list[str]]:
    """Each state that calls a function or waits, in the order of their first."""
    for state, spans in history.by_state([*told.calls, *told.waits]).items():
        total = sum(span.seconds for span in spans)
        yield [state, f"{len(spans)}", f"{total:.1f}", f"{max(0, total - history.covered(spans)):.1f}"]


def run(csv: Path) -> Run:
    """Run the file through a cloud of its own. Raises RuntimeError where the run fails."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "LOCAL_STATE": f"{folder}/cloud"}
        before = paths.STATE
        try:
            code, seconds, peak = measure(csv, folder, environment)
            if code:
                raise RuntimeError(f"the run of {csv.name} ended with {code}")
            paths.use(Path(folder, "cloud"))
            return Run(seconds, peak, history.told(events()))
        finally:
            paths.use(before)
            subprocess.run([sys.executable, "-m", "local", "down"], cwd=ROOT, env=environment, check=True)


def events() -> list[dict]:
    """The history of the newest execution of the laptop's stack that published."""
    stack = target.of_laptop(deploy.outputs())
    found = next(one for one in executions.newest(stack) if one.status == executions.PUBLISHED)
    pages = stack.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=found.arn)
    return [event for page in pages for event in page["events"]]


def measure(csv: Path, folder: str, environment: dict[str, str]) -> tuple[int, float, int]:
    """Exit code, seconds and peak bytes of one run."""
    started, peak = time.monotonic(), 0
    run = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "local", "run", str(csv), "--out", f"{folder}/out"], cwd=ROOT, env=environment
    )
    while run.poll() is None:
        peak = max(peak, memory(run.pid, Path(environment["LOCAL_STATE"]) / "cloud.json"))
        time.sleep(SAMPLE_SECONDS)
    return run.returncode, time.monotonic() - started, peak


def memory(pid: int, settings: Path) -> int:
    """Proportional set size, so that shared pages count once, of the command, the cloud and all their descendants."""
    roots = [pid, json.loads(settings.read_text())["pid"]] if settings.exists() else [pid]
    total = 0
    for root in roots:
        try:
            family = [psutil.Process(root), *psutil.Process(root).children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
        total += sum(map(proportional, family))
    return total


def proportional(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except psutil.Error:  # it ended between the two looks
        return 0


if __name__ == "__main__":
    main()
