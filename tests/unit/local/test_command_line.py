"""What the terminal shows and how a file becomes a dataset."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from stockcast import results as printed
from stockcast.run import dataset_of
from stocks import metrics, schemas
from stocks.reporting import wording
from tests.support import results
from tools.aws import Problem
from tools.aws.progress import Progress
from tools.aws.runs import plain_cause


@pytest.mark.parametrize(
    ("file", "dataset"),
    [
        ("prices.csv", "prices"),
        ("Stock Prices_2020.CSV.gz", "stock-prices-2020"),
        ("2020.csv", "d-2020"),
        ("a" * 60 + ".csv", "a" * 40),
        ("ÜBER ärger.csv", "uber-arger"),
        ("Ｐrices ﬁne.csv", "prices-fine"),
        ("my data", "my-data"),
    ],
)
def test_a_files_name_makes_a_dataset(file, dataset):
    assert dataset_of(Path(file)) == dataset


@pytest.mark.parametrize("file", ["股票.csv", "акции.csv.gz", "---.csv", ".csv"])
def test_a_name_that_gives_none_is_said_since_two_of_them_would_be_one_dataset(file):
    with pytest.raises(Problem, match="gives no name for a dataset; name it with --dataset"):
        dataset_of(Path(file))


def event(number, previous, kind, second, **details):
    at = datetime(2024, 1, 1, 0, 0, second, tzinfo=UTC)
    return {"id": number, "previousEventId": previous, "type": kind, "timestamp": at, **details}


def test_a_maps_iterations_are_progress_and_not_lines():
    progress = Progress()
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
    progress, lines = Progress(), []
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
    progress, lines = Progress(), []
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
    assert plain_cause('{"errorType": "BadFile", "errorMessage": "no date column"}') == "no date column"
    assert plain_cause("plain text") == "plain text"


@pytest.fixture
def fetched(tmp_path):
    """fetched(factors...) -> a folder as a run leaves it, of three tickers; the models are factors of naive."""

    def make(**factors):
        shards = results.shards()
        measured = metrics.columns(metrics.pool([results.scores(shard, **factors) for shard in shards]))
        for name in ("metrics", "predictions"):
            (tmp_path / name).mkdir()
        (tmp_path / "metrics" / "00000.parquet").write_bytes(schemas.to_parquet("metrics", measured))
        for number, shard in enumerate(shards):
            made = results.rows(shard, **factors)
            made["expected_move"] *= np.where(made["future"], 1, 9)  # those of the past are not shown
            rows = schemas.predictions(made, shard.tickers)
            (tmp_path / "predictions" / f"{number:05d}.parquet").write_bytes(rows)
        return tmp_path

    return make


def cells(table) -> list[list[str]]:
    """The texts of a table's rows."""
    console = Console(width=200)
    with console.capture() as captured:
        console.print(table)
    return [
        [cell.strip() for cell in line.strip("│").split("│")] for line in captured.get().splitlines() if "│" in line
    ]


def test_a_run_prints_every_model_best_first_with_the_median(fetched):
    folder = fetched(forecast=1.0, lstm=1.002)
    rows = cells(printed.models_table(folder))
    assert [row[:2] for row in rows[:5]] == [
        ["1", name] for name in ("forecast", "naive", "drift", "lstm", "random_forest")
    ]
    assert len(rows) == 15
    table = pq.read_table(folder / "metrics").to_pylist()
    (lstm,) = [row for row in table if (row["ticker"], row["model"], row["horizon"]) == ("*", "lstm", 1)]
    names = ("rmse_vs_naive", "rmse_vs_naive_median", "mae_vs_naive")
    assert rows[3][2:5] == [f"{lstm[name]:.4f}" for name in names]


def test_a_model_that_was_not_trained_is_printed_last_without_a_figure(fetched):
    rows = cells(printed.models_table(fetched(forecast=1.0, lstm=0.0)))
    assert rows[4] == ["1", "lstm", "", "", "", ""]


def test_a_run_prints_which_differences_may_be_chance(fetched):
    folder = fetched(forecast=1.0, lstm=1.002)
    notes = {(row[0], row[1]): row[5] for row in cells(printed.models_table(folder))}
    pooled = [row for row in pq.read_table(folder / "metrics").to_pylist() if row["ticker"] == "*"]
    assert notes == {
        (str(row["horizon"]), row["model"]): "may be chance" if wording.by_chance(row) else "" for row in pooled
    }
    assert set(notes.values()) == {"", "may be chance"}


def test_the_tables_fit_a_terminal_of_80_characters(fetched):
    folder, console = fetched(), Console(width=80)
    with console.capture() as captured:
        console.print(printed.models_table(folder), printed.ranges_table(folder))
    assert "…" not in captured.get()
    assert len([line for line in captured.get().splitlines() if line.startswith("┃")]) == 2


def test_a_run_prints_what_its_ranges_are_worth(fetched):
    folder = fetched()
    rows = cells(printed.ranges_table(folder))
    table = pq.read_table(folder / "metrics").to_pylist()
    (ours,) = [row for row in table if (row["ticker"], row["model"], row["horizon"]) == ("*", "forecast", 5)]
    assert [row[:2] for row in rows] == [["1", "1.00 %"], ["5", "2.00 %"], ["20", "4.00 %"]]
    assert rows[1][2:] == [
        f"{ours['coverage80']:.3f}", f"{ours['coverage95']:.3f}", f"{ours['pinball']:.1f}",
        f"{ours['pinball_vs_constant']:.4f}",
    ]  # fmt: skip
