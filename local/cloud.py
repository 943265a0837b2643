"""Start, find and end this checkout's cloud."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from typing import Any

from local import children, paths

START_SECONDS = 30


class CloudError(Exception):
    """Something the user must know and can act on; the text says what."""


def settings() -> dict | None:
    """pid, port and endpoint of the cloud that is up, or nothing."""
    if not paths.SETTINGS.exists():
        return None
    stored = json.loads(paths.SETTINGS.read_text())
    return stored if _comes_up(stored) else None


def start(port: int = 0) -> dict:
    """The settings of a running cloud; one is started if none is up."""
    if running := settings():
        return running
    stop()
    port = port or int(os.environ.get("LOCAL_PORT", 0)) or _free_port()
    for folder in (paths.LOGS, paths.STATE / "ministack"):
        folder.mkdir(parents=True, exist_ok=True)
    with (paths.LOGS / "cloud.log").open("w") as log:
        server = subprocess.Popen(  # noqa: S603
            [paths.python("ministack"), "-m", "local.server", str(port)],
            cwd=paths.ROOT,
            env={**os.environ, "LOCAL_STATE": str(paths.STATE)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    started: dict[str, Any] = {
        "pid": server.pid,
        "born": children.born(server.pid),
        "port": port,
        "endpoint": f"http://127.0.0.1:{port}",
        "region": paths.REGION,
        "account": paths.ACCOUNT,
    }
    paths.SETTINGS.write_text(json.dumps(started, indent=1))
    if not _comes_up(started):
        raise CloudError(f"the cloud did not start; see {paths.LOGS / 'cloud.log'}")
    return started


def stop() -> list[str]:
    """End the server and everything it started, and remove the state but not the logs; return what was ended."""
    ended = children.end_recorded()
    if paths.STATE.exists():
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
        raise CloudError("no cloud is up; start one with: python -m local up")
    own = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return {
        **own,
        **paths.LAPTOP_KEYS,
        "AWS_ENDPOINT_URL": running["endpoint"],
        "AWS_DEFAULT_REGION": running["region"],
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def client(service: str) -> Any:
    """A boto3 client of this cloud with the laptop's keys."""
    import boto3  # the interpreter that only asks `down` need not load it
    from botocore.config import Config

    environment = variables()
    session: Any = boto3.session.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_DEFAULT_REGION"],
    )
    return session.client(
        service, endpoint_url=environment["AWS_ENDPOINT_URL"], config=Config(retries={"max_attempts": 2})
    )


def _comes_up(started: dict) -> bool:
    """Whether the process is the one that was started and answers, with patience for one that is busy."""
    deadline = time.monotonic() + START_SECONDS
    while children.is_alive(started) and time.monotonic() < deadline:
        if _healthy(started["endpoint"]):
            return True
        time.sleep(0.1)
    return False


def _healthy(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=5) as answer:  # noqa: S310
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
