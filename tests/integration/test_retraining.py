"""A stack that trains after five sessions: what follows takes the model that stands, or fails with words, or trains."""

import json

import pytest

from tests.support import daily_files
from tests.support.cloud import Cloud
from tests.support.deploying import deploy, standing
from tests.support.eventually import eventually

DATASET = "aging"
WHOLE = daily_files.table(210)
DAYS = daily_files.days(WHOLE)
HELD = {"error": "Lambda.TooManyRequestsException", "match": ['"Create endpoint"', f"incoming/{DATASET}/"]}
SCRIPTED = {"match": f"-{DATASET}-"}


def send(cloud: Cloud, first: int, end: int) -> str:
    return cloud.upload(f"incoming/{DATASET}/{end}.csv", daily_files.of_days(WHOLE, DAYS[first:end]))


def published(cloud: Cloud, arn: str) -> str:
    """The id of the run that the execution published."""
    ended = cloud.ended(arn)
    assert ended["status"] == "SUCCEEDED", ended
    output = json.loads(ended["output"])
    assert output["status"] == "published", output
    return output["run_id"]


def ask(cloud: Cloud, columns: str) -> list[dict]:
    done = cloud.local(
        "query", f"select {columns} from run_history where dataset = '{DATASET}' order by term", "--json"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def entered(cloud: Cloud, arn: str) -> set[str]:
    found = [event.get("stateEnteredEventDetails") for event in cloud.history(arn)]
    return {one["name"] for one in found if one}


@pytest.fixture(scope="module")
def first(cloud) -> str:
    cloud.faults(scripted=SCRIPTED)
    deploy(cloud, standing(cloud), RetrainAfterSessions="5")
    return published(cloud, send(cloud, 0, 200))


@pytest.fixture(scope="module")
def second(cloud, first) -> str:
    """The execution of a file of two new days."""
    arn = send(cloud, 195, 202)
    published(cloud, arn)
    return arn


def test_the_second_file_trains_nothing(cloud, second):
    states = entered(cloud, second)
    assert "Take model" in states
    assert not states & {"Begin training", "Start training", "Check training"}
    assert {"Create endpoint", "Baseline", "Calibrate", "Published"} <= states


def test_its_run_names_the_first_ones_model(cloud, first, second):
    trained, taken = ask(cloud, "run_id, model_run, model_reason, model_uri, train_seconds, cost_usd, newest")
    assert trained["run_id"] == trained["model_run"] == taken["model_run"] == first != taken["run_id"]
    assert taken["model_reason"] == f"the model of {first} is 2 sessions old"
    assert (taken["model_uri"], taken["train_seconds"]) == (trained["model_uri"], 0)
    assert (trained["newest"], taken["newest"]) == (False, True)
    (message,) = cloud.messages(f"no model was trained: {taken['model_reason']}")
    assert taken["run_id"] in message


def test_its_forecasts_are_whole(cloud, second):
    rows = cloud.table("predictions", DATASET, json.loads(cloud.ended(second)["output"])["run_id"])
    assert set(rows["ticker"]) == set(daily_files.TICKERS)
    assert rows[["forecast", "p10", "p90"]].notna().all().all()


def test_a_person_who_forces_a_run_has_a_model_trained(cloud, second):
    started = json.loads(cloud.ended(second)["input"]) | {"force": True}
    machine = cloud.outputs()["StateMachineArn"]
    arn = cloud.client("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps(started))
    run = published(cloud, arn["executionArn"])
    assert {"Start training", "Check training"} <= entered(cloud, arn["executionArn"])
    assert ask(cloud, "model_run, model_reason")[-1] == {
        "model_run": run, "model_reason": "a person asked for the run"
    }  # fmt: skip


def test_a_model_that_is_deleted_before_it_serves_ends_the_run_with_words_and_the_next_one_trains(cloud, second):
    before = ask(cloud, "run_id, model_uri")
    cloud.faults(scripted=SCRIPTED, task_fails=HELD)
    arn = send(cloud, 196, 203)
    eventually(
        lambda: "Take model" in entered(cloud, arn) and any("taskFailedEventDetails" in e for e in cloud.history(arn))
    )
    bucket, _, key = before[-1]["model_uri"].removeprefix("s3://").partition("/")
    cloud.client("s3").delete_object(Bucket=bucket, Key=key)
    cloud.faults(scripted=SCRIPTED)
    ended = cloud.ended(arn)
    assert ended["status"] == "FAILED", ended
    assert key in ended["cause"], ended
    assert ask(cloud, "run_id, model_uri") == before
    assert cloud.left_in_sagemaker(DATASET) == {}
    run = published(cloud, cloud.nudge(DATASET))
    gone = f"the file of the model of {before[-1]['run_id']} is gone, or another one"
    assert ask(cloud, "model_run, model_reason")[-1] == {"model_run": run, "model_reason": gone}
