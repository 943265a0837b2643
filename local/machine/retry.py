"""Retry and Catch of Task, Parallel and Map states."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from local.machine import jsonata
from local.machine.errors import Error
from local.machine.models import Branch

_TERMINAL = {"States.Runtime", "States.DataLimitExceeded"}


def guarded(branch: Branch, state: dict, data: Any, attempt: Callable[[], Any]) -> tuple[Any, str | None]:
    """Run the attempt until it succeeds and form the state's output, or what Retry and Catch make of the error."""
    counts: Counter[int] = Counter()
    context = branch.context["State"]
    while True:
        branch.context["State"] = {**context, "RetryCount": counts.total()}
        try:
            result = attempt()
            output = jsonata.field(branch, state, "Output", result, data, result=result)
            variables = jsonata.field(branch, state, "Assign", {}, data, result=result)
        except Error as error:
            index, retrier = _retrier(state.get("Retry", []), error.error, counts)
            if retrier is not None:
                branch.sleep(_delay(retrier, counts[index]))
                counts[index] += 1
                continue
            return _catch(branch, state, data, error)
        jsonata.assign(branch, variables)
        return output, None if state.get("End") else state["Next"]


def _catch(branch: Branch, state: dict, data: Any, error: Error) -> tuple[Any, str]:
    for catcher in state.get("Catch", []):
        if matches(catcher["ErrorEquals"], error.error):
            error_output = {"Error": error.error, "Cause": error.cause}
            output = jsonata.field(branch, catcher, "Output", error_output, data, error_output=error_output)
            variables = jsonata.field(branch, catcher, "Assign", {}, data, error_output=error_output)
            jsonata.assign(branch, variables)
            return output, catcher["Next"]
    raise error


def matches(error_equals: list[str], error: str) -> bool:
    if error in error_equals:
        return True
    if "States.ALL" in error_equals:
        return error not in _TERMINAL
    return "States.TaskFailed" in error_equals and error != "States.Timeout" and error not in _TERMINAL


def _retrier(retriers: list[dict], error: str, counts: Counter[int]) -> tuple[int, dict | None]:
    """The first retrier that matches decides; when its attempts are used up there is no retry."""
    for index, retrier in enumerate(retriers):
        if matches(retrier["ErrorEquals"], error):
            return index, retrier if counts[index] < retrier.get("MaxAttempts", 3) else None
    return -1, None


def _delay(retrier: dict, attempt: int) -> float:
    delay = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** attempt
    delay = min(delay, retrier.get("MaxDelaySeconds", delay))
    return random.uniform(0, delay) if retrier.get("JitterStrategy") == "FULL" else delay  # noqa: S311
