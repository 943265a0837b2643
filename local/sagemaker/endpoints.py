"""Models, endpoint configs, endpoints: a SavedModel fetched as the model's role, served by a process of its own."""

import http.client
import json
import re
import shutil
import socket
import subprocess
import tarfile
import threading
import time
from contextvars import copy_context

from botocore.exceptions import ClientError

from local import children, faults, paths
from local.sagemaker import models, processes, scripted
from local.sagemaker.errors import ServiceError
from local.sagemaker.models import Described

HEALTHY_WITHIN = 120
INVOCATION_LIMIT = 60  # seconds, AWS's own
_UNHEALTHY = (
    "The primary container for production variant {} did not pass the ping health check. "
    "Please check CloudWatch logs for this endpoint."
)


_NO_CAPACITY = (
    "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. "
    "Please retry using a different ML instance type or after some time."
)
_NO_ANSWER = "Your invocation timed out while waiting for a response from container primary."


class StartFailed(Exception):
    """The endpoint ends Failed with this FailureReason."""


class Endpoint:
    """One endpoint from Creating on. Its first variant's model is served; instance counts change nothing here."""

    def __init__(self, name: str, config: Described, model: Described):
        self.name, self.config, self.model = name, config, model
        self.arn = models.endpoints.arn(name)
        self.created = self.modified = time.time()
        self.status, self.reason = "Creating", ""
        self.variant = config.request["ProductionVariants"][0]
        self.folder = paths.STATE / "sagemaker" / f"endpoint-{name}"
        self._port, self._scripted = 0, False
        self._process: subprocess.Popen | None = None
        self._thread = threading.Thread(target=copy_context().run, args=(self._create,), daemon=True, name=name)

    def start(self) -> None:
        self._thread.start()

    def _create(self) -> None:
        try:
            if faults.take("endpoint_full", self.name) is not None:
                raise StartFailed(_NO_CAPACITY)
            if fault := faults.take("endpoint_fails", self.name):
                raise StartFailed(fault["reason"])
            if fault := faults.take("endpoint_hangs", self.name):
                self.created -= fault.get("age", 0)
                time.sleep(fault["seconds"])
            self._fetch()
            self._serve()
            self._set("InService")
        except (StartFailed, ClientError) as error:
            self.reason = str(error)
            self._set("Failed")
        except Exception as error:  # a fault of ours must show, or the endpoint's poller waits for ever
            self.reason = f"InternalServerError: {error!r}"
            self._set("Failed")
            raise

    def _fetch(self) -> None:
        """model.tar.gz, read as the model's role, unpacked: TF Serving looks for a folder named by a number."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        bucket, _, key = model_data_url(self.model.request).removeprefix("s3://").partition("/")
        archive = self.folder / "model.tar.gz"
        variables = processes.role_variables(self.model.request["ExecutionRoleArn"], "SageMaker")
        processes.client("s3", variables).download_file(bucket, key, str(archive))
        with tarfile.open(archive) as tar:
            tar.extractall(self.folder, filter="data")
        archive.unlink()

    def _serve(self) -> None:
        versions = sorted(
            int(item.parent.name) for item in self.folder.glob("*/saved_model.pb") if item.parent.name.isdigit()
        )
        if not versions:
            raise StartFailed(_UNHEALTHY.format(self.variant["VariantName"]))
        self._scripted = scripted.serves(self.folder / str(versions[-1]))
        if self._scripted:
            return
        self._port = _free_port()
        variables = processes.role_variables(self.model.request["ExecutionRoleArn"], "SageMaker")
        container = {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "2", "HOME": str(self.folder)}
        self._process = children.spawn(
            [paths.python(""), "-m", "local.sagemaker.serving", str(self.folder / str(versions[-1])), str(self._port)],
            f"endpoint {self.name}",
            cwd=paths.ROOT,
            env=variables | container | self.model.request["PrimaryContainer"].get("Environment", {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.follow_log(
            self._process,
            f"endpoint-{self.name}.log",
            f"/aws/sagemaker/Endpoints/{self.name}",
            "AllTraffic/local",
            variables,
        )
        deadline = time.monotonic() + HEALTHY_WITHIN
        while not self._answers_ping():
            if self._process.poll() is not None or time.monotonic() > deadline:
                children.end(self._process)
                raise StartFailed(_UNHEALTHY.format(self.variant["VariantName"]))
            time.sleep(0.2)

    def _answers_ping(self) -> bool:
        try:
            return self._request("GET", "/ping", b"", {}, 2)[0] == 200
        except OSError:
            return False

    def _request(self, method: str, path: str, body: bytes, headers: dict, timeout: float) -> tuple[int, str, bytes]:
        if self._scripted:
            return scripted.answer(body)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=timeout)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.headers.get("Content-Type", ""), response.read()
        finally:
            connection.close()

    def invoke(self, body: bytes, content_type: str) -> tuple[str, bytes]:
        """The content type and body of the container's answer, or ModelError as the runtime raises it."""
        if fault := faults.take("invocation_fails", self.name):
            raise self._model_error(fault["status"], fault["message"])
        try:
            status, kind, answer = self._request(
                "POST", "/invocations", body, {"Content-Type": content_type}, INVOCATION_LIMIT
            )
        except TimeoutError:
            raise self._model_error(0, _NO_ANSWER) from None
        except OSError:  # its process has died
            raise self._model_error(0, _NO_ANSWER) from None
        if status != 200:
            raise self._model_error(status, answer.decode(errors="replace"))
        if fault := faults.take("invocation_garbles", self.name):
            answer = re.sub(fault["pattern"], fault["with"], answer.decode(), count=1).encode()
        return kind, answer

    def _model_error(self, status: int, message: str) -> ServiceError:
        whose = "client" if 400 <= status < 500 else "server"
        text = f'Received {whose} error ({status}) from primary with message "{message}".'
        log = f"arn:aws:logs:{paths.REGION}:{paths.ACCOUNT}:log-group:/aws/sagemaker/Endpoints/{self.name}"
        return ServiceError(
            "ModelError", text, 424, OriginalStatusCode=status, OriginalMessage=message, LogStreamArn=log
        )

    def delete(self) -> None:
        """Deleting, and a moment later gone."""
        self._set("Deleting")
        threading.Thread(target=copy_context().run, args=(self._delete,), daemon=True).start()

    def _delete(self) -> None:
        self.end_process()
        shutil.rmtree(self.folder, ignore_errors=True)
        models.endpoints.remove(self.name)

    def end_process(self) -> None:
        if self._process:
            children.end(self._process)

    def _set(self, status: str) -> None:
        self.status, self.modified = status, time.time()

    def describe(self) -> dict:
        variant = {
            "VariantName": self.variant["VariantName"],
            "CurrentWeight": self.variant.get("InitialVariantWeight", 1),
            "DesiredWeight": self.variant.get("InitialVariantWeight", 1),
            "CurrentInstanceCount": self.variant.get("InitialInstanceCount", 1),
            "DesiredInstanceCount": self.variant.get("InitialInstanceCount", 1),
            "DeployedImages": [self._image()],
        }
        return {
            "EndpointName": self.name,
            "EndpointArn": self.arn,
            "EndpointConfigName": self.config.name,
            "EndpointStatus": self.status,
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
            **({"ProductionVariants": [variant]} if self.status == "InService" else {}),
            **({"FailureReason": self.reason} if self.reason else {}),
        }

    def _image(self) -> dict:
        """AWS resolves every name to a digest. There are no containers here, so a tag stays a tag."""
        named = self.model.request["PrimaryContainer"].get("Image", "")
        resolved = {"ResolvedImage": named, "ResolutionTime": self.created} if "@" in named else {}
        return {"SpecifiedImage": named, **resolved}

    def summary(self) -> dict:
        keys = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")
        described = self.describe()
        return {key: described[key] for key in keys}


def model_data_url(model: dict) -> str:
    return model["PrimaryContainer"]["ModelDataUrl"]


def error_body(error: ServiceError) -> bytes:
    return json.dumps({"Message": error.message, **error.members}).encode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
