"""The processes this cloud started, each in a group of its own and recorded, so that `down` can end exactly those."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from local import paths


def spawn(command: list[str], what: str, **options) -> subprocess.Popen:
    """Start a process as leader of its own group and remember it."""
    process = subprocess.Popen(command, start_new_session=True, **options)  # noqa: S603
    record(process.pid, what)
    return process


def record(pid: int, what: str) -> None:
    paths.CHILDREN.mkdir(parents=True, exist_ok=True)
    _file(pid).write_text(json.dumps({"pid": pid, "what": what, "born": born(pid)}))


def forget(pid: int) -> None:
    _file(pid).unlink(missing_ok=True)


def end(process: subprocess.Popen, grace: float = 2) -> None:
    """Ask the process's group to end, insist after the grace period, and reap it."""
    _signal_group(process.pid, signal.SIGTERM)
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()
    forget(process.pid)


def kill(pid: int) -> None:
    """Kill the child and its group, as the kernel does when memory is out."""
    _signal_group(pid, signal.SIGKILL)


def end_recorded(grace: float = 5) -> list[str]:
    """End every recorded process that still is the one recorded (pids are used again); return what they were."""
    records = [json.loads(file.read_text()) for file in sorted(paths.CHILDREN.glob("*.json"))]
    alive = [one for one in records if one["born"] and born(one["pid"]) == one["born"]]
    for one in alive:
        _signal_group(one["pid"], signal.SIGTERM)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline and any(born(one["pid"]) == one["born"] for one in alive):
        time.sleep(0.05)
    for one in alive:
        if born(one["pid"]) == one["born"]:
            _signal_group(one["pid"], signal.SIGKILL)
    for one in records:
        forget(one["pid"])
    return [one["what"] for one in alive]


def born(pid: int) -> str:
    """When the process started, or nothing if there is no such process (or only its zombie)."""
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    state, _, started = subprocess.run(command, capture_output=True, text=True).stdout.strip().partition(" ")  # noqa: S603
    return "" if state.startswith("Z") else started.strip()


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return


def _file(pid: int) -> Path:
    return paths.CHILDREN / f"{pid}.json"
