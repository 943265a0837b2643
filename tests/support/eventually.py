"""The one way in which tests wait for what comes by itself."""

import time
from collections.abc import Callable


def eventually[T](check: Callable[[], T | None], seconds: float = 60, pause: float = 0.1) -> T:
    """The first truthy answer of check(), asked again and again. Raises AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := check()):
        assert time.monotonic() < deadline, f"not within {seconds} s; the last answer was {answer!r}"
        time.sleep(pause)
    return answer
