"""Time and history of the longest run that the parameters allow, against the machine's own limits.

A machine that times out skips its Catch and leaves an endpoint running, so its parts must give up before it does.
"""

import math
import re

import pytest

from common.sagemaker import ATTEMPTS
from stocks.dataset.coordination import PATIENCE
from stocks.dataset.sizes import MOST_BITS
from tests.support.template import (
    MACHINES,
    all_states,
    definition,
    function_of,
    inner_scopes,
    reached,
    states,
    template,
)

MOST_SHARDS = 1 << MOST_BITS
EVENTS = {"Task": 5, "Wait": 2, "Choice": 2, "Pass": 2, "Map": 4, "Parallel": 4, "Succeed": 1, "Fail": 1}
ITERATION = 2  # MapIterationStarted and MapIterationSucceeded
HISTORY = 25_000
SPARE = 5_000  # events for retries, three each
LATER_POLL = 120  # seconds between two looks at a further attempt
AGAIN = {"QuotaReached", "StillCreating"}  # what is retried for minutes; other retries are short, but for throttles
THROTTLED = "Lambda.TooManyRequestsException"
EITHER = "Which mode?"
BOUNDED = {"Wait for uploads": PATIENCE}  # waits that the step itself ends, from the instant at which it took the lease


def most(parameter: str) -> int:
    return template()["Parameters"][parameter]["MaxValue"]


def least(parameter: str) -> int:
    return template()["Parameters"][parameter]["MinValue"]


def longest_wait(state: dict) -> int:
    """Seconds until a waiting Choice gives up, at the greatest parameters."""
    limits = [limit for rule in state["Choices"] for limit in re.findall(r"seconds < ([^%]+?) %}", rule["Condition"])]
    own = [int(BOUNDED[rule["Next"]].total_seconds()) for rule in state["Choices"] if rule["Next"] in BOUNDED]
    return max([*map(added, limits), *own], default=0)


def added(limit: str) -> int:
    """`${TrainingMaxSeconds} + 1800` as a number."""
    parts = re.findall(r"\$\{(\w+)\}|(\d+)", limit)
    return sum(most(name) if name else int(number) for name, number in parts)


def window(scope: dict, state: dict) -> int:
    """Seconds for which a Choice begins further attempts where AWS lacks an instance."""
    if not any("$attempts_until" in rule["Condition"] for rule in state["Choices"]):
        return 0
    begin = [other["Assign"]["attempts_until"] for other in scope["States"].values() if other["Type"] == "Pass"]
    return max((int(re.findall(r"\$millis\(\) \+ (\d+)", given)[0]) for given in begin), default=0) // 1000


def task_seconds(state: dict) -> int:
    """A Task's timeout and the minutes for which it retries what only time mends."""
    return state["TimeoutSeconds"] + sum(waits(rule) for rule in state["Retry"] if AGAIN & set(rule["ErrorEquals"]))


def throttled_seconds(state: dict) -> int:
    """How long a Task asks for a function that Lambda refuses to run."""
    return sum(waits(rule) for rule in state["Retry"] if THROTTLED in rule["ErrorEquals"])


def waits(rule: dict) -> int:
    """The longest that a retrier waits in all."""
    pauses = (rule["IntervalSeconds"] * rule["BackoffRate"] ** count for count in range(rule["MaxAttempts"]))
    return sum(min(pause, rule.get("MaxDelaySeconds", pause)) for pause in pauses)


def first_poll(scope: dict, state: dict) -> int:
    """The fewest seconds between two looks at a first attempt, of the Waits that the Choice leads back to."""
    pauses = [str(scope["States"].get(rule["Next"], {}).get("Seconds", "")) for rule in state["Choices"]]
    floors = [int(floor) for pause in pauses for floor in re.findall(r"\$max\(\[.*\$attempt = 0 \? (\d+)", pause)]
    return max([least("PollSeconds"), *floors])


def ways(scope: dict) -> list[dict]:
    """The machine once for each way of the Choice that a parameter decides: a run goes one of them."""
    if EITHER not in scope["States"]:
        return [scope]
    parts = [reached(scope["States"], rule["Next"]) for rule in scope["States"][EITHER]["Choices"]]
    others = [set.union(*(part for part in parts if part is not own)) - own for own in parts]
    return [{"States": {name: scope["States"][name] for name in scope["States"] if name not in out}} for out in others]


def seconds(scope: dict) -> int:
    """Of the longer way."""
    return max(map(seconds_of_way, ways(scope)))


def events(scope: dict) -> int:
    """Of the way with more of them."""
    return max(map(events_of_way, ways(scope)))


