"""Time and history of the longest run that the parameters allow, against the machine's own limits.

A machine that times out skips its Catch and leaves an endpoint running, so its parts must give up before it does.
"""

import json
import math
import re

import pytest

import write_requests
from common.sagemaker import ATTEMPTS
from stocks.dataset.coordination import PATIENCE
from stocks.dataset.sizes import SHARD_BITS
from tests.support.template import (
    CUT,
    MACHINES,
    all_states,
    definition,
    function_of,
    inner_scopes,
    longest,
    reached,
    states,
    template,
)
from tools import steps

MOST_SHARDS = 1 << SHARD_BITS
EVENTS = {"Task": 5, "Wait": 2, "Choice": 2, "Pass": 2, "Map": 4, "Parallel": 4, "Succeed": 1, "Fail": 1}
ITERATION = 2  # MapIterationStarted and MapIterationSucceeded
HISTORY = 25_000
RETRY = 3  # TaskFailed, TaskScheduled and TaskStarted
RETRIES = 1_200  # of a run's steps together, for which there must be room
LATER_POLL = 120  # seconds between two looks at a further attempt
AGAIN = {"QuotaReached", "StillCreating"}  # what is retried for minutes; other retries are short, but for throttles
THROTTLED = "Lambda.TooManyRequestsException"
LEAST = r"(?:\$\{PollSeconds\}|\$max\(\[\$\{PollSeconds\}, (\d+)\]\))"
FEW = rf"shards <= (\d+) \? {LEAST} : {LEAST} %}}"
FEWER = r"{% \[0\.\.\$min\(\[\$run\.shards, (\d+)\]\) - 1\] %}"
AT_FIRST = r"StartTime\) < (\d+) \? \$min\(\[(\d+), \$\{PollSeconds\}\]\) : (\d+) %}"
UNTIL = r"{% \$toMillis\(\$states\.context\.State\.EnteredTime\) / 1000 \+ (\d+) %}"
OF_ATTEMPTS = {"Wait for training capacity", "Wait for endpoint capacity", "Wait for transform capacity"}
EITHER = "Which mode?"
BOUNDED = {"Wait for uploads": PATIENCE}  # waits that the step itself ends, from the instant at which it took the lease


PAYLOAD = 256 * 1024  # bytes of a state's input or output
# What a step of a shard may be given and return, each as long as it can be.
LONGEST = {
    "run": {"run_id": "d" * 40 + "-" + "f" * 12, "dataset": "d" * 40, "shards": MOST_SHARDS},
    "until": 10**10 + 0.999,
    "endpoint_name": "e" * 63,
    "job_name": "",  # one of the two is empty
    "rows": 10**10,
}


def most(parameter: str) -> int:
    return template()["Parameters"][parameter]["MaxValue"]


def least(parameter: str) -> int:
    return template()["Parameters"][parameter]["MinValue"]


def longest_wait(state: dict) -> int:
    """Seconds until a waiting Choice gives up, at the greatest parameters."""
    limits = [limit for rule in state["Choices"] for limit in re.findall(r"seconds < ([^%]+?) %}", rule["Condition"])]
    own = [int(BOUNDED[rule["Next"]].total_seconds()) for rule in state["Choices"] if rule["Next"] in BOUNDED]
    return max([*map(added, limits), *own], default=0)


def polls(scope: dict, state: dict, shards: int) -> int:
    """How often a waiting Choice of a run of so many shards looks at most, at the least PollSeconds."""
    poll, wait, named = least("PollSeconds"), longest_wait(state), {rule["Next"] for rule in state["Choices"]}
    (said,) = (
        scope["States"][name]["Seconds"] for name in named - OF_ATTEMPTS if scope["States"][name]["Type"] == "Wait"
    )
    if found := re.search(FEW, said):
        few, at_first, later = (int(text or 0) for text in found.groups())
        return math.ceil(wait / max(poll, at_first if shards <= few else later))
    ((first, most_seconds, later),) = (map(int, found) for found in re.findall(AT_FIRST, said))
    return math.ceil(first / 1000 / min(most_seconds, poll)) + math.ceil((wait - first / 1000) / later)


def iterations(state: dict, shards: int) -> int:
    """How many a Map of a run of so many shards has."""
    found = re.fullmatch(FEWER, state["Items"])
    assert found or state["Items"] == "{% [0..$run.shards - 1] %}"
    return min(shards, int(found[1])) if found else shards


def shared(state: dict) -> int:
    """Seconds that the shards of a Map have together: a Task that begins later has a second."""
    (task,) = [inner for scope in inner_scopes(state) for inner in scope["States"].values()]
    (until,) = re.findall(UNTIL, state["ItemSelector"]["until"])
    assert re.fullmatch(CUT, task["TimeoutSeconds"])
    return int(until)


