"""What each type of state does. A handler takes branch, state and input; it returns output and next state."""

import functools
from collections.abc import Callable
from typing import Any

from local import ministack
from local.lambdas.api import AT_ONCE
from local.machine import jsonata, tasks
from local.machine.errors import Error, Interrupted
from local.machine.models import Branch, dump
from local.machine.retry import guarded

Step = tuple[Any, str | None]


def walk(states: dict, start: str, data: Any, branch: Branch) -> Any:
    """Go through the states from the first to an end; return the output."""
    name: str | None = start
    while name is not None:
        branch.check()
        if name not in states:
            raise Error("States.Runtime", f"State '{name}' not found in definition")
        state, kind = states[name], states[name]["Type"]
        branch.context["State"] = {"Name": name, "EnteredTime": ministack.now_iso(), "RetryCount": 0}
        branch.log(f"{kind}StateEntered", stateEnteredEventDetails={"name": name, "input": dump(data, name)})
        if kind != "Task":  # a Task is interrupted when its function has been called
            branch.interfere(name)
        try:
            data, following = HANDLERS[kind](branch, state, data)
        except Interrupted:
            if kind in ("Task", "Wait", "Map", "Parallel") and not branch.run.over:
                branch.log(f"{kind}StateAborted")
            raise
        branch.log(f"{kind}StateExited", stateExitedEventDetails={"name": name, "output": dump(data, name)})
        name = following
    return data


def _next(state: dict) -> str | None:
    return None if state.get("End") or state["Type"] == "Succeed" else state["Next"]


def _pass(branch: Branch, state: dict, data: Any) -> Step:
    output = jsonata.field(branch, state, "Output", data, data)
    jsonata.assign(branch, jsonata.field(branch, state, "Assign", {}, data))
    return output, _next(state)


def _fail(branch: Branch, state: dict, data: Any) -> Step:
    error, cause = (
        jsonata.typed(branch, state, key, "string", data) if key in state else "" for key in ("Error", "Cause")
    )
    raise Error(error, cause)


def _wait(branch: Branch, state: dict, data: Any) -> Step:
    if "Seconds" in state:
        branch.sleep(jsonata.typed(branch, state, "Seconds", "number", data), outlast=True)
    else:
        until = ministack.parse_timestamp(jsonata.typed(branch, state, "Timestamp", "string", data))
        branch.sleep(max(0.0, (until - ministack.parse_timestamp(ministack.now_iso())).total_seconds()))
    return _pass(branch, state, data)


def _choice(branch: Branch, state: dict, data: Any) -> Step:
    for rule in state["Choices"]:
        if jsonata.typed(branch, rule, "Condition", "boolean", data):
            output = jsonata.field(branch, rule, "Output", data, data)
            jsonata.assign(branch, jsonata.field(branch, rule, "Assign", {}, data))
            return output, rule["Next"]
    if "Default" not in state:
        raise Error("States.NoChoiceMatched", "No choice rule matched and no Default")
    output = jsonata.field(branch, state, "Output", data, data)
    jsonata.assign(branch, jsonata.field(branch, state, "Assign", {}, data))
    return output, state["Default"]


def _task(branch: Branch, state: dict, data: Any) -> Step:
    return guarded(branch, state, data, lambda: tasks.run(branch, state, data))


def _parallel(branch: Branch, state: dict, data: Any) -> Step:
    def attempt() -> list:
        arguments = jsonata.field(branch, state, "Arguments", data, data)
        branch.log("ParallelStateStarted")
        jobs: list[Callable] = [
            functools.partial(walk, part["States"], part["StartAt"], arguments) for part in state["Branches"]
        ]
        outputs = _fan_out(branch, jobs, 0, "ParallelStateFailed")
        branch.log("ParallelStateSucceeded")
        return outputs

    return guarded(branch, state, data, attempt)


def _map(branch: Branch, state: dict, data: Any) -> Step:
    def attempt() -> list:
        items = jsonata.typed(branch, state, "Items", "array", data) if "Items" in state else data
        if not isinstance(items, list):
            raise Error("States.QueryEvaluationError", f"The input of a Map without Items must be an array: {items!r}")
        limit = jsonata.typed(branch, state, "MaxConcurrency", "number", data) if "MaxConcurrency" in state else 0
        branch.log("MapStateStarted", mapStateStartedEventDetails={"length": len(items)})
        name = branch.context["State"]["Name"]
        jobs: list[Callable] = [
            functools.partial(_iteration, state, data, name, index, item) for index, item in enumerate(items)
        ]
        outputs = _fan_out(branch, jobs, min(limit or AT_ONCE, AT_ONCE), "MapStateFailed")
        branch.log("MapStateSucceeded")
        return outputs

    processor = state.get("ItemProcessor", {})
    if processor.get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED":
        raise Error("States.Runtime", "The laptop cloud runs inline Maps only")
    return guarded(branch, state, data, attempt)


def _iteration(state: dict, data: Any, name: str, index: int, item: Any, branch: Branch) -> Any:
    detail = {"name": name, "index": index}
    branch.log("MapIterationStarted", mapIterationStartedEventDetails=detail)
    branch.context["Map"] = {"Item": {"Index": index, "Value": item}}
    try:
        value = jsonata.field(branch, state, "ItemSelector", item, data)
        processor = state["ItemProcessor"]
        output = walk(processor["States"], processor["StartAt"], value, branch)
    except Error:
        branch.log("MapIterationFailed", mapIterationFailedEventDetails=detail)
        raise
    except Interrupted:
        if not branch.run.over:
            branch.log("MapIterationAborted", mapIterationAbortedEventDetails=detail)
        raise
    branch.log("MapIterationSucceeded", mapIterationSucceededEventDetails=detail)
    return output


def _fan_out(branch: Branch, jobs: list[Callable], limit: int, failed: str) -> list:
    try:
        return branch.fan_out(jobs, limit)
    except Error:
        branch.log(failed)
        raise


HANDLERS: dict[str, Callable[[Branch, dict, Any], Step]] = {
    "Pass": _pass,
    "Succeed": _pass,
    "Fail": _fail,
    "Wait": _wait,
    "Choice": _choice,
    "Task": _task,
    "Parallel": _parallel,
    "Map": _map,
}
