"""Endpoints: a container that answers from InService on, until it is deleted."""

import json
import re
import threading
import time
from contextvars import copy_context

from botocore.exceptions import ClientError

from local import faults, paths
from local.sagemaker import models
from local.sagemaker.container import Container, Unhealthy
from local.sagemaker.errors import ServiceError
from local.sagemaker.models import Described

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
        folder, group = paths.STATE / "sagemaker" / f"endpoint-{name}", f"/aws/sagemaker/Endpoints/{name}"
        self._container = Container(model, folder, f"endpoint-{name}.log", group, "AllTraffic/local")
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
            self._container.start()
            self._set("InService")
        except Unhealthy:
            self.reason = _UNHEALTHY.format(self.variant["VariantName"])
            self._set("Failed")
        except (StartFailed, ClientError) as error:
            self.reason = str(error)
            self._set("Failed")
        except Exception as error:  # a fault of ours must show, or the endpoint's poller waits for ever
            self.reason = f"InternalServerError: {error!r}"
            self._set("Failed")
            raise

    def invoke(self, body: bytes, content_type: str) -> tuple[str, bytes]:
        """The content type and body of the container's answer, or ModelError as the runtime raises it."""
        if fault := faults.take("invocation_fails", self.name):
            raise self._model_error(fault["status"], fault["message"])
        try:
            status, kind, answer = self._container.request(
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
        self._container.forget()
        models.endpoints.remove(self.name)

    def end_process(self) -> None:
        self._container.end()

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


def error_body(error: ServiceError) -> bytes:
    return json.dumps({"Message": error.message, **error.members}).encode()
