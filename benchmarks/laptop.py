"""What one run costs a laptop: seconds, and the peak memory of the cloud and all its processes together.

    python -m benchmarks.laptop [CSV]

Starts a cloud of its own (building and deploying the stack is part of the time) and ends it afterwards.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
SAMPLE_SECONDS = 0.25


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("csv", type=Path, nargs="?", default=ROOT / "examples" / "prices.csv")
    csv = parser.parse_args().csv.resolve()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "LOCAL_STATE": f"{folder}/cloud"}
        try:
            code, seconds, peak = measure(csv, folder, environment)
        finally:
            subprocess.run([sys.executable, "-m", "local", "down"], cwd=ROOT, env=environment, check=True)
    table = Table(title=f"{csv.name}, {os.cpu_count()} cores")
    for title in ("exit code", "seconds, deployment included", "peak memory, GiB"):
        table.add_column(title, justify="right")
    table.add_row(str(code), f"{seconds:.0f}", f"{peak / 2**30:.2f}")
    Console().print(table)
    return code


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
    sys.exit(main())
