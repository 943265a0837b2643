"""The one way in which tests wait for what comes by itself."""

import time
from collections.abc import Callable
from typing import Any


def eventually[T](
    check: Callable[[], T], seconds: float = 60, pause: float = 0.1, done: Callable[[T], Any] = bool
) -> T:
    """The first answer of check() that is done, by default the first truthy one, asked again and again.

    Raises AssertionError after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not done(answer := check()):
        assert time.monotonic() < deadline, f"not within {seconds} s; the last answer was {answer!r}"
        time.sleep(pause)
    return answer
