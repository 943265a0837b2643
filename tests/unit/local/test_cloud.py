"""Starting and ending a cloud."""

import argparse
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

from local import children, cloud, paths, records
from stockcast import env


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


@pytest.mark.parametrize("written", [b"", b"junk", b"\xa8\xff", b"[]", b'{"secret": 1}'])
def test_damaged_settings_are_said_and_the_end_of_the_cloud_removes_them(elsewhere, written):
    elsewhere.mkdir()
    paths.SETTINGS.write_bytes(written)
    for ask in (cloud.settings, cloud.start, cloud.variables):
        with pytest.raises(cloud.CloudError, match=r"cloud\.json is not as this version writes it: `stockcast down`"):
            ask()
    assert cloud.stop() == []
    assert cloud.settings() is None


def test_a_damaged_record_of_a_process_is_said_and_nothing_is_ended(elsewhere):
    paths.CHILDREN.mkdir(parents=True)
    damaged = paths.CHILDREN / "1.json"
    damaged.write_text("")
    for work in (cloud.stop, cloud.start):
        with pytest.raises(cloud.CloudError, match=r"1\.json is not as .*end the process of its number"):
            work()
    damaged.unlink()


def test_who_reads_a_record_while_it_is_written_sees_a_whole_one(elsewhere, monkeypatch):
    elsewhere.mkdir()
    records.write(paths.SETTINGS, {"pid": 1})
    read = []
    monkeypatch.setattr(records.json, "dump", lambda *_, **__: read.append(records.read(paths.SETTINGS, "pid")))
    records.write(paths.SETTINGS, {"pid": 2})
    assert read == [{"pid": 1}]


def test_a_state_that_is_no_folder_is_said_with_what_to_do(tmp_path):
    (tmp_path / "file").write_text("")
    with using(tmp_path / "file"):
        for work in (cloud.start, cloud.stop):
            with pytest.raises(cloud.CloudError, match=r"cannot lie in .*file .*: set LOCAL_STATE to a folder"):
                work()


PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY")


@pytest.fixture
def shell_of_an_office(monkeypatch, tmp_path):
    """Has a proxy, and a configuration of AWS that is broken."""
    (tmp_path / "config").write_text("junk [")
    nowhere = "http://127.0.0.1:9"
    ours = dict.fromkeys(PROXIES, nowhere) | {"AWS_PROFILE": "gone", "AWS_CONFIG_FILE": str(tmp_path / "config")}
    for name, value in (ours | {"no_proxy": "example.com"}).items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_neither_proxy_nor_profile_of_a_shell_is_in_the_way_to_the_cloud(elsewhere, shell_of_an_office, capsys):
    started = cloud.start()
    assert cloud.start() == started, "the cloud that is up was not seen"
    assert cloud.client("s3").list_buckets()["Buckets"] == []
    assert cloud.variables()["NO_PROXY"] == cloud.variables()["no_proxy"] == "example.com,127.0.0.1"
    assert env.command(argparse.Namespace()) == 0
    assert "export NO_PROXY=example.com,127.0.0.1\n" in capsys.readouterr().out
    for name in PROXIES:
        shell_of_an_office.delenv(name)
    assert env.command(argparse.Namespace()) == 0
    assert "127.0.0.1" not in capsys.readouterr().out.replace(started["endpoint"], "")
