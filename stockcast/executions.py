"""The executions of a stack's machine: which dataset and file they are of, and how they ended."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tools.aws import runs
from tools.aws.runs import Stack

RUNNING = "RUNNING"
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


def execution(described: dict) -> Execution:
    from stocks.dataset.uploads import place
    from stocks.reading.rejected import visible

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
        visible(where.name),
        status,
        result.get("run_id") or "",
        described["startDate"],
        ended,
    )
