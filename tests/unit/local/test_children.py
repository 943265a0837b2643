"""Processes of our own: which ones they are, and that all that belongs to one ends with it."""

import itertools
import subprocess
import sys

import psutil
import pytest

from local import children, paths
from tests.support.eventually import eventually

# A child of its group that outlives it, and one in a group of its own; neither listens to SIGTERM.
DEAF = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(*[subprocess.Popen(["sleep", "300"], start_new_session=apart).pid for apart in (False, True)], flush=True)
time.sleep(300)
"""


@pytest.fixture(autouse=True)
def state(tmp_path):
    before = paths.STATE
    paths.use(tmp_path)
    yield
    paths.use(before)


@pytest.fixture
def deaf():
    """A process, and the pids of what it started."""
    process = children.spawn([sys.executable, "-c", DEAF], "deaf", stdout=subprocess.PIPE, text=True)
    started = [int(pid) for pid in process.stdout.readline().split()]
    yield process, started
    for pid in (process.pid, *started):
        children.kill(pid)
    process.wait()


def gone(pids):
    return not any(children.born(pid) for pid in pids)


def test_end_reaches_the_whole_tree(deaf):
    process, started = deaf
    children.end(process, grace=0.1)
    eventually(lambda: gone([process.pid, *started]))
    assert list(paths.CHILDREN.iterdir()) == []


def test_the_group_ends_though_its_leader_is_dead(deaf):
    process, (in_the_group, apart) = deaf
    process.kill()
    process.wait()
    children.end(process, grace=0.1)
    eventually(lambda: gone([in_the_group]))
    psutil.Process(apart).kill()


def test_a_process_is_the_one_recorded_only_if_it_was_born_then(deaf):
    process, _ = deaf
    record = {"pid": process.pid, "born": children.born(process.pid)}
    assert children.is_alive(record)
    assert not children.is_alive(record | {"born": record["born"] - 1})
    process.kill()
    psutil.Process(process.pid).wait(5)
    assert not children.is_alive(record)


def test_a_clock_that_jumps_moves_no_birth(deaf, monkeypatch):
    process, _ = deaf
    record, jumps = {"pid": process.pid, "born": children.born(process.pid)}, itertools.count(1e9, 3600)
    monkeypatch.setattr(psutil, "boot_time", lambda: next(jumps))
    assert children.is_alive(record)


def test_a_zombie_is_not_alive():
    process = subprocess.Popen([sys.executable, "-c", ""])
    eventually(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
    assert children.born(process.pid) == 0
    process.wait()


@pytest.mark.usefixtures("deaf")
def test_down_ends_what_is_recorded_and_nothing_else():
    other = children.spawn(["sleep", "300"], "other")
    file = paths.CHILDREN / f"{other.pid}.json"
    file.write_text(file.read_text().replace('"born": ', '"born": 1'))  # the pid was used again
    assert children.end_recorded(grace=0.1) == ["deaf"]
    assert other.poll() is None
    other.kill()
    other.wait()
