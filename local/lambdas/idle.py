"""The environments that wait for their function's next invocation: for how long, and how many.

To start one takes half a second of a core, so they stay for some minutes, as AWS's do, and fewer where memory is short.
"""

import threading
import time
from collections.abc import Callable, Mapping
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
        self._end(lambda since: list(since)[: max(0, len(since) + 1 - _kept())])
        return None

    def give_back(self, environment: T) -> None:
        with self._lock:
            self._since[environment] = time.monotonic()

    def end_old(self) -> None:
        """End those that nobody has used for SECONDS."""
        self._end(lambda since: [one for one, begun in since.items() if time.monotonic() - begun > SECONDS])

    def end_all(self) -> None:
        self._end(list)

    def _end(self, chosen: Callable[[Mapping[T, float]], list[T]]) -> None:
        """End those that are chosen while no other thread can take one."""
        with self._lock:
            ended = chosen(self._since)
            for environment in ended:
                del self._since[environment]
        for environment in ended:
            environment.end()


def _kept() -> int:
    memory = psutil.virtual_memory()
    return MOST if memory.available > FREE * memory.total else FEWEST
