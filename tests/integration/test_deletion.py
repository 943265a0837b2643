"""A stack that is deleted in the middle of its runs leaves nothing in SageMaker; what people own stays."""

import json

import pytest

from tests.support.cloud import Cloud, as_csv
from tests.support.eventually import eventually

STACK = "stock-forecasts-local"
STUCK = "execution"
SECONDS = 300  # the deletion waits for a minute until no function can still be at work


@pytest.fixture(scope="module")
def deleted(tmp_path_factory, prices):
    """A cloud whose stack was deleted while one run trained and the endpoint of another came up; events, oldest first.

    Two calls of the function are refused at first. Files come before, in between and after.
    """
    cloud = Cloud(tmp_path_factory.mktemp("deletion"), {"SFN_WAIT_SCALE": "0.05"})
    started = cloud.local("up")
    assert started.returncode == 0, started.stdout + started.stderr
    sagemaker, formation = cloud.client("sagemaker"), cloud.client("cloudformation")
    refused = [
        {"match": ["SweepFunction", f"sagemaker:{operation} "], "times": 2, "status": 400, "code": code}
        for operation, code in {"ListEndpoints": "ThrottlingException", "DeleteModel": "AccessDeniedException"}.items()
    ]
    cloud.faults(
        training_hangs={"match": "-inthejob-"},
        endpoint_hangs={"match": "-comingup-", "seconds": 20},
        scripted={},
        call_fails=refused,
    )
    small = as_csv([row for row in prices if row["ticker"] in ("ALDER", "BRYNE")])
    runs = [cloud.upload(f"incoming/{dataset}/prices.csv", small) for dataset in ("inthejob", "comingup")]
    eventually(
        lambda: sagemaker.list_training_jobs(NameContains="-inthejob-", StatusEquals="InProgress")[
            "TrainingJobSummaries"
        ]
    )
    eventually(lambda: sagemaker.list_endpoints(NameContains="-comingup-", StatusEquals="Creating")["Endpoints"])
    outputs, stack = cloud.outputs(), formation.describe_stacks(StackName=STACK)["Stacks"][0]["StackId"]
    formation.delete_stack(StackName=STACK)
    ended = eventually(
        lambda: formation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"],
        SECONDS,
        done=lambda status: status != "DELETE_IN_PROGRESS",
    )
    print(ended, json.dumps([e for e in events(formation, stack)][-80:], default=str)[:6000])
    yield cloud, outputs, runs, ended, events(formation, stack)
    assert cloud.local("down").returncode == 0


def events(formation, stack) -> list[dict]:
    pages = formation.get_paginator("describe_stack_events").paginate(StackName=stack)
    return [event for page in pages for event in page["StackEvents"]][::-1]


def test_nothing_is_left(deleted):
    cloud, outputs, runs, ended, events = deleted
    assert cloud.left_in_sagemaker() == {}
