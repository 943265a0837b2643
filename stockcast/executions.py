"""The executions of a stack's machine: which dataset and file they are of, and how they ended."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from stockcast import target
from stockcast.target import Target
from tools.aws import runs
from tools.aws.runs import Stack

RUNNING = "RUNNING"
LOOKED_AT = 300  # executions, of which each costs a call: so many until a dataset's must have come
PUBLISHED = "published"


class Execution(NamedTuple):
    """file is empty where no file started it; status is the machine's or, of one that ended well, its own."""

    arn: str
    dataset: str
    file: str
    status: str
    run_id: str
    started: datetime
    ended: datetime | None

    @property
    def minutes(self) -> float:
        return ((self.ended or datetime.now(UTC)) - self.started).total_seconds() / 60


def newest(stack: Stack, running: bool = False) -> Iterator[Execution]:
    """All executions that Step Functions still knows, the newest first; or those only that run."""
    states: Any = stack.client("stepfunctions")
    only = {"statusFilter": RUNNING} if running else {}
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=stack.outputs["StateMachineArn"], **only)
    for one in (one for page in pages for one in page["executions"]):
        try:
            yield execution(states.describe_execution(executionArn=one["executionArn"]))
        except states.exceptions.ExecutionDoesNotExist:
            continue  # it is listed some seconds before it can be described


class Found(NamedTuple):
    """Executions, the datasets of all that were looked at, and whether older ones were not looked at."""

    executions: list[Execution]
    datasets: set[str]
    more: bool


def of_dataset(stack: Stack, dataset: str | None, most: int) -> Found:
    """So many of the dataset's executions, or of all, the newest first."""
    found: list[Execution] = []
    seen: set[str] = set()
    for count, one in enumerate(newest(stack)):
        if len(found) == most or count == max(most, LOOKED_AT):
            return Found(found, seen, more=True)
        seen.add(one.dataset)
        found += [one] if dataset in (None, one.dataset) else []
    return Found(found, seen, more=False)


def none_found(stack: Target, dataset: str | None, found: Found) -> str:
    """What is said where there is none of the dataset, and what to do."""
    if not dataset:
        return f"no execution is known; `stockcast run FILE{stack.option}` starts one"
    if found.more:
        words = f"the newest {LOOKED_AT:,} executions are none of {dataset}"
        otherwise = f"; `stockcast dataset {dataset}{stack.option}` tells of older runs"
    else:
        words, otherwise = f"no execution of {dataset} is known", f"; `stockcast runs{stack.option}` lists them"
    return words + (target.near(dataset, sorted(found.datasets)) or otherwise)


def execution(described: dict) -> Execution:
    from stocks.dataset.uploads import place

    given = json.loads(described.get("input") or "{}")
    key = ((given.get("detail") or {}).get("object") or {}).get("key") or ""
    where = place(key)
    result = runs.result(described)
    status = described["status"]
    if status == "SUCCEEDED":
        status = result.get("status") or status
    elif described.get("error"):
        status = f"{status}: {described['error']}"
    dataset = where.dataset or str(given.get("dataset") or "")
    ended = described.get("stopDate")
    return Execution(
        described["executionArn"],
        dataset,
        where.name,
        status,
        result.get("run_id") or "",
        described["startDate"],
        ended,
    )
