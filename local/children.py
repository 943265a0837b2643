"""The processes this cloud started, each in a group of its own and recorded, so that `down` can end exactly those."""

import contextlib
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil

from local import paths, records

TICKS = os.sysconf("SC_CLK_TCK")  # a second


def spawn(command: list[str], what: str, **options: Any) -> subprocess.Popen:
    """Start a process as leader of its own group and remember it."""
    process = subprocess.Popen(command, start_new_session=True, **options)  # noqa: S603
    record(process.pid, what)
    return process


def record(pid: int, what: str) -> None:
    paths.CHILDREN.mkdir(parents=True, exist_ok=True)
    records.write(_file(pid), {"pid": pid, "what": what, "born": born(pid)})


def forget(pid: int) -> None:
    _file(pid).unlink(missing_ok=True)


def end(process: subprocess.Popen, grace: float = 2) -> None:
    """Ask the process and all that belongs to it to end, insist after the grace period, and reap it."""
    _end(members(process.pid), grace)
    process.wait()
    forget(process.pid)


def kill(pid: int) -> None:
    """Kill the child and all that belongs to it, as the kernel does when memory is out."""
    for process in members(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def end_recorded(grace: float = 5) -> list[str]:
    """End every recorded process that still is the one recorded (pids are used again); return what they were.

    Raises Damaged before any is ended.
    """
    recorded = [records.read(file, "pid", "what", "born") for file in sorted(paths.CHILDREN.glob("[0-9]*.json"))]
    alive = [child for child in recorded if is_alive(child)]
    _end([process for child in alive for process in members(child["pid"])], grace)
    for child in recorded:
        forget(child["pid"])
    return [child["what"] for child in alive]


def is_alive(child: dict) -> bool:
    """Whether the process of this pid runs and is the one that was recorded."""
    return bool(child["born"]) and born(child["pid"]) == child["born"]


def born(pid: int) -> int:
    """When the process started, in ticks since boot, which no change of the clock moves; 0 for none or a zombie."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return 0
        if (stat := Path(f"/proc/{pid}/stat")).exists():  # Linux says it as it is
            return int(stat.read_text().rpartition(")")[2].split()[19])
        return round((process.create_time() - psutil.boot_time()) * TICKS)
    except (psutil.NoSuchProcess, ProcessLookupError, FileNotFoundError):
        return 0


def members(pid: int) -> list[psutil.Process]:
    """The processes of the group and what they started in groups of their own; a group outlives its leader."""
    processes: dict[int, psutil.Process] = {}
    for candidate in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            if pid in (candidate.pid, os.getpgid(candidate.pid)):
                processes |= {process.pid: process for process in (candidate, *candidate.children(recursive=True))}
    return list(processes.values())


def _end(processes: list[psutil.Process], grace: float) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline and any(map(_runs, processes)):
        time.sleep(0.05)
    for process in filter(_runs, processes):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _runs(process: psutil.Process) -> bool:
    """A zombie has ended, whoever reaps it; psutil's own wait would take its exit code from who started it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _file(pid: int) -> Path:
    return paths.CHILDREN / f"{pid}.json"
