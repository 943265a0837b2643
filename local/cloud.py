"""Start, find and end this checkout's cloud."""

import contextlib
import fcntl
import functools
import hmac
import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from local import children, paths, records
from local.guard.health import HEALTH, nonce, port_of, proof

START_SECONDS = 30
HOST = "127.0.0.1"
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class CloudError(Exception):
    """Something the user must know and can act on; the text says what."""


def settings() -> dict | None:
    """pid, port, endpoint and secret of the cloud that is up, or nothing. Raises CloudError where they are damaged."""
    if not paths.SETTINGS.exists():
        return None
    try:
        stored = records.read(paths.SETTINGS, "pid", "born", "port", "endpoint")
    except records.Damaged as damaged:
        raise CloudError(f"{damaged}: `stockcast down` ends the cloud and removes the file") from None
    return stored if "secret" in stored and _comes_up(stored) else None  # older ones had no secret


def start(port: int = 0) -> dict:
    """The settings of a running cloud; one is started if none is up."""
    with _one_at_a_time():
        if running := settings():
            if port not in (0, running["port"]):
                raise CloudError(
                    f"this checkout's cloud is up on port {running['port']} already: end it first with stockcast down"
                )
            return running
        _end()
        port = port or _port_of_environment() or _free_port()
        _refuse_in_use(port)
        started = _launch(port)
        if not _comes_up(started):
            raise CloudError(f"the cloud did not start; see {paths.LOGS / 'cloud.log'}")
        return started


def _port_of_environment() -> int:
    """LOCAL_PORT, 0 where it is not set. Raises CloudError where it is no port."""
    text = os.environ.get("LOCAL_PORT") or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise CloudError(f"LOCAL_PORT is {text[:20]!r}: set it to a number from 1 to 65535, or unset it")
    return int(text)


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two commands at once start one cloud. The lock is on the folder, which outlives all that lies in it."""
    try:
        paths.STATE.mkdir(parents=True, exist_ok=True)
        paths.STATE.chmod(0o700)  # a secret lies in it
        folder = os.open(paths.STATE, os.O_RDONLY)
    except OSError as error:
        wrong = f"the cloud's state cannot lie in {paths.STATE} ({error.strerror})"
        raise CloudError(f"{wrong}: set LOCAL_STATE to a folder that you may write to") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _launch(port: int) -> dict[str, Any]:
    """Start the process, with a secret of its own, and write down how to reach it."""
    for folder in (paths.LOGS, paths.STATE / "ministack"):
        folder.mkdir(parents=True, exist_ok=True)
    secret = secrets.token_urlsafe(30)
    with (paths.LOGS / "cloud.log").open("w") as log:
        server = subprocess.Popen(  # noqa: S603
            [paths.python("ministack"), "-m", "local.server", str(port)],
            cwd=paths.ROOT,
            env={**os.environ, **_unproxied(), "LOCAL_STATE": str(paths.STATE), paths.KEY_VARIABLE: secret},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    started: dict[str, Any] = {
        "pid": server.pid,
        "born": children.born(server.pid),
        "port": port,
        "endpoint": f"http://{HOST}:{port}",
        "region": paths.REGION,
        "account": paths.ACCOUNT,
        "secret": secret,
    }
    records.write(paths.SETTINGS, started)
    return started


def stop() -> list[str]:
    """End the server and everything it started, and remove the state but not the logs; return what was ended."""
    if not paths.STATE.exists():
        return []
    with _one_at_a_time():
        return _end()


def _end() -> list[str]:
    try:
        ended = children.end_recorded()
    except records.Damaged as damaged:
        named = "end the process of its number, if that is of this cloud, and delete the file"
        raise CloudError(f"{damaged}: {named}") from None
    for item in paths.STATE.iterdir():
        if item.is_dir() and item != paths.LOGS:
            shutil.rmtree(item)
        elif item.is_file():
            item.unlink()
    return ended


def variables() -> dict[str, str]:
    """The environment in which AWS's tools talk to this cloud and to nothing else."""
    running = settings()
    if running is None:
        raise CloudError("no cloud of this checkout is up; start it with: stockcast up")
    own = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return {
        **own,
        **_unproxied(),
        "AWS_ACCESS_KEY_ID": paths.LAPTOP_KEY,
        "AWS_SECRET_ACCESS_KEY": running["secret"],
        "AWS_ENDPOINT_URL": running["endpoint"],
        "AWS_DEFAULT_REGION": running["region"],
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def client(service: str) -> Any:
    """A boto3 client of this cloud with the laptop's keys."""
    environment = variables()
    names = ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return _client(service, *(environment[name] for name in names))


def _unproxied() -> dict[str, str]:
    """What keeps a proxy of this shell out of the way to the cloud; nothing where there is no proxy."""
    hosts = urllib.request.getproxies_environment()
    if not hosts.keys() - {"no"}:
        return {}
    spared = f"{hosts['no']},{HOST}" if hosts.get("no") else HOST
    return {"NO_PROXY": spared, "no_proxy": spared}


@functools.cache  # AWS's models of a service take longer to read than most requests
def _client(service: str, endpoint: str, region: str, key: str, secret: str) -> Any:
    import boto3  # the interpreter that only asks `down` need not load it
    import botocore.session
    from botocore.config import Config

    # A profile, a file or a proxy that somebody has for AWS means nothing here, and may be broken.
    ours = {"profile": None, "config_file": os.devnull, "credentials_file": os.devnull}
    core = botocore.session.Session({name: (None, None, value, None) for name, value in ours.items()})
    session: Any = boto3.session.Session(key, secret, region_name=region, botocore_session=core)
    return session.client(service, endpoint_url=endpoint, config=Config(retries={"max_attempts": 2}, proxies={}))


def _comes_up(started: dict) -> bool:
    """Whether the process is the one that was started and answers, with patience for one that is busy."""
    deadline = time.monotonic() + START_SECONDS
    while children.is_alive(started) and time.monotonic() < deadline:
        if _healthy(started["endpoint"], started["secret"]):
            return True
        time.sleep(0.1)
    return False


def _healthy(endpoint: str, secret: str) -> bool:
    """Whether the cloud of this secret answers, and not another one that has the port."""
    asked = nonce()
    try:
        with _DIRECT.open(f"{endpoint}{HEALTH}?nonce={asked}", timeout=5) as answer:
            return hmac.compare_digest(answer.read(), proof(secret, port_of(endpoint), asked).encode())
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _refuse_in_use(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server: who listens counts, not who left
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CloudError(
                f"port {port} cannot be had ({error.strerror}): end what uses it, or choose another with --port"
            ) from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