def seconds_of_way(scope: dict) -> int:
    """The sum over a machine's states; a loop of polls counts with its limit, a Parallel with its slowest branch.

    The account is as busy for one shard as for another, so a Map is throttled for as long as a Task.
    """
    total = 0
    for state in scope["States"].values():
        inner = list(inner_scopes(state))
        if state["Type"] == "Map":
            ((task,),) = [machine["States"].values() for machine in inner]
            total += task_seconds(task) * math.ceil(MOST_SHARDS / least("MaxConcurrency")) + throttled_seconds(task)
        elif state["Type"] == "Parallel":
            total += max(map(seconds, inner))
        elif state["Type"] == "Task":
            total += task_seconds(state) + throttled_seconds(state)
        elif state["Type"] == "Choice":
            # The last attempt begins at the end of the window, and takes as long as the first.
            total += longest_wait(state) + window(scope, state)
        elif state["Type"] == "Wait" and isinstance(state["Seconds"], int):
            total += state["Seconds"]
    return total


def events_of_way(scope: dict) -> int:
    """History events of a machine: every state once, a loop of polls as often as the shortest poll allows."""
    total = 0
    for state in scope["States"].values():
        inner = sum(events(machine) for machine in inner_scopes(state))
        total += EVENTS[state["Type"]]
        total += (inner + ITERATION) * MOST_SHARDS if state["Type"] == "Map" else inner
        if state["Type"] == "Choice":
            poll = EVENTS["Wait"] + EVENTS["Task"] + EVENTS["Choice"]
            total += poll * math.ceil(longest_wait(state) / first_poll(scope, state))
            if later := window(scope, state):
                total += poll * math.ceil((later + longest_wait(state)) / LATER_POLL) + EVENTS["Task"] * (ATTEMPTS - 1)
    return total


@pytest.mark.parametrize("machine", MACHINES.values())
def test_the_machine_outlives_its_parts(machine):
    assert seconds(definition(machine)) <= definition(machine)["TimeoutSeconds"]


@pytest.mark.parametrize("machine", MACHINES.values())
def test_the_history_of_the_longest_run_fits(machine):
    assert events(definition(machine)) <= HISTORY - SPARE


def test_no_healthy_run_is_old_enough_to_be_swept_up():
    """A training job lives until the model is created, the model and its endpoint until Clean up has ended.

    While Start training waits for an instance there is no job yet, and each attempt has a job of its own. An endpoint
    for which there was no instance stays until Clean up. Nothing of a transform job is needed once it has ended, since
    Forecast reads its answers.
    """
    baselines, lstm = definition()["States"]["Fit models"]["Branches"]
    names = list(lstm["States"])
    created = names.index("Begin endpoint")
    transform = names[names.index("Start transform") : names.index("Transform failed")]
    serving = [name for name in ways(lstm)[0]["States"] if names.index(name) >= created]
    training, *served = (
        seconds_of_way({"States": {name: lstm["States"][name] for name in part}})
        for part in (names[names.index("Wait for training") : created], serving, transform)
    )
    assert min(served) > 2 * most("EndpointMaxSeconds")
    clean_up = {"States": {"Clean up": definition()["States"]["Clean up"]}}
    life = max(training, *served, seconds(baselines)) + seconds(clean_up)
    assert life < least("SweepAfterHours") * 3600


def test_every_loop_has_a_limit_that_is_understood():
    limits = {name: longest_wait(state) for name, state in states() if state["Type"] == "Choice"}
    assert limits["Training finished?"] > most("TrainingMaxSeconds")
    assert limits["Endpoint in service?"] == most("EndpointMaxSeconds")
    assert limits["Transform finished?"] > most("EndpointMaxSeconds")
    assert limits["Crawl finished?"] > 0
    assert limits["Leads the dataset?"] == 1800
    assert limits["File accepted?"] == 0
    lstm = definition()["States"]["Fit models"]["Branches"][1]
    capacity = ("Training finished?", "Endpoint in service?", "Transform finished?")
    assert [window(lstm, lstm["States"][name]) for name in capacity] == [3600] * 3


def test_the_two_modes_exclude_each_other_and_share_what_follows():
    lstm = definition()["States"]["Fit models"]["Branches"][1]
    realtime, transform = (set(way["States"]) for way in ways(lstm))
    assert realtime | transform == set(lstm["States"])
    assert {"Create endpoint", "Endpoint in service?"} <= realtime - transform
    assert {"Requests of shards", "Transform finished?"} <= transform - realtime
    assert {"Start training", EITHER, "Mode unknown", "Forecast shards"} <= realtime & transform


@pytest.mark.parametrize("machine", MACHINES.values())
def test_a_throttled_task_asks_for_half_an_hour_wherever_it_is(machine):
    tasks = [state for _, state in states(definition(machine)) if state["Type"] == "Task"]
    assert {throttled_seconds(state) // 60 for state in tasks} == {36}, "jitter halves it on average"


def test_a_clean_up_waits_longer_than_an_endpoint_may_take():
    """An endpoint that is still being created cannot be deleted."""
    for _, name, state in all_states():
        if state["Type"] == "Task" and function_of(state) == "CleanUpFunction":
            (rule,) = (rule for rule in state["Retry"] if "StillCreating" in rule["ErrorEquals"])
            assert rule["IntervalSeconds"] * rule["MaxAttempts"] >= most("EndpointMaxSeconds"), name
            assert rule["BackoffRate"] == 1
