"""Batch transform jobs: each object below a prefix goes to the model's container, and its answer into an object.

https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform.html and API_TransformOutput.html. Only what the
project asks for is known: SplitType None and AssembleWith None, so that an object is a request.
"""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from botocore.exceptions import ClientError

from local import clients, faults, paths
from local.sagemaker import models, processes
from local.sagemaker.container import Container, Unhealthy
from local.sagemaker.models import Described
from local.sagemaker.training import NO_CAPACITY

GROUP = "/aws/sagemaker/TransformJobs"
SEE_LOG = "See job logs for more information"
MEGABYTE = 1024 * 1024


class JobFailed(Exception):
    """Ends the job as Failed with this FailureReason."""


class JobStopped(Exception):
    """Ends the job as Stopped: StopTransformJob was called."""


class TransformJob:
    """One job, from InProgress to its end. Describe reads it while its thread works."""

    def __init__(self, request: dict, model: Described):
        self.request, self.model = request, model
        self.name = request["TransformJobName"]
        self.arn = models.transforms.arn(self.name)
        self.created = self.modified = time.time()
        self.status, self.reason = "InProgress", ""
        self.times: dict[str, float] = {}
        folder = paths.STATE / "sagemaker" / f"transform-{self.name}"
        self._container = Container(model, folder, f"transform-{self.name}.log", GROUP, f"{self.name}/local")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=copy_context().run, args=(self._run,), daemon=True, name=self.name)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.status, self.modified = "Stopping", time.time()
        self._stop.set()

    def abandon(self) -> None:
        """End the process because the cloud ends."""
        self._stop.set()
        self._container.end()

    def _run(self) -> None:
        try:
            self._work()
            status = "Completed"
        except JobStopped:
            status = "Stopped"
        except JobFailed as failed:
            status, self.reason = "Failed", str(failed)
        except Unhealthy:
            status, self.reason = "Failed", f"AlgorithmError: {SEE_LOG}"
        except ClientError as error:
            status, self.reason = "Failed", f"ClientError: {error}"
        except Exception as error:  # a fault of ours must show as the job's, or its poller waits for ever
            self._end("Failed", f"InternalServerError: {error!r}")
            raise
        self._end(status, self.reason)

    def _end(self, status: str, reason: str) -> None:
        self._container.forget()
        self.reason = reason[:1024]
        self.modified = time.time()
        if "TransformStartTime" in self.times:
            self.times["TransformEndTime"] = self.modified
        self.status = status

    def _work(self) -> None:
        if faults.take("transform_full", self.name) is not None:
            raise JobFailed(NO_CAPACITY)
        self.times["TransformStartTime"] = time.time()
        if fault := faults.take("transform_fails", self.name):
            raise JobFailed(fault["reason"])
        if faults.take("transform_stops", self.name) is not None:
            self.stop()
        if (fault := faults.take("transform_hangs", self.name)) is not None:
            self.created -= fault.get("age", 0)
            self._stop.wait()
        self._check_stop()
        s3 = clients.client("s3", processes.role_variables(self.model.request["ExecutionRoleArn"], "SageMaker"))
        bucket, _, prefix = self._source.removeprefix("s3://").partition("/")
        keys = found(s3, bucket, prefix)
        if not keys:
            raise JobFailed(f'ClientError: No S3 objects found under S3 URL "{self._source}"')
        self._container.start()
        with ThreadPoolExecutor(self.request.get("MaxConcurrentTransforms") or 1) as pool:
            answers = dict(zip(keys, pool.map(lambda key: self._answer(s3, bucket, key), keys), strict=True))
        self._check_stop()  # a job that is stopped stores nothing
        for key, (kind, body) in answers.items():
            self._store(s3, key[len(folder_of(prefix)) :], kind, body)

    @property
    def _source(self) -> str:
        return self.request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise JobStopped

    def _answer(self, s3: Any, bucket: str, key: str) -> tuple[str, bytes]:
        """Content type and body of what the container says to one object."""
        self._check_stop()
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        if len(body) > self.request.get("MaxPayloadInMB", 6) * MEGABYTE:
            raise JobFailed(f"ClientError: {SEE_LOG}")  # its log says: payload larger than MaxPayloadInMB
        client = self.request.get("ModelClientConfig", {})
        for _ in range(1 + client.get("InvocationsMaxRetries", 0)):
            status, kind, answer = self._ask(body, client.get("InvocationsTimeoutInSeconds", 600))
            if status == 200:
                return kind, self._garbled(answer)
            self._check_stop()
            if 400 <= status < 500:
                break
        raise JobFailed(f"{'ClientError' if 400 <= status < 500 else 'AlgorithmError'}: {SEE_LOG}")

    def _ask(self, body: bytes, seconds: float) -> tuple[int, str, bytes]:
        if fault := faults.take("invocation_fails", self.name):
            return fault["status"], "", b""
        headers = {"Content-Type": self.request["TransformInput"].get("ContentType", "")}
        if accept := self.request["TransformOutput"].get("Accept"):
            headers["Accept"] = accept
        try:
            return self._container.request("POST", "/invocations", body, headers, seconds)
        except OSError:  # out of time, or its process has died
            return 0, "", b""

    def _garbled(self, answer: bytes) -> bytes:
        if fault := faults.take("invocation_garbles", self.name):
            return re.sub(fault["pattern"], fault["with"], answer.decode(), count=1).encode()
        return answer

    def _store(self, s3: Any, name: str, kind: str, body: bytes) -> None:
        if faults.take("transform_loses", f"{self.name} {name}") is not None:
            return
        bucket, _, prefix = self.request["TransformOutput"]["S3OutputPath"].removeprefix("s3://").partition("/")
        key = f"{prefix.rstrip('/')}/{name}.out".lstrip("/")
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=kind or "application/octet-stream")

    def describe(self) -> dict:
        return {
            **{key: value for key, value in self.request.items() if key != "Tags"},
            "TransformJobArn": self.arn,
            "TransformJobStatus": self.status,
            "CreationTime": self.created,
            **self.times,
            **({"FailureReason": self.reason} if self.reason else {}),
        }

    def summary(self) -> dict:
        keys = ("TransformJobName", "TransformJobArn", "CreationTime", "TransformEndTime", "TransformJobStatus")
        described = self.describe()
        return {key: described[key] for key in (*keys, "FailureReason") if key in described} | {
            "LastModifiedTime": self.modified
        }


def found(s3: Any, bucket: str, prefix: str) -> list[str]:
    """The keys of the objects that begin with the prefix, but for folders."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [item["Key"] for page in pages for item in page.get("Contents", []) if not item["Key"].endswith("/")]


def folder_of(prefix: str) -> str:
    return prefix[: prefix.rfind("/") + 1]
