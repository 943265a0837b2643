"""The executions of a machine, of which there are hundreds, asked for once for all who wait for one."""

import json
import threading
import time

from tests.support.cloud import Cloud
from tests.support.eventually import eventually

SECONDS = 400  # for one execution; the longest wait half a minute for botocore's own retries, several times
PAGE = 50


class Executions:
    def __init__(self, cloud: Cloud, machine: str):
        self.machine = machine
        self._states = cloud.client("stepfunctions")
        self._lock = threading.Lock()
        self._asked = 0.0
        self._status: dict[str, str] = {}
        self._inputs: dict[str, dict] = {}

    def find(self, matches) -> str:
        """The ARN of the execution whose input matches, once there is one."""

        def matching() -> str:
            self._ask()
            with self._lock:
                return next((arn for arn, given in self._inputs.items() if matches(given)), "")

        return eventually(matching, pause=0.2)

    def ended(self, arn: str) -> dict:
        def over() -> bool:
            self._ask()
            return self._status.get(arn, "RUNNING") != "RUNNING"

        eventually(over, SECONDS, 0.2)
        return self._states.describe_execution(executionArn=arn)

    def succeeded(self) -> list[dict]:
        self._ask()
        arns = [arn for arn, status in self._status.items() if status == "SUCCEEDED"]
        return [self._states.describe_execution(executionArn=arn) for arn in arns]

    def _ask(self) -> None:
        with self._lock:
            if time.monotonic() - self._asked < 0.3:
                return
            self._list()
            for arn in self._status.keys() - self._inputs.keys():
                self._inputs[arn] = json.loads(self._states.describe_execution(executionArn=arn)["input"])
            self._asked = time.monotonic()

    def _list(self) -> None:
        """The newest first, up to those that were known, and to the last one that ran when they were listed before."""
        running = {arn for arn, status in self._status.items() if status == "RUNNING"}
        pages = self._states.get_paginator("list_executions").paginate(
            stateMachineArn=self.machine, PaginationConfig={"PageSize": PAGE}
        )
        for page in pages:
            listed = {one["executionArn"]: one["status"] for one in page["executions"]}
            met = listed.keys() & self._status.keys()
            self._status |= listed
            running -= listed.keys()
            if met and not running:
                return
