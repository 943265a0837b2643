"""Follow the runs of a dataset in a deployed stack, and read what they left. AWS and the laptop cloud alike."""

import dataclasses
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from rich.console import Console

from common import keys
from tools.aws.progress import Progress

if TYPE_CHECKING:
    from common.events import Upload

PATIENCE = 6  # looks for an execution that is not known yet
NEWEST = 50  # executions that others may have started since the first of the uploads


@dataclasses.dataclass(frozen=True)
class Stack:
    """A deployed stack: who answers, the stack's outputs, and how often it is asked."""

    client: Callable[[str], Any]  # of a service, by its name in boto3
    outputs: dict[str, str]
    pause: float  # seconds between two looks


def find_executions(stack: Stack, sources: Sequence["Upload"], seconds: float) -> list[str]:
    """The ARNs of the executions that the uploads' events started, in the order of the uploads; empty for those that
    have none yet when for so many seconds none was found."""
    found = {(source["key"], source["version_id"]): "" for source in sources}
    seen: set[str] = set()
    deadline = time.monotonic() + seconds
    while True:
        for arn, uploaded in _newest(stack, len(found) + NEWEST, seen):
            if uploaded in found:
                found[uploaded], deadline = arn, time.monotonic() + seconds
                if all(found.values()):
                    break
        if all(found.values()) or time.monotonic() >= deadline:
            return list(found.values())
        time.sleep(min(stack.pause, 1.0))


def _newest(stack: Stack, most: int, seen: set[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """ARN and upload, as key and version, of the newest executions that were not seen before."""
    states = stack.client("stepfunctions")
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=stack.outputs["StateMachineArn"])
    for arn in islice((one["executionArn"] for page in pages for one in page["executions"]), most):
        if arn in seen:
            continue
        try:
            given = json.loads(states.describe_execution(executionArn=arn)["input"])
        except states.exceptions.ExecutionDoesNotExist:
            continue  # it is listed some seconds before it can be described
        seen.add(arn)
        uploaded = given.get("detail", {}).get("object", {})
        yield arn, (uploaded.get("key", ""), uploaded.get("version-id", ""))


def follow(stack: Stack, arn: str, console: Console, more: Callable[[], Iterable[str]] = tuple) -> dict:
    """Print progress, and `more` lines as they come, until the execution has ended; return its description."""
    states, progress, seen = stack.client("stepfunctions"), Progress(), 0
    started = time.monotonic()
    with console.status("starting") if console.is_terminal else _Silent() as status:
        while True:
            described = _described(states, arn, stack.pause)
            for event in _events(states, arn, seen):
                seen = event["id"]
                for line in progress.take(event):
                    console.print(line, markup=False, highlight=False)
            for line in more():
                console.print(f"    {line}", markup=False, highlight=False)
            if described["status"] != "RUNNING":
                return described
            status.update(f"{time.monotonic() - started:.0f} s  {progress.line()}")
            time.sleep(stack.pause)


def _described(states: Any, arn: str, pause: float) -> dict:
    """The execution; one that was just started is not known for some seconds."""
    for _ in range(PATIENCE):
        try:
            return states.describe_execution(executionArn=arn)
        except states.exceptions.ExecutionDoesNotExist:
            time.sleep(pause)
    return states.describe_execution(executionArn=arn)


def lead(stack: Stack, arns: list[str], dataset: str, followed: Callable[[str], dict]) -> dict:
    """Follow the executions, and those that lead the dataset, until it rests; the last that led."""
    described: dict = {}
    waiting, known = list(arns), set(arns)
    while waiting:
        ended = followed(waiting.pop())
        if not (ended["status"] == "SUCCEEDED" and result(ended).get("status") == "folded"):
            described = ended
        holding = holder(stack.client("s3"), stack.outputs["LakeBucket"], dataset)
        if holding and holding not in known:  # one that has failed holds the lease until it is cleaned up after
            known.add(holding)
            waiting.append(holding)
    return described


def result(described: dict) -> dict:
    """What an execution returned."""
    return json.loads(described.get("output") or "{}")


def holder(s3: Any, lake: str, dataset: str) -> str:
    """The ARN of the execution that leads the dataset, empty where none does."""
    try:
        return json.loads(s3.get_object(Bucket=lake, Key=keys.lease(dataset))["Body"].read())["holder"]
    except s3.exceptions.NoSuchKey:
        return ""


def newest_run(s3: Any, lake: str, dataset: str) -> str:
    """The id of the dataset's newest run, empty where none is published."""
    return run_of(max((one["Key"] for one in objects(s3, lake, keys.published(dataset))), default=""))


def run_of(published: str) -> str:
    """The run that a key below published/ names; keys are in the order of their runs."""
    return published.rpartition("/")[2].partition("-")[2].removesuffix(".json")


def objects(s3: Any, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    """What S3 lists of each object whose key begins so: Key, LastModified and more."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from page.get("Contents", [])


def plain_cause(cause: str) -> str:
    """A Lambda's error message out of its JSON; any other cause as it is."""
    try:
        parsed = json.loads(cause)
    except ValueError:
        return cause
    return str(parsed.get("errorMessage", cause)) if isinstance(parsed, dict) else cause


def _events(states: Any, arn: str, seen: int) -> Iterator[dict]:
    """The events after the one with id `seen`."""
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn, maxResults=1000)
    return (event for page in pages for event in page["events"] if event["id"] > seen)


class _Silent:
    """Stands for the spinner where there is no terminal."""

    def __enter__(self) -> "_Silent":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def update(self, _text: str) -> None:
        return None
