"""Clients with a role's credentials, and where the output of a SageMaker process goes."""

import os
import subprocess
import threading
import time
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local import paths, permissions


def gateway() -> str:
    return f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"


def role_variables(role_arn: str, session: str) -> dict[str, str]:
    """The environment of a process that acts as the role and knows nothing of the laptop's own keys."""
    return {
        "PATH": f"{paths.ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "LANG": "en_US.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "AWS_REGION": paths.REGION,
        "AWS_DEFAULT_REGION": paths.REGION,
        "AWS_ENDPOINT_URL": gateway(),
        "S3_ENDPOINT_URL": gateway(),
        **permissions.role_credentials(role_arn, session),
    }


def client(service: str, variables: dict[str, str]) -> Any:
    """A client for this cloud with the credentials in the variables."""
    session: Any = boto3.session.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables["AWS_SESSION_TOKEN"],
        region_name=paths.REGION,
    )
    return session.client(service, endpoint_url=gateway(), config=Config(retries={"max_attempts": 2}))


def follow_log(
    process: subprocess.Popen, file_name: str, group: str, stream: str, variables: dict[str, str]
) -> threading.Thread:
    """Copy the process's output to a readable file and, as the role may, to CloudWatch."""

    def copy() -> None:
        sink = _CloudWatch(client("logs", variables), group, stream)
        paths.LOGS.mkdir(parents=True, exist_ok=True)
        with (paths.LOGS / file_name).open("a", buffering=1) as file:
            for line in process.stdout or ():
                file.write(line)
                sink.add(line)
            if problem := sink.flush():
                file.write(f"not in CloudWatch: {problem}\n")

    thread = threading.Thread(target=copy, daemon=True, name=f"log-{stream}")
    thread.start()
    return thread


class _CloudWatch:
    """Lines on their way to a log stream, in batches. A role that may not write loses them, as on AWS."""

    def __init__(self, logs: Any, group: str, stream: str):
        self._logs, self._where = logs, {"logGroupName": group, "logStreamName": stream}
        self._lines: list[dict] = []
        self._sent = time.monotonic()
        self._problem = ""
        for call, names in (
            ("create_log_group", ("logGroupName",)),
            ("create_log_stream", ("logGroupName", "logStreamName")),
        ):
            self._try(call, **{name: self._where[name] for name in names})

    def add(self, line: str) -> None:
        if line.strip():
            self._lines.append({"timestamp": int(time.time() * 1000), "message": line.rstrip("\n")})
        if time.monotonic() - self._sent > 2:
            self.flush()

    def flush(self) -> str:
        if self._lines and not self._problem:
            self._try("put_log_events", **self._where, logEvents=self._lines)
        self._lines, self._sent = [], time.monotonic()
        return self._problem

    def _try(self, call: str, **arguments: Any) -> None:
        try:
            getattr(self._logs, call)(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
                self._problem = str(error)
