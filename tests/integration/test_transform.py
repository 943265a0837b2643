"""A run whose forecasts a transform job answers publishes what a run with an endpoint does, byte by byte."""

import json

import pytest

from tests.support.cloud import as_csv
from tests.support.modes import answer_by

MODES = ("realtime", "transform")
SAME = ("predictions", "metrics", "prices", "tickers")


@pytest.fixture(scope="module")
def runs(cloud, few):
    """The ids of the runs of one file in a dataset for each mode, and their executions."""
    found: dict[str, tuple[str, str]] = {}
    body = as_csv(few)
    try:
        for mode in MODES:
            answer_by(cloud, mode)
            arn = cloud.upload(f"incoming/{mode}/prices.csv", body)
            ended = cloud.ended(arn)
            assert ended["status"] == "SUCCEEDED", ended
            found[mode] = json.loads(ended["output"])["run_id"], arn
    finally:
        answer_by(cloud, "realtime")
    return found


def stored(cloud, table, dataset, run_id):
    prefix = f"{table}/dataset={dataset}/run_id={run_id}/"
    return {key.removeprefix(prefix): cloud.stored("LakeBucket", key) for key in cloud.keys("LakeBucket", prefix)}


@pytest.mark.parametrize("table", SAME)
def test_both_modes_publish_the_same_bytes(cloud, runs, table):
    served, transformed = (stored(cloud, table, mode, runs[mode][0]) for mode in MODES)
    assert served
    assert transformed == served


def test_several_shards_and_a_trained_model_were_compared(cloud, runs):
    for mode in MODES:
        assert len(cloud.keys("LakeBucket", f"prices/dataset={mode}/run_id={runs[mode][0]}/")) > 1
        assert cloud.table("predictions", mode, runs[mode][0])["lstm"].notna().any()


def test_each_run_went_its_way_and_left_nothing_that_costs_money(cloud, runs):
    entered = {
        mode: {
            event["stateEnteredEventDetails"]["name"]
            for event in cloud.history(runs[mode][1])
            if event["type"].endswith("StateEntered")
        }
        for mode in MODES
    }
    assert {"Create endpoint", "Check endpoint"} <= entered["realtime"] - entered["transform"]
    assert {"Write requests", "Start transform", "Check transform"} <= entered["transform"] - entered["realtime"]
    assert cloud.left_in_sagemaker() == {}


def test_the_job_is_that_of_the_run_and_its_seconds_are_the_runs(cloud, runs):
    sagemaker = cloud.client("sagemaker")
    (job,) = sagemaker.list_transform_jobs(NameContains="-transform-")["TransformJobSummaries"]
    assert job["TransformJobStatus"] == "Completed"
    (row,) = cloud.table("runs", "transform", runs["transform"][0]).to_dict("records")
    described = sagemaker.describe_transform_job(TransformJobName=job["TransformJobName"])
    lasted = (described["TransformEndTime"] - described["TransformStartTime"]).total_seconds()
    assert row["endpoint_seconds"] == pytest.approx(lasted, abs=0.2)
    assert row["cost_usd"] > 0