def added(limit: str) -> int:
    """`${TrainingMaxSeconds} + 1800` as a number."""
    parts = re.findall(r"\$\{(\w+)\}|(\d+)", limit)
    return sum(most(name) if name else int(number) for name, number in parts)


def window(scope: dict, state: dict) -> int:
    """Seconds for which a Choice begins further attempts where AWS lacks an instance."""
    if not any("$attempts_until" in rule["Condition"] for rule in state["Choices"]):
        return 0
    passing = (other["Assign"] for other in scope["States"].values() if other["Type"] == "Pass")
    begin = [assigned["attempts_until"] for assigned in passing if "attempts_until" in assigned]
    return max((int(re.findall(r"\$millis\(\) \+ (\d+)", given)[0]) for given in begin), default=0) // 1000


def task_seconds(state: dict) -> int:
    """A Task's timeout and the minutes for which it retries what only time mends."""
    return longest(state) + sum(waits(rule) for rule in state["Retry"] if AGAIN & set(rule["ErrorEquals"]))


def throttled_seconds(state: dict) -> int:
    """How long a Task asks for a function that Lambda refuses to run."""
    return sum(waits(rule) for rule in state["Retry"] if THROTTLED in rule["ErrorEquals"])


def waits(rule: dict) -> int:
    """The longest that a retrier waits in all."""
    pauses = (rule["IntervalSeconds"] * rule["BackoffRate"] ** count for count in range(rule["MaxAttempts"]))
    return sum(min(pause, rule.get("MaxDelaySeconds", pause)) for pause in pauses)


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


def events(scope: dict, shards: int) -> int:
    """Of the way with more of them."""
    return max(events_of_way(way, shards) for way in ways(scope))


def seconds_of_way(scope: dict) -> int:
    """The sum over a machine's states; a loop of polls counts with its limit, a Parallel with its slowest branch.

    The account is as busy for one shard as for another, so a Map is throttled for as long as a Task.
    """
    total = 0
    for state in scope["States"].values():
        inner = list(inner_scopes(state))
        if state["Type"] == "Map":
            ((task,),) = [machine["States"].values() for machine in inner]
            rounds = task_seconds(task) * math.ceil(MOST_SHARDS / least("MaxConcurrency"))
            total += min(rounds, shared(state) + task_seconds(task)) + throttled_seconds(task)
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


def events_of_way(scope: dict, shards: int) -> int:
    """History events of a machine: every state once, a loop of polls as often as the shortest poll allows."""
    total = 0
    for state in scope["States"].values():
        inner = sum(events(machine, shards) for machine in inner_scopes(state))
        total += EVENTS[state["Type"]]
        total += (inner + ITERATION) * iterations(state, shards) if state["Type"] == "Map" else inner
        if state["Type"] == "Choice" and longest_wait(state):
            poll = EVENTS["Wait"] + EVENTS["Task"] + EVENTS["Choice"]
            total += poll * polls(scope, state, shards)
            if later := window(scope, state):
                total += poll * math.ceil((later + longest_wait(state)) / LATER_POLL) + EVENTS["Task"] * (ATTEMPTS - 1)
    return total


@pytest.mark.parametrize("machine", MACHINES.values())
def test_the_machine_outlives_its_parts(machine):
    assert seconds(definition(machine)) <= definition(machine)["TimeoutSeconds"]


@pytest.mark.parametrize("shards", [1, 128, 129, MOST_SHARDS])
@pytest.mark.parametrize("machine", MACHINES.values())
def test_the_history_of_the_longest_run_fits_with_retries(machine, shards):
    assert events(definition(machine), shards) + RETRIES * RETRY <= HISTORY


def test_what_goes_through_a_map_fits_with_the_longest_names():
    """Whether AWS counts an iteration's input and output, or those of all together, they fit."""
    maps = [state for _, state in states() if state["Type"] == "Map"]
    assert len(maps) == 6
    for state in maps:
        ((name, task),) = [(name, task) for scope in inner_scopes(state) for name, task in scope["States"].items()]
        given = [{**LONGEST, "shard": shard} for shard in range(MOST_SHARDS)]
        inputs = [{field: one[field] for field in state["ItemSelector"]} for one in given]
        payloads = [{field: one[field] for field in task["Arguments"]["Payload"]} for one in given]
        (returned,) = steps.steps()[steps.module_of(function_of(task).removesuffix("Function"))].returns
        outputs = [{field.name: one[field.name] for field in returned} for one in given]
        for together in (inputs, payloads, outputs):
            assert len(json.dumps(together)) < PAYLOAD, name
        assert set(state["Output"]) <= {"shards", "model_uri", "train_seconds", "inference_digest"}, "not the results"


def test_a_call_writes_the_requests_of_the_shards_that_the_map_does_not_count():
    lstm = definition()["States"]["Fit models"]["Branches"][1]
    assert iterations(lstm["States"]["Requests of shards"], MOST_SHARDS) == write_requests.CALLS


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
