"""The machine that measured, what ran on it, and when."""

import datetime
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from benchmarks import ROOT
from local import paths

RIVALS = "from importlib import metadata\nfor name in ('polars', 'duckdb'): print(name, metadata.version(name))"
NAMED = ("numpy", "pyarrow", "pandas", "scikit-learn", "tensorflow-cpu")


def machine() -> str:
    """The machine, what ran on it, and when."""
    described = Path("/proc/cpuinfo").read_text().splitlines()
    models = sorted({line.split(":")[1].strip() for line in described if line.startswith("model name")})
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = [f"{name} {metadata.version(name)}" for name in NAMED]
    versions += output(paths.python("benchmarks"), "-c", RIVALS).splitlines()
    commit = output("/usr/bin/env", "git", "rev-parse", "--short", "HEAD").strip()
    today = datetime.datetime.now(datetime.UTC).date()
    return (
        f"Measured on {today}, commit {commit}, on {os.cpu_count()} cores ({', '.join(models)}), "
        f"{memory:.0f} GiB, {platform.system()}, CPython {platform.python_version()}, {', '.join(versions)}."
    )


def output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603
