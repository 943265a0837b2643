"""What is known of an execution from its events: states as they start and finish, Map progress, time."""

from collections.abc import Iterator
from typing import Any

SHOWN = ("Task", "Map", "Parallel")  # types of states that do something


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
