"""Faults in every state: what the history must show, and what must be so after each of them."""

import json
import re

import pytest

from tests.faults.catalogue import RUNS
from tests.faults.model import Fault, Run
from tests.faults.runner import Ended

WHOLE = ["metrics", "predictions", "predictions", "prices", "runs", "tickers"]  # of one shard
NO_WORDS = ("Traceback", 'File "', "stackTrace", "errorMessage", "errorType")
thorough = pytest.mark.thorough


def each(run: Run, *values, name: str):
    return pytest.param(run, *values, id=name, marks=[] if run.quick else [thorough])


EVERY_RUN = [each(run, name=run.name) for run in RUNS.values()]
EVERY_FAULT = [
    each(run, fault, name=f"{run.name}: {fault.kind} in {fault.state}") for run in RUNS.values() for fault in run.faults
]
FAILED_RUNS = [each(run, name=run.name) for run in RUNS.values() if run.status != "SUCCEEDED"]


@pytest.mark.parametrize(("run", "fault"), EVERY_FAULT)
def test_the_fault_strikes_the_state_and_ends_its_tries_as_it_must(runner, run: Run, fault: Fault):
    outcome = runner.outcome(run)
    assert outcome.spared == []
    assert fault.state in outcome.first.entered
    assert outcome.first.tries.get(fault.state, []) == list(fault.errors)


@pytest.mark.parametrize("run", EVERY_RUN)
def test_no_other_state_has_a_failed_try(runner, run: Run):
    assert runner.outcome(run).first.tries.keys() <= {fault.state for fault in run.faults} | set(run.tried_again)


@pytest.mark.parametrize("run", EVERY_RUN)
def test_the_execution_ends_as_what_it_was(runner, run: Run):
    first = runner.outcome(run).first
    assert first.described["status"] == run.status
    assert set(run.entered) <= set(first.entered)
    if run.status == "FAILED":
        assert first.described["error"] == run.error
        assert not any(word in first.described["cause"] for word in NO_WORDS)


@pytest.mark.parametrize("run", EVERY_RUN)
def test_everything_is_published_or_nothing(runner, run: Run):
    first = runner.outcome(run).first
    if run.published is not None:
        assert first.committed == run.published
    if first.committed:
        assert files(first) == WHOLE


@pytest.mark.parametrize("run", EVERY_RUN)
def test_nobody_leads_the_dataset_any_more(runner, run: Run):
    outcome = runner.outcome(run)
    for ended in (outcome.first, outcome.again):
        assert ended is None or ended.lease.get("holder", "") == ""
    if run.status == "SUCCEEDED":
        lease = outcome.first.lease
        assert (lease["term"], lease["settled"]) == (1, lease["planned"])
        assert lease["crawled"] == (0 if run.short else 1)


@pytest.mark.parametrize("run", EVERY_RUN)
def test_nothing_is_left_in_sagemaker(runner, run: Run):
    assert runner.outcome(run).first.left == {}


@pytest.mark.parametrize("run", EVERY_RUN)
def test_one_message_names_the_outcome(runner, run: Run):
    ready, bad = messages(runner.outcome(run).first)
    if run.status == "SUCCEEDED":
        assert (len(ready), bad) == (1, [])
        return
    in_notify = run.status == "ABORTED" and run.faults[-1].state == "Notify of failure"  # which may have spoken before
    assert len(bad) == 1 or (in_notify and len(bad) == 2)
    assert any(all(words in message for words in run.says) for message in bad), bad
    for message in bad:
        assert not any(word in message for word in NO_WORDS)


@pytest.mark.parametrize("run", EVERY_RUN)
def test_what_a_published_run_has_to_say_is_told_however_it_ended(runner, run: Run):
    """No later run says it."""
    first = runner.outcome(run).first
    told = sum("Widest expected moves" in message for message in first.told)
    stopped = run.status == "ABORTED" and run.faults[-1].state.startswith("Notify")  # it may have spoken before
    assert told in ((1, 2) if stopped and first.committed else (1,) if first.committed else (0,))


def messages(ended: Ended) -> tuple[list[str], list[str]]:
    """What the topic heard: that forecasts are ready or cannot be made yet, and everything else."""
    ready = [message for message in ended.told if re.search("Forecasts ready|No new forecasts", message)]
    return ready, [message for message in ended.told if message not in ready]


@pytest.mark.parametrize("run", [param for param in EVERY_RUN if param.values[0].looked_at])
def test_what_was_written_before_the_commit_is_in_no_view(runner, run: Run):
    visible = runner.outcome(run).visible
    assert visible["predictions"] > 0
    assert {name: count for name, count in visible.items() if count} == {"predictions": visible["predictions"]}


@pytest.mark.parametrize("run", FAILED_RUNS)
def test_a_new_execution_with_the_same_input_publishes_what_the_first_did_not(runner, run: Run):
    outcome = runner.outcome(run)
    again, done = outcome.again, outcome.first.committed
    status = "too_short" if run.short else "current" if done else "published"
    assert again is not None
    assert again.described["status"] == "SUCCEEDED"
    assert json.loads(again.described["output"])["status"] == status
    assert files(again) == (WHOLE if status == "published" else [])
    assert again.left == {}
    assert messages(again)[1] == []
    assert len(messages(again)[0]) == (0 if done else 1)
    lease = again.lease
    assert (lease["crawled"] > 0, lease["settled"], lease["failures"]) == (not run.short, lease["planned"], 0)


def files(ended: Ended) -> list[str]:
    """The tables that the execution's run has left files in, each as often as it has."""
    return sorted(key.split("/")[0] for key in ended.lake)
