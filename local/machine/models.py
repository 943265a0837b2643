"""An execution and its lines of control: variables, context, place in the history, and when they must end."""

import copy
import json
import threading
import time
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any

from local import faults, ministack
from local.machine.errors import Error, Interrupted

MAX_EVENTS = 25_000
MAX_BYTES = 256 * 1024

HISTORY = threading.RLock()  # of all executions: none ends between an event's look at it and its writing

_left_behind: set[Future] = set()  # calls of branches that were interrupted, while they run on


def stop_execution(data: dict) -> ministack.Response:
    """MiniStack's, which writes the end of an execution from another thread."""
    with HISTORY:
        return ministack.stop_execution.original(data)


class Run:
    """One execution: its record in MiniStack, its deadline, its history."""

    def __init__(self, record: dict, role_arn: str, timeout: float | None):
        self.record = record
        self.role_arn = role_arn
        self.deadline = time.monotonic() + timeout if timeout else None

    @property
    def late(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline

    @property
    def over(self) -> bool:
        return self.record["status"] != "RUNNING" or self.late

    def has_entered(self, state: str) -> bool:
        entered = (event.get("stateEnteredEventDetails", {}) for event in list(self.record["events"]))
        return any(details.get("name") == state for details in entered)

    def log(self, kind: str, previous: int, details: dict) -> int:
        with HISTORY:
            if self.record["status"] != "RUNNING":
                raise Interrupted
            events = self.record["events"]
            if len(events) >= MAX_EVENTS - 1:
                raise Error(
                    "States.Runtime", f"The execution reached the maximum number of history events ({MAX_EVENTS})."
                )
            events.append(
                {
                    "id": len(events) + 1,
                    "previousEventId": previous,
                    "type": kind,
                    "timestamp": ministack.now_iso(),
                    **details,
                }
            )
            return len(events)


class Branch:
    """The main line, a branch of a Parallel, or an iteration of a Map. Inner branches copy the outer variables."""

    def __init__(self, run: Run, context: dict, parent: "Branch | None" = None):
        self.run = run
        self.context = context  # $states.context, and under "variables" what Assign set: MiniStack's JSONata reads both
        self.parent = parent
        self.cancelled = threading.Event()
        self.previous: int = parent.previous if parent else 1

    def child(self, **context: Any) -> "Branch":
        return Branch(self.run, {**copy.deepcopy(self.context), **context}, self)

    def log(self, kind: str, **details: Any) -> None:
        self.previous = self.run.log(kind, self.previous, details)

    def interrupted(self) -> bool:
        return self.cancelled.is_set() or self.run.over or (self.parent is not None and self.parent.interrupted())

    def check(self) -> None:
        if self.interrupted():
            raise Interrupted

    def interfere(self, state: str) -> None:
        """What a test wants to happen to the execution in this state: somebody stops it, or its time is up."""
        described = f'"{state}" {self.run.record["input"]}'
        if faults.take("execution_stops", described):
            stop_execution({"executionArn": self.run.record["executionArn"]})
        if faults.take("execution_is_late", described):
            self.run.deadline = time.monotonic()
        self.check()

    def sleep(self, seconds: float, outlast: bool = False) -> None:
        """Wait for SFN_WAIT_SCALE of the time; a Wait outlasts the calls left behind that it would in full."""
        started, short = time.monotonic(), seconds * ministack.wait_scale()
        while (gone := time.monotonic() - started) < short or (outlast and _left_behind and gone < seconds):
            self.check()
            self.cancelled.wait(min(short - gone, 0.1) if gone < short else 0.1)

    def await_call(self, state: str, future: Future, timeout: float | None) -> Any:
        """The result of the state's call; States.Timeout after the timeout. The call is not ended, as on AWS."""
        try:
            self.interfere(state)
            return self._await(future, timeout)
        except Interrupted:
            _left_behind.add(future)
            future.add_done_callback(_left_behind.discard)
            raise

    def _await(self, future: Future, timeout: float | None) -> Any:
        end = time.monotonic() + timeout if timeout else None
        while not wait([future], timeout=0.1).done:
            self.check()
            if end and time.monotonic() > end:
                raise Error("States.Timeout", "")
        return future.result()

    def await_entry(self, state: str) -> None:
        """Wait until any branch of the execution has entered the state."""
        while not self.run.has_entered(state):
            self.check()
            time.sleep(0.05)

    def fan_out(self, jobs: list, limit: int) -> list:
        """Run each job(branch) in a branch of its own. The first error ends the others and is raised."""
        children = [self.child() for _ in jobs]
        pool = ThreadPoolExecutor(max_workers=limit or len(jobs) or 1)
        futures = [pool.submit(copy_context().run, job, child) for job, child in zip(jobs, children, strict=True)]
        pending = set(futures)
        try:
            while pending:
                done, pending = wait(pending, timeout=0.2, return_when=FIRST_EXCEPTION)
                self.check()
                for future in done:
                    future.result()
        finally:
            for child in children:
                child.cancelled.set()
            pool.shutdown(wait=True, cancel_futures=True)
        return [future.result() for future in futures]


def dump(value: Any, name: str) -> str:
    """The JSON of a state's input or output, within what Step Functions carries."""
    text = json.dumps(value)
    if len(text.encode()) > MAX_BYTES:
        raise Error(
            "States.DataLimitExceeded",
            f"The state/task '{name}' returned a result with a size exceeding the maximum number of "
            "bytes service limit.",
        )
    return text
