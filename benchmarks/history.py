"""What an execution did, from the events of its history: where its time went, and what that costs.

Of AWS and of the laptop alike: both write the events that GetExecutionHistory documents.
"""

import dataclasses
import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks import lambdas
from tools.cost import Item

WORKING = (
    *("Split", "Gather", "Merge", "Check data", "Scale", "Baseline", "Forecast", "Calibrate", "Publish", "Summarize"),
)
MILLISECOND = 0.001  # by which Lambda bills, rounded up
ENDED = ("TaskSucceeded", "TaskFailed", "TaskTimedOut")


class Span(NamedTuple):
    """From when to when, in seconds since the execution began."""

    state: str
    begin: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.begin


@dataclasses.dataclass(frozen=True)
class Told:
    """What a history tells. transitions are what Step Functions bills: states entered, and calls tried again.

    calls are those of functions, waits the Wait states.
    """

    seconds: float
    transitions: int
    calls: tuple[Span, ...]
    waits: tuple[Span, ...]

    def at_work(self) -> float:
        """Seconds in which at least one step that computes was running."""
        return covered([call for call in self.calls if call.state in WORKING])

    def awaited(self) -> float:
        """Further seconds in which the machine waited, and no such step was running."""
        return covered([*(call for call in self.calls if call.state in WORKING), *self.waits]) - self.at_work()

    def orchestrated(self) -> float:
        """All other seconds: between states, and in functions that start, check, clean up or tell."""
        return self.seconds - self.at_work() - self.awaited()


def told(events: Sequence[Mapping[str, Any]]) -> Told:
    """Of the events in their order. Raises ValueError where the execution has not begun and ended."""
    if not events or not events[0]["type"].startswith("ExecutionStarted") or not _is_end(events[-1]["type"]):
        raise ValueError("the history is not that of an execution which has ended")
    first = events[0]["timestamp"]
    by_id = {event["id"]: event for event in events}
    calls, waits, transitions = [], [], 0
    for event in events:
        kind, at = event["type"], _seconds(event["timestamp"] - first)
        if kind.endswith("StateEntered"):
            transitions += 1
        elif kind in ENDED:
            before = _before(event, by_id, ("TaskScheduled",))
            entered = _before(event, by_id, ("TaskStateEntered",))
            calls.append(Span(_name(entered), _seconds(before["timestamp"] - first), at))
            transitions += kind != "TaskSucceeded" and _is_again(event, events)
        elif kind == "WaitStateExited":
            entered = _before(event, by_id, ("WaitStateEntered",))
            waits.append(Span(_name(entered), _seconds(entered["timestamp"] - first), at))
    return Told(_seconds(events[-1]["timestamp"] - first), transitions, tuple(calls), tuple(waits))


def _is_end(kind: str) -> bool:
    return kind.startswith("Execution") and kind != "ExecutionStarted"


def _is_again(failed: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the call that failed was made once more."""
    return any(event["type"] == "TaskScheduled" and event.get("previousEventId") == failed["id"] for event in events)


def _before(event: Mapping[str, Any], by_id: Mapping[int, Mapping[str, Any]], kinds: tuple[str, ...]) -> Mapping:
    """The nearest event of a kind that led to this one. Raises ValueError where there is none."""
    while event["type"] not in kinds:
        if event.get("previousEventId", 0) not in by_id:
            raise ValueError(f"no {kinds[0]} leads to event {event['id']}")
        event = by_id[event["previousEventId"]]
    return event


def _name(entered: Mapping[str, Any]) -> str:
    return str(entered["stateEnteredEventDetails"]["name"])


def _seconds(span: datetime.timedelta) -> float:
    return span.total_seconds()


def covered(spans: Iterable[Span]) -> float:
    """Seconds in which at least one of the spans was going on."""
    total, until = 0.0, -math.inf
    for span in sorted(spans, key=lambda span: span.begin):
        total += max(0.0, span.end - max(span.begin, until))
        until = max(until, span.end)
    return total


def by_state(spans: Iterable[Span]) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for span in spans:
        found.setdefault(span.state, []).append(span)
    return found


def costs(told: Told) -> list[Item]:
    """What Step Functions and Lambda bill for it; a function's time is taken to be that of its call."""
    gigabytes = sum(
        lambdas.of(call.state).megabytes / 1024 * math.ceil(call.seconds / MILLISECOND) * MILLISECOND
        for call in told.calls
    )
    return [
        Item("Lambda, computing", gigabytes, "lambda_seconds"),
        Item("Lambda, calls", len(told.calls), "lambda_requests"),
        Item("Step Functions", told.transitions, "transitions"),
    ]
