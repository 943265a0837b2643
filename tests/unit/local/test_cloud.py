"""Starting and ending a cloud."""

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time

import pytest

from local import children, cloud, paths


def test_a_second_start_finds_the_cloud_that_is_up(laptop):
    assert cloud.start()["pid"] == cloud.settings()["pid"]


def test_stop_ends_what_a_dead_server_left_and_keeps_the_logs(laptop, make_function):
    make_function("stubborn", "def handler(event, context):\n    return 1\n")
    laptop("lambda").invoke(FunctionName="stubborn", Payload=b"{}")
    records = [json.loads(file.read_text()) for file in paths.CHILDREN.glob("*.json")]
    worker = next(record for record in records if record["what"] == "lambda stubborn")
    server = cloud.settings()["pid"]
    os.kill(server, signal.SIGSTOP)  # neither server nor worker can end by themselves
    os.kill(worker["pid"], signal.SIGSTOP)
    os.kill(server, signal.SIGKILL)
    cloud.stop()
    time.sleep(0.1)
    assert not children.is_alive(worker)
    assert [item.name for item in paths.STATE.iterdir()] == ["logs"]
    assert cloud.settings() is None
    assert cloud.stop() == []


@pytest.fixture
def elsewhere(tmp_path):
    """The state of another checkout, in which no cloud may be left."""
    before = paths.STATE
    paths.use(tmp_path / "elsewhere")
    yield paths.STATE
    cloud.stop()
    paths.use(before)


def test_a_port_in_use_is_refused_by_its_number(elsewhere):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(cloud.CloudError, match=f"^port {port} cannot be had .*--port$"):
            cloud.start(port)
    assert cloud.settings() is None


def test_another_checkout_cannot_have_the_port_and_the_first_keeps_it(elsewhere, monkeypatch):
    with using(elsewhere.parent / "first"):
        first = cloud.start()
    try:
        with pytest.raises(cloud.CloudError, match=f"port {first['port']} cannot be had"):
            cloud.start(first["port"])
        monkeypatch.setattr(cloud, "_refuse_in_use", lambda _port: None)  # as if it was free a moment ago
        with pytest.raises(cloud.CloudError, match="did not start"):
            cloud.start(first["port"])
        assert json.loads(paths.SETTINGS.read_text())["secret"] != first["secret"]
        with using(elsewhere.parent / "first"):
            assert cloud.settings() == first
    finally:
        with using(elsewhere.parent / "first"):
            cloud.stop()


@contextlib.contextmanager
def using(state):
    before = paths.STATE
    paths.use(state)
    try:
        yield
    finally:
        paths.use(before)


# Takes its time between finding no cloud and starting one.
SLOW_START = """
import time
from local import cloud
end = cloud._end
cloud._end = lambda: (time.sleep(1.5), end())
print(cloud.start()["pid"])
"""


def test_two_starts_at_once_make_one_cloud(elsewhere):
    command = [sys.executable, "-c", SLOW_START]
    environment = {**os.environ, "LOCAL_STATE": str(elsewhere)}
    both = [
        subprocess.Popen(command, cwd=paths.ROOT, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    pids = {process.communicate(timeout=60)[0].strip() for process in both}
    assert pids == {str(cloud.settings()["pid"])}
    servers = [file for file in paths.CHILDREN.glob("*.json") if json.loads(file.read_text())["what"] == "server"]
    assert len(servers) == 1


def test_the_state_of_an_older_version_is_replaced(elsewhere):
    """It lay open to all users, and its cloud had no secret."""
    elsewhere.mkdir(mode=0o755)
    own = {"pid": os.getpid(), "born": children.born(os.getpid()), "port": 1, "endpoint": "http://127.0.0.1:1"}
    paths.SETTINGS.write_text(json.dumps(own))
    assert cloud.settings() is None
    started = cloud.start()
    assert started["secret"] not in (None, "")
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o700
    assert stat.S_IMODE(paths.SETTINGS.stat().st_mode) == 0o600
