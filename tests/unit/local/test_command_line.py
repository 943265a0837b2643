"""What the terminal shows and how a file becomes a dataset."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from local import follow
from local.__main__ import dataset_of


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


def test_a_lambdas_cause_is_shown_as_its_message():
    assert follow.plain_cause('{"errorType": "BadFile", "errorMessage": "no date column"}') == "no date column"
    assert follow.plain_cause("plain text") == "plain text"
