"""A stack as stockcast's commands see it: executions of a machine, and buckets."""

import argparse
import datetime
import json
from typing import Any

from stockcast import target
from stockcast.target import Target

# A colour, an emoji of rich, markup, a line break, letters that run to the left, and a screen that is emptied.
HOSTILE = "a\x1b[31m:b:[red]x\n\u202ez\r\u200f\x1b[2J.csv"
SHOWN = r"a\x1b[31m:b:[red]x\n\u202ez\r\u200f\x1b[2J.csv"
BEGUN = datetime.datetime(2026, 11, 29, tzinfo=datetime.UTC)


class States:
    """Step Functions with a memory: the executions, the oldest first, and how many were described."""

    class exceptions:
        class ExecutionDoesNotExist(Exception):
            pass

    def __init__(self) -> None:
        self.known: list[dict[str, Any]] = []
        self.described = 0

    def add(self, dataset: str, file: str = "prices.csv", status: str = "SUCCEEDED", **more: str) -> str:
        given = json.dumps({"detail": {"object": {"key": f"incoming/{dataset}/{file}"}}})
        arn = f"arn:{len(self.known)}"
        self.known.append({"executionArn": arn, "status": status, "input": given, "startDate": BEGUN, **more})
        return arn

    def get_paginator(self, _operation: str) -> "States":
        return self

    def paginate(self, statusFilter: str | None = None, **_machine: str):
        found = [one for one in reversed(self.known) if statusFilter in (None, one["status"])]
        return ({"executions": found[begin : begin + 100]} for begin in range(0, len(found), 100))

    def describe_execution(self, executionArn: str) -> dict[str, Any]:
        self.described += 1
        return next(one for one in self.known if one["executionArn"] == executionArn)


def stack(monkeypatch: Any, laptop: bool = False, **clients: Any) -> Target:
    """The stack that every command finds, with these clients by their services' names."""
    outputs = {"StateMachineArn": "arn", "DatabaseName": "d", "WorkGroupName": "w"}
    outputs |= {"IncomingBucket": "incoming", "LakeBucket": "lake", "WorkBucket": "work"}
    made = Target(clients.__getitem__, outputs, 0.0, "dev", laptop)
    monkeypatch.setattr(target, "of", lambda _arguments: made)
    return made


def arguments(**given: Any) -> argparse.Namespace:
    return argparse.Namespace(**{"stack": "dev", "profile": None, "region": None} | given)
