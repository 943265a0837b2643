"""Run a program and see what it cost."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks import ROOT

# As on a small instance, and so that seconds of one method can be set beside those of another.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}


class Cost(NamedTuple):
    """Wall and CPU seconds from start to end, imports included, and the greatest resident memory."""

    wall: float
    cpu: float
    peak_mib: float


def run(*arguments: object, python: str | Path = sys.executable, cwd: Path = ROOT, **environment: object) -> Cost:
    """Run python with these arguments; raises RuntimeError with the end of its output where it fails.

    The memory is no less than that of the process which starts it, some 70 MiB.
    """
    variables = os.environ | ONE_THREAD | {name: str(value) for name, value in environment.items()}
    started = time.monotonic()
    command = [str(python), *map(str, arguments)]
    with subprocess.Popen(command, cwd=cwd, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:  # noqa: S603
        output = child.stdout.read() if child.stdout else b""
        # The kernel's account of this child alone; Popen would fetch the status without it.
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}: {output.decode()[-2000:]}")
    return Cost(time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
