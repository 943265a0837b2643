"""Two files of one dataset, dropped one after the other; then the execution of the first is started again."""

import json

import pytest

from tests.support.cloud import as_csv

DATASET = "overlap"


@pytest.fixture(scope="module")
def ended(cloud, few):
    """The executions of the older file, of the newer one, and once more of the older."""
    cloud.faults(scripted={"match": f"-{DATASET}-"})
    older = cloud.ended(cloud.upload(f"incoming/{DATASET}/all.csv", as_csv(few)))
    renamed = [row | {"ticker": "ZELDA"} for row in few if row["ticker"] == "ALDER"]
    newer = cloud.ended(cloud.upload(f"incoming/{DATASET}/more.csv", as_csv(renamed)))
    again = {"stateMachineArn": older["stateMachineArn"], "input": older["input"]}
    repeat = cloud.ended(cloud.client("stepfunctions").start_execution(**again)["executionArn"])
    cloud.faults()
    assert [one["status"] for one in (older, newer, repeat)] == ["SUCCEEDED"] * 3
    return older, newer, repeat


def run_id(execution: dict) -> str:
    return json.loads(execution["output"])["run_id"]


def ask(cloud, sql: str) -> list[dict]:
    done = cloud.local("query", sql, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_the_views_show_the_run_of_both_files(cloud, ended):
    _, newer, _ = ended
    for view in ("latest_forecast", "backtest", "leaderboard"):
        rows = ask(cloud, f"select distinct run_id from {view} where dataset = '{DATASET}'")
        assert rows == [{"run_id": run_id(newer)}], view


def test_the_history_has_both_runs_and_the_second_adds_to_the_first(cloud, ended):
    columns = "run_id, newest, term, files, cardinality(new_files) as added, base_run, tickers"
    rows = ask(cloud, f"select {columns} from run_history where dataset = '{DATASET}' order by term")
    older, newer, _ = map(run_id, ended)
    first = {"run_id": older, "newest": False, "term": 1, "files": 1, "added": 1, "base_run": "", "tickers": 5}
    second = {"run_id": newer, "newest": True, "term": 2, "files": 2, "added": 1, "base_run": older, "tickers": 6}
    assert rows == [first, second]


def test_the_repeated_event_finds_nothing_to_do(ended):
    *_, repeat = ended
    assert json.loads(repeat["output"])["status"] == "current"


def test_nothing_is_left_in_sagemaker(cloud, ended):
    assert cloud.left_in_sagemaker() == {}
