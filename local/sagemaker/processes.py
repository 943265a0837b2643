"""What a SageMaker process is given, and where its output goes."""

import os
import subprocess
import threading
import time
from typing import Any

from botocore.exceptions import ClientError

from local import clients, paths, permissions


def role_variables(role_arn: str, session: str) -> dict[str, str]:
    """The environment of a process that acts as the role and knows nothing of the laptop's own keys."""
    return {
        "PATH": f"{paths.ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "LANG": "en_US.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "AWS_REGION": paths.REGION,
        "AWS_DEFAULT_REGION": paths.REGION,
        "AWS_ENDPOINT_URL": clients.gateway(),
        "S3_ENDPOINT_URL": clients.gateway(),
        **permissions.role_credentials(role_arn, session),
    }


def follow_log(
    process: subprocess.Popen, file_name: str, group: str, stream: str, variables: dict[str, str]
) -> threading.Thread:
    """Copy the process's output to a readable file and, as the role may, to CloudWatch."""

    def copy() -> None:
        sink = _CloudWatch(clients.client("logs", variables), group, stream)
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
