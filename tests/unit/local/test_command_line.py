"""What the terminal shows and how a file becomes a dataset."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.cli import follow
from local.cli.run import dataset_of


@pytest.mark.parametrize(
    ("file", "dataset"),
    [
        ("prices.csv", "prices"),
        ("Stock Prices_2020.CSV.gz", "stock-prices-2020"),
        ("2020.csv", "d-2020"),
        ("a" * 60 + ".csv", "a" * 40),
    ],
)
def test_a_files_name_makes_a_dataset(file, dataset):
    assert dataset_of(Path(file)) == dataset


def event(number, previous, kind, second, **details):
    at = datetime(2024, 1, 1, 0, 0, second, tzinfo=UTC)
    return {"id": number, "previousEventId": previous, "type": kind, "timestamp": at, **details}


def test_a_maps_iterations_are_progress_and_not_lines():
    progress = follow.Progress()
    events = [
        event(2, 1, "MapStateEntered", 0, stateEnteredEventDetails={"name": "Scale"}),
        event(3, 2, "MapStateStarted", 0, mapStateStartedEventDetails={"length": 2}),
        event(4, 3, "MapIterationStarted", 0, mapIterationStartedEventDetails={"name": "Scale", "index": 0}),
        event(5, 4, "TaskStateEntered", 0, stateEnteredEventDetails={"name": "Scale one"}),
        event(6, 5, "TaskStateExited", 3, stateExitedEventDetails={"name": "Scale one"}),
        event(7, 6, "MapIterationSucceeded", 3, mapIterationSucceededEventDetails={"name": "Scale", "index": 0}),
    ]
    lines = [line for item in events for line in progress.take(item)]
    assert lines == ["  Scale ..."]
    assert progress.line() == "Scale 1/2"
    ended = event(8, 3, "MapStateExited", 5, stateExitedEventDetails={"name": "Scale"})
    assert list(progress.take(ended)) == ["  Scale done, 5.0 s, 1 of 2"]
    assert progress.line() == ""


def test_a_poller_is_shown_once():
    progress, lines = follow.Progress(), []
    for number in (2, 4, 6):
        lines += progress.take(
            event(number, number - 1, "TaskStateEntered", 0, stateEnteredEventDetails={"name": "Check"})
        )
        lines += progress.take(
            event(number + 1, number, "TaskStateExited", 1, stateExitedEventDetails={"name": "Check"})
        )
    assert lines == ["  Check ...", "  Check done, 1.0 s"]


def shown(*events):
    """The lines of events given as (kind, second, name): each follows the one before."""
    progress, lines = follow.Progress(), []
    for number, (kind, second, name) in enumerate(events, 2):
        details = {}
        if kind.endswith(("Entered", "Exited")):
            details = {f"state{kind.rpartition('State')[2]}EventDetails": {"name": name}}
        elif kind == "TaskFailed":
            details = {"taskFailedEventDetails": {"error": name, "cause": "in words"}}
        elif kind == "MapStateStarted":
            details = {"mapStateStartedEventDetails": {"length": 2}}
        elif kind == "MapIterationStarted":
            details = {"mapIterationStartedEventDetails": {"name": name, "index": 0}}
        lines += progress.take(event(number, number - 1, kind, second, **details))
    return lines


def test_a_step_whose_error_was_caught_is_not_done_but_failed():
    events = [("TaskStateEntered", 0, "Split"), ("TaskFailed", 2, "RejectedFile"), ("TaskStateExited", 2, "Split")]
    assert shown(*events) == ["  Split ...", "  Split: RejectedFile", "  Split failed, 2.0 s"]


def test_a_step_whose_error_nothing_caught_has_failed_with_the_execution():
    events = [("TaskStateEntered", 0, "Notify"), ("TaskFailed", 2, "Transient"), ("ExecutionFailed", 3, "")]
    assert shown(*events)[-1] == "  Notify failed, 3.0 s"


def test_a_step_that_went_well_when_tried_again_is_done():
    tried = [("TaskStateEntered", 0, "Split"), ("TaskFailed", 2, "Transient"), ("TaskSucceeded", 4, "")]
    assert shown(*tried, ("TaskStateExited", 4, "Split"))[1:] == ["  Split: Transient", "  Split done, 4.0 s"]


@pytest.mark.parametrize("kind", ["MapState", "ParallelState"])
def test_a_state_of_several_branches_fails_with_one_of_them(kind):
    begun = [(f"{kind}Entered", 0, "All"), (f"{kind}Started", 0, "All")]
    begun += [("MapIterationStarted", 0, "All")] if kind == "MapState" else []
    failed = [("TaskStateEntered", 0, "Fit"), ("TaskFailed", 1, "Sandbox.Timedout"), (f"{kind}Failed", 2, "")]
    assert shown(*begun, *failed, (f"{kind}Exited", 2, "All"))[-1].startswith("  All failed, 2.0 s")


def test_a_poller_that_fails_at_last_is_shown_again():
    events = [("TaskStateEntered", 0, "Check"), ("TaskSucceeded", 1, ""), ("TaskStateExited", 1, "Check")]
    events += [("TaskStateEntered", 2, "Check"), ("TaskFailed", 3, "TrainingFailed"), ("TaskStateExited", 3, "Check")]
    assert shown(*events)[1:] == ["  Check done, 1.0 s", "  Check: TrainingFailed", "  Check failed, 1.0 s"]


def test_a_lambdas_cause_is_shown_as_its_message():
    assert follow.plain_cause('{"errorType": "BadFile", "errorMessage": "no date column"}') == "no date column"
    assert follow.plain_cause("plain text") == "plain text"
