"""What must be so over all runs together, once the last of them is over. Named to be the last file."""

from stocks.contract import HORIZONS, MODELS
from tests.faults.small_file import BACKTEST, FORECASTS
from tests.faults.view_watcher import VIEWS


def test_a_reader_of_the_views_saw_each_run_whole_or_not_at_all(runner):
    runner.finish()
    watcher = runner.watcher
    assert watcher.looks > 0
    assert {run_id for view in VIEWS for run_id, counts in watcher.seen[view].items() if len(counts) > 1} == set()
    rows = {"backtest": BACKTEST, "latest_forecast": FORECASTS, "leaderboard": len(MODELS) * len(HORIZONS)}
    faulty = tuple(f"{dataset}-" for dataset in runner.datasets.values())  # crowds have tables of other sizes
    for view, whole in rows.items():
        counts = {count for run_id, found in watcher.seen[view].items() if run_id.startswith(faulty) for count in found}
        assert counts == {whole}, view


def test_nothing_at_all_is_left_in_sagemaker(runner):
    runner.finish()
    assert runner.cloud.left_in_sagemaker() == {}


def test_no_event_was_lost(runner):
    runner.finish()
    sqs = runner.cloud.client("sqs")
    assert sqs.receive_message(QueueUrl=runner.outputs["DeadLetterQueueUrl"]).get("Messages", []) == []


def test_no_execution_ended_green_without_its_row(runner):
    runner.finish()
    assert runner.green_after_a_failure() == 0
    for dataset, run_id, status in runner.green():
        rows = runner.cloud.keys("LakeBucket", f"runs/dataset={dataset}/run_id={run_id}/")
        assert (len(rows) == 1) == (status == "published"), (run_id, status)
