"""Executions that end where Catch does not see it: the clean-up machine deletes what they left and tells of them."""

import json

import pytest

from tests.support.cloud import as_csv
from tests.support.eventually import eventually

CAUGHT, UNKNOWN = "caught", "an unknown file"


@pytest.fixture(scope="module")
def ends(cloud, prices):
    """Each execution and its clean-up's: aborted with a job in training, aborted with an endpoint, and two failures."""
    states, sagemaker = cloud.client("stepfunctions"), cloud.client("sagemaker")
    cloud.faults(training_hangs={"match": "-inthejob-"}, scripted={})
    small = as_csv([row for row in prices if row["ticker"] in ("ALDER", "BRYNE")])
    stopped = {dataset: cloud.upload(f"incoming/{dataset}/prices.csv", small) for dataset in ("inthejob", "serving")}
    jobs = {"NameContains": "-inthejob-", "StatusEquals": "InProgress"}
    eventually(lambda: sagemaker.list_training_jobs(**jobs)["TrainingJobSummaries"])
    eventually(lambda: sagemaker.list_endpoints(NameContains="-serving-")["Endpoints"])
    for arn in stopped.values():
        states.stop_execution(executionArn=arn, error="Mistake", cause="the file was a draft")
    failed = {
        CAUGHT: cloud.upload("incoming/caught/prices.csv", b""),
        UNKNOWN: states.start_execution(stateMachineArn=cloud.outputs()["StateMachineArn"])["executionArn"],
    }
    yield {name: (cloud.ended(arn), cloud.cleaned(arn)) for name, arn in (stopped | failed).items()}
    cloud.faults()


def told(cloud, key: str) -> list[str]:
    return cloud.messages(f"Forecasts failed: {key} ")


@pytest.mark.parametrize("dataset", ["inthejob", "serving"])
def test_an_abort_is_cleaned_up_after_and_told_with_its_cause(cloud, ends, dataset):
    execution, clean_up = ends[dataset]
    assert (execution["status"], clean_up["status"]) == ("ABORTED", "SUCCEEDED")
    (message,) = told(cloud, f"incoming/{dataset}/prices.csv")
    assert "failed: somebody stopped the execution: the file was a draft." in message.splitlines()[1]
    assert "Nothing of it is left in SageMaker." in message


def test_an_abort_leaves_nothing_in_sagemaker(cloud, ends):
    assert cloud.left_in_sagemaker() == {}
    jobs = cloud.client("sagemaker").list_training_jobs(NameContains="-inthejob-")["TrainingJobSummaries"]
    assert [job["TrainingJobStatus"] for job in jobs] == ["Stopped"]


def test_an_aborted_run_can_be_run_again(cloud, ends):
    execution, _ = ends["serving"]
    again = cloud.client("stepfunctions").start_execution(
        stateMachineArn=execution["stateMachineArn"], input=execution["input"]
    )
    cloud.faults(scripted={})
    assert cloud.ended(again["executionArn"])["status"] == "SUCCEEDED"
    assert cloud.left_in_sagemaker() == {}


@pytest.mark.parametrize(("name", "file"), [(CAUGHT, "incoming/caught/prices.csv"), (UNKNOWN, UNKNOWN)])
def test_a_failure_is_told_once_whether_or_not_the_forecast_machine_could(cloud, ends, name, file):
    """Without a key in its input not even the machine's own notification can be made."""
    execution, clean_up = ends[name]
    assert (execution["status"], clean_up["status"]) == ("FAILED", "SUCCEEDED")
    assert len(told(cloud, file)) == 1
    asked = {event["stateEnteredEventDetails"]["name"] for event in cloud.history(clean_up["executionArn"])
             if "stateEnteredEventDetails" in event}  # fmt: skip
    assert ("Notify" in asked) is (name == UNKNOWN)


def test_a_clean_up_that_fails_is_never_green_and_is_told(cloud):
    arn = cloud.outputs()["StateMachineArn"].replace(":stateMachine:", ":execution:") + ":never-was"
    event = {"detail": {"executionArn": arn, "name": "never-was", "status": "ABORTED"}}
    started = cloud.client("stepfunctions").start_execution(
        stateMachineArn=cloud.outputs()["StateMachineArn"] + "-clean-up", input=json.dumps(event)
    )
    ended = cloud.ended(started["executionArn"])
    assert (ended["status"], ended["error"]) == ("FAILED", "CleanUpFailed")
    assert "Cleaning up failed too" in ended["cause"]
    assert "ExecutionDoesNotExist" in ended["cause"]
    (message,) = told(cloud, "the file of execution never-was")
    assert ended["cause"] in message
