"""Run a program and see what it cost."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from benchmarks import ROOT

# As on a small instance, and so that seconds of one method can be set beside those of another.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}

LAUNCHER = ROOT / "benchmarks" / "launch.py"


class Cost(NamedTuple):
    """Wall and CPU seconds from start to end, imports included, and the greatest resident memory."""

    wall: float
    cpu: float
    peak_mib: float


def run(*arguments: object, python: str | Path = sys.executable, cwd: Path = ROOT, **environment: object) -> Cost:
    """Run python with these arguments; raises RuntimeError with the end of its output where it fails."""
    variables = os.environ | ONE_THREAD | {name: str(value) for name, value in environment.items()}
    command = [str(python), *map(str, arguments)]
    told, tell = os.pipe()
    with open(told) as answer:  # noqa: PTH123  a descriptor
        launch = [sys.executable, "-S", "-E", str(LAUNCHER), str(tell), *command]
        done = subprocess.run(  # noqa: S603
            launch, cwd=cwd, env=variables, pass_fds=[tell], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        os.close(tell)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout.decode()[-2000:]}")
        return Cost(*json.load(answer))
