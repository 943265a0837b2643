"""What serves a model, of an endpoint or a transform job: a SavedModel fetched as its role, in a process of its own."""

import http.client
import shutil
import socket
import subprocess
import tarfile
import time
from pathlib import Path

from local import children, clients, paths
from local.sagemaker import processes, scripted
from local.sagemaker.models import Described

HEALTHY_WITHIN = 120


class Unhealthy(Exception):
    """The container does not answer its ping."""


class Container:
    """The model's container. It logs to a file of this name, and to this group and stream of CloudWatch."""

    def __init__(self, model: Described, folder: Path, log_file: str, group: str, stream: str):
        self.model, self.folder = model, folder
        self._log_file, self._group, self._stream = log_file, group, stream
        self._port, self._scripted = 0, False
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Fetch the model and serve it. Raises Unhealthy, and ClientError where the role may not read the model."""
        self._fetch()
        self._serve()

    def _fetch(self) -> None:
        """model.tar.gz, read as the model's role, unpacked: TF Serving looks for a folder named by a number."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        bucket, _, key = model_data_url(self.model.request).removeprefix("s3://").partition("/")
        archive = self.folder / "model.tar.gz"
        variables = processes.role_variables(self.model.request["ExecutionRoleArn"], "SageMaker")
        clients.client("s3", variables).download_file(bucket, key, str(archive))
        with tarfile.open(archive) as tar:
            tar.extractall(self.folder, filter="data")
        archive.unlink()

    def _serve(self) -> None:
        versions = sorted(
            int(item.parent.name) for item in self.folder.glob("*/saved_model.pb") if item.parent.name.isdigit()
        )
        if not versions:
            raise Unhealthy
        self._scripted = scripted.serves(self.folder / str(versions[-1]))
        if self._scripted:
            return
        self._port = _free_port()
        variables = processes.role_variables(self.model.request["ExecutionRoleArn"], "SageMaker")
        container = {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "2", "HOME": str(self.folder)}
        self._process = children.spawn(
            [paths.python(""), "-m", "local.sagemaker.serving", str(self.folder / str(versions[-1])), str(self._port)],
            self._log_file.removesuffix(".log"),
            cwd=paths.ROOT,
            env=variables | container | self.model.request["PrimaryContainer"].get("Environment", {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.follow_log(
            self._process,
            self._log_file,
            self._group,
            self._stream,
            variables,
        )
        deadline = time.monotonic() + HEALTHY_WITHIN
        while not self._answers_ping():
            if self._process.poll() is not None or time.monotonic() > deadline:
                children.end(self._process)
                raise Unhealthy
            time.sleep(0.2)

    def _answers_ping(self) -> bool:
        try:
            return self.request("GET", "/ping", b"", {}, 2)[0] == 200
        except OSError:
            return False

    def request(self, method: str, path: str, body: bytes, headers: dict, timeout: float) -> tuple[int, str, bytes]:
        if self._scripted:
            return scripted.answer(body)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=timeout)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.headers.get("Content-Type", ""), response.read()
        finally:
            connection.close()

    def end(self) -> None:
        if self._process:
            children.end(self._process)

    def forget(self) -> None:
        """End it and remove its files."""
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)


def model_data_url(model: dict) -> str:
    return model["PrimaryContainer"]["ModelDataUrl"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
