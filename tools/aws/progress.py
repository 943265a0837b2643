"""Watch one execution in the terminal: states as they start and finish, Map progress, training epochs, time."""

import json
import time
from collections.abc import Iterator
from typing import Any

from rich.console import Console

from local import cloud, paths

POLL_SECONDS = 0.5
START_SECONDS = 30
SHOWN = ("Task", "Map", "Parallel")  # types of states that do something


def find_execution(machine_arn: str, key: str, version_id: str) -> str:
    """The ARN of the execution that the upload's event started."""
    states = cloud.client("stepfunctions")
    deadline = time.monotonic() + START_SECONDS
    seen: set[str] = set()
    while time.monotonic() < deadline:
        for item in states.list_executions(stateMachineArn=machine_arn, maxResults=50)["executions"]:
            arn = item["executionArn"]
            if arn in seen:
                continue
            seen.add(arn)
            uploaded = (
                json.loads(states.describe_execution(executionArn=arn)["input"]).get("detail", {}).get("object", {})
            )
            if uploaded.get("version-id") == version_id and uploaded.get("key") == key:
                return arn
        time.sleep(0.2)
    raise cloud.CloudError(f"no execution started within {START_SECONDS} s for {key} (see {paths.LOGS / 'cloud.log'})")


class Progress:
    """What is known of an execution from the events seen so far."""

    def __init__(self) -> None:
        self.running: dict[str, float] = {}  # state -> when it was entered
        self._shown: set[str] = set()  # a state that comes round again, as pollers do, is shown once
        self._failed: set[str] = set()  # states whose last try failed: a caught error ends a state as a success does
        self._parallel = ""  # the Parallel state that was entered last
        self.maps: dict[str, list[int]] = {}  # Map state -> [done, all]
        self._parents: dict[int, str] = {}  # event id -> the Map state it belongs to, "" outside of Maps
        self._names: dict[int, str] = {}  # event id -> the state it belongs to

    def take(self, event: dict) -> Iterator[str]:
        """Take one event in; yield the lines to print. What happens inside a Map is progress, not lines."""
        kind, at = event["type"], event["timestamp"].timestamp()
        name = self._place(event)
        inside = self._parents[event["id"]]
        if kind == "MapStateStarted":
            self.maps[name] = [0, event["mapStateStartedEventDetails"]["length"]]
        elif kind == "MapIterationSucceeded":
            self.maps[name][0] += 1
        elif kind.endswith("StateEntered") and not inside:
            self.running[name] = at
            self._parallel = name if kind.startswith("Parallel") else self._parallel
            if kind.startswith(SHOWN) and name not in self._shown:
                yield f"  {name} ..."
        elif kind.endswith(("StateExited", "StateAborted")) and not inside:
            word = "stopped" if kind.endswith("Aborted") else "failed" if name in self._failed else "done"
            seconds = at - self.running.pop(name, at)
            if kind.startswith(SHOWN) and (name not in self._shown or word == "failed"):
                self._shown.add(name)
                yield self._ended(name, word, seconds)
        elif kind in ("TaskFailed", "TaskTimedOut", "MapStateFailed", "ParallelStateFailed"):
            self._failed.add(name)
            if kind.startswith("Task"):  # the error's words are the end of the run, or a retry's business
                yield f"  {name}: {event[f'{kind[0].lower()}{kind[1:]}EventDetails'].get('error', '')}"
        elif kind in ("TaskSucceeded", "MapStateSucceeded", "ParallelStateSucceeded"):
            self._failed.discard(name)
        elif kind in ("ExecutionFailed", "ExecutionTimedOut"):
            for name, entered in self.running.items():  # nothing caught the error
                yield self._ended(name, "failed", at - entered)
            self.running.clear()

    def _place(self, event: dict) -> str:
        """The state an event belongs to: its own, or that of the event before it in its branch."""
        details: dict[str, Any] = {}
        for key in ("stateEnteredEventDetails", "stateExitedEventDetails", "mapIterationStartedEventDetails"):
            details = event.get(key) or details
        before = event.get("previousEventId", 0)
        name = details.get("name") or self._names.get(before, "")
        inside = self._parents.get(before, "")
        if event["type"] == "MapIterationStarted":
            inside = name
        elif event["type"].startswith("MapIteration"):
            name = inside
        elif event["type"] in ("MapStateFailed", "MapStateSucceeded"):
            name = inside or name
        elif event["type"] in ("ParallelStateFailed", "ParallelStateSucceeded"):
            name = self._parallel
        elif event["type"] in ("MapStateExited", "MapStateAborted"):
            inside = ""
        self._names[event["id"]], self._parents[event["id"]] = name, inside
        return name

    def _ended(self, name: str, word: str, seconds: float) -> str:
        done = self.maps.get(name)
        count = f", {done[0]} of {done[1]}" if done else ""
        return f"  {name} {word}, {seconds:.1f} s{count}"

    def line(self) -> str:
        """What is going on right now, on one line."""
        parts = []
        for name in self.running:
            done = self.maps.get(name)
            parts.append(f"{name} {done[0]}/{done[1]}" if done else name)
        return " · ".join(parts)


def follow(execution_arn: str, console: Console) -> dict:
    """Print progress until the execution has ended; return its description."""
    states = cloud.client("stepfunctions")
    progress, seen = Progress(), 0
    epochs = _Training()
    started = time.monotonic()
    with console.status("starting") if console.is_terminal else _Silent() as status:
        while True:
            described = states.describe_execution(executionArn=execution_arn)
            for event in _events(states, execution_arn, seen):
                seen = event["id"]
                for line in progress.take(event):
                    console.print(line, markup=False, highlight=False)
            for line in epochs.new_lines():
                console.print(f"    {line}", markup=False, highlight=False)
            if described["status"] != "RUNNING":
                return described
            status.update(f"{time.monotonic() - started:.0f} s  {progress.line()}")
            time.sleep(POLL_SECONDS)


def _events(states: Any, arn: str, seen: int) -> Iterator[dict]:
    """The events after the one with id `seen`."""
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn, maxResults=1000)
    return (event for page in pages for event in page["events"] if event["id"] > seen)


class _Training:
    """The lines about epochs in logs of training jobs that appear while we watch."""

    def __init__(self) -> None:
        self._offsets = {file: file.stat().st_size for file in paths.LOGS.glob("training-*.log")}

    def new_lines(self) -> Iterator[str]:
        for file in sorted(paths.LOGS.glob("training-*.log")):
            with file.open(errors="replace") as log:
                log.seek(self._offsets.get(file, 0))
                for line in log:
                    if line.endswith("\n"):
                        self._offsets[file] = self._offsets.get(file, 0) + len(line.encode())
                        if "epoch" in line.lower():
                            yield line.strip()[:160]


class _Silent:
    """Stands for the spinner where there is no terminal."""

    def __enter__(self) -> "_Silent":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def update(self, _text: str) -> None:
        return None


def plain_cause(cause: str) -> str:
    """A Lambda's error message out of its JSON; any other cause as it is."""
    try:
        parsed = json.loads(cause)
    except ValueError:
        return cause
    return str(parsed.get("errorMessage", cause)) if isinstance(parsed, dict) else cause
