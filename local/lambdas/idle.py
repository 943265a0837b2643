"""The environments that wait for their function's next invocation: for how long, and how many.

To start one takes half a second of a core, so they stay for some minutes, as AWS's do, and fewer where memory is short.
"""

import threading
import time
from typing import Protocol

import psutil

SECONDS = 120
MOST, FEWEST = 60, 6  # some 80 MB each
FREE = 0.25  # of the memory: below this the fewest stay


class Waiting(Protocol):
    """An environment, as far as it is of concern here."""

    key: str

    def end(self) -> None: ...


class Idle[T: Waiting]:
    """The idle environments, the one that was used last at the end. Each belongs to who has taken it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: dict[T, float] = {}

    def take(self, key: str) -> T | None:
        """The one of this key that was used last. Where there is none, make room for a new one."""
        with self._lock:
            found = next((one for one in reversed(self._since) if one.key == key), None)
            if found:
                del self._since[found]
                return found
            surplus = list(self._since)[: max(0, len(self._since) + 1 - _kept())]
        self._end(surplus)
        return None

    def give_back(self, environment: T) -> None:
        with self._lock:
            self._since[environment] = time.monotonic()

    def end_old(self) -> None:
        """End those that nobody has used for SECONDS."""
        with self._lock:
            old = [one for one, since in self._since.items() if time.monotonic() - since > SECONDS]
        self._end(old)

    def end_all(self) -> None:
        with self._lock:
            every = list(self._since)
        self._end(every)

    def _end(self, environments: list[T]) -> None:
        for environment in environments:
            with self._lock:
                idle = self._since.pop(environment, None) is not None
            if idle:  # and not taken meanwhile
                environment.end()


def _kept() -> int:
    memory = psutil.virtual_memory()
    return MOST if memory.available > FREE * memory.total else FEWEST
