"""What exists in this account's SageMaker, and how it is named, listed and tagged."""

import time
from collections.abc import Callable
from typing import Any, Protocol

from local import paths
from local.sagemaker.errors import ServiceError, invalid


class Resource(Protocol):
    """Anything SageMaker lists: its name, ARN, creation time and status word ("" where it has none)."""

    name: str
    arn: str
    created: float
    status: str


class Store:
    """All resources of one kind, in order of creation."""

    def __init__(self, kind: str, called: str):
        self.kind, self.called = kind, called  # endpoint-config, endpoint configuration
        self._items: dict[str, Any] = {}

    def arn(self, name: str) -> str:
        return f"arn:aws:sagemaker:{paths.REGION}:{paths.ACCOUNT}:{self.kind}/{name.lower()}"

    def add(self, item: Any) -> None:
        self._items[item.name.lower()] = item

    def claim(self, item: Any) -> bool:
        """Add it unless another took its name since it was looked up: a call that is sent again meets the first one."""
        return self._items.setdefault(item.name.lower(), item) is item

    def find(self, name: str) -> Any | None:
        return self._items.get(name.lower())

    def get(self, name: str) -> Any:
        item = self.find(name)
        if item is None:
            raise invalid(f'Could not find {self.called} "{self.arn(name)}".')
        return item

    def must_be_new(self, name: str) -> None:
        if self.find(name):
            raise invalid(f'Cannot create already existing {self.called} "{self.arn(name)}".')

    def remove(self, name: str) -> None:
        self.get(name)
        tags.pop(self.arn(name), None)
        del self._items[name.lower()]

    def all(self) -> list:
        return list(self._items.values())

    def page(self, request: dict, key: str, summary: Callable[[Any], dict]) -> dict:
        """The response of a List operation, newest first."""
        chosen = [item for item in self.all() if _matches(item, request)]
        chosen.sort(key=lambda item: item.created, reverse=request.get("SortOrder", "Descending") == "Descending")
        start, size = int(request.get("NextToken", 0)), request.get("MaxResults", 10)
        more = {"NextToken": str(start + size)} if start + size < len(chosen) else {}
        return {key: [summary(item) for item in chosen[start : start + size]], **more}


def name_taken(jobs: Store, name: str) -> ServiceError:
    kind = jobs.called
    return ServiceError(
        "ResourceInUse",
        f"{kind.capitalize()} names must be unique within an AWS account and region, and a {kind} with this "
        f"name already exists ({jobs.arn(name)})",
    )


def _matches(item: Resource, request: dict) -> bool:
    return (
        request.get("NameContains", "").lower() in item.name.lower()
        and request.get("StatusEquals", item.status) == item.status
        and item.created >= request.get("CreationTimeAfter", 0)
        and item.created <= request.get("CreationTimeBefore", time.time())
    )


class Described:
    """A model or an endpoint config: its request is all there is to it."""

    status = ""

    def __init__(self, kind: Store, request: dict, name_key: str):
        self.request, self.name = request, request[name_key]
        self.arn = kind.arn(self.name)
        self.created = time.time()

    def describe(self, arn_key: str) -> dict:
        request = {key: value for key, value in self.request.items() if key != "Tags"}
        return {**request, arn_key: self.arn, "CreationTime": self.created}


jobs = Store("training-job", "training job")
transforms = Store("transform-job", "transform job")
models = Store("model", "model")
configs = Store("endpoint-config", "endpoint configuration")
endpoints = Store("endpoint", "endpoint")
tags: dict[str, dict[str, str]] = {}


def add_tags(arn: str, new: list[dict]) -> None:
    if new:
        tags.setdefault(arn, {}).update({tag["Key"]: tag["Value"] for tag in new})


def list_tags(arn: str) -> list[dict]:
    return [{"Key": key, "Value": value} for key, value in tags.get(arn, {}).items()]
