"""Two files of one dataset, dropped one after the other, whose runs overlap."""

import json
import time

import pytest

from tests.support.cloud import as_csv

DATASET = "overlap"


@pytest.fixture(scope="module")
def ended(cloud, prices):
    """The executions of an older file, stopped while the newer one's ran and run again after it, and of the newer."""
    states = cloud.client("stepfunctions")
    cloud.faults(scripted={"match": f"-{DATASET}-"})
    stopped = cloud.upload(f"incoming/{DATASET}/all.csv", as_csv(prices))
    time.sleep(1.1)  # S3 tells times in whole seconds
    few = [row for row in prices if row["ticker"] in ("ALDER", "BRYNE")]
    newer = cloud.upload(f"incoming/{DATASET}/few.csv", as_csv(few))
    states.stop_execution(executionArn=stopped)
    newer = cloud.ended(newer)
    again = {"stateMachineArn": newer["stateMachineArn"], "input": cloud.ended(stopped)["input"]}
    older = cloud.ended(states.start_execution(**again)["executionArn"])
    cloud.faults()
    assert [older["status"], newer["status"]] == ["SUCCEEDED", "SUCCEEDED"]
    return older, newer


def run_id(execution: dict) -> str:
    return json.loads(execution["output"])["run_id"]


def ask(cloud, sql: str) -> list[dict]:
    done = cloud.local("query", sql, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_the_views_show_the_file_uploaded_last(cloud, ended):
    older, newer = ended
    assert older["startDate"] > newer["stopDate"]
    for view in ("latest_forecast", "backtest", "leaderboard"):
        rows = ask(cloud, f"select distinct run_id from {view} where dataset = '{DATASET}'")
        assert rows == [{"run_id": run_id(newer)}], view


def test_the_history_has_both_runs(cloud, ended):
    rows = ask(cloud, f"select run_id, newest, tickers from run_history where dataset = '{DATASET}' order by uploaded")
    older, newer = map(run_id, ended)
    assert rows == [
        {"run_id": older, "newest": False, "tickers": 10},
        {"run_id": newer, "newest": True, "tickers": 2},
    ]


def test_nothing_is_left_in_sagemaker(cloud, ended):
    assert cloud.left_in_sagemaker() == {}
