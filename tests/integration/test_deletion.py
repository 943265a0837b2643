"""A stack that is deleted in the middle of its runs leaves nothing in SageMaker; what people own stays."""

import dataclasses
import json

import pytest

from tests.support.cloud import Cloud, as_csv
from tests.support.eventually import eventually

STACK = "stock-forecasts-local"
GROUPS = f"/aws/sagemaker/Endpoints/{STACK}-"
SECONDS = 300  # the deletion waits for a minute until no function can still be at work
REFUSED = {"ListEndpoints": "ThrottlingException", "ListTags": "AccessDeniedException"}  # to the sweep, at first


@dataclasses.dataclass
class Deleted:
    """What the deletion did: how it ended, the stack's events, oldest first, and the endpoints' logs before."""

    cloud: Cloud
    outputs: dict[str, str]
    stack: str
    logs: list[dict] = dataclasses.field(default_factory=list)
    status: str = ""

    def events(self) -> list[tuple[str, str]]:
        """Name and status of each resource that the deletion came by."""
        formation = self.cloud.client("cloudformation")
        pages = formation.get_paginator("describe_stack_events").paginate(StackName=self.stack)
        events = [event for page in pages for event in page["StackEvents"]][::-1]
        named = [(event["LogicalResourceId"], event["ResourceStatus"]) for event in events]
        return [event for event in named if event[1].startswith("DELETE")]

    def ended(self) -> str:
        """The status with which the deletion ends."""
        formation = self.cloud.client("cloudformation")
        return eventually(
            lambda: formation.describe_stacks(StackName=self.stack)["Stacks"][0]["StackStatus"],
            SECONDS,
            done=lambda status: status != "DELETE_IN_PROGRESS",
        )


@pytest.fixture(scope="module")
def deleted(tmp_path_factory, prices):
    """The stack was deleted while one run trained and the endpoint of another came up.

    Some calls of its function are refused at first. A third file comes in between.
    """
    cloud = Cloud(tmp_path_factory.mktemp("deletion"), {"SFN_WAIT_SCALE": "0.05"})
    started = cloud.local("up")
    assert started.returncode == 0, started.stdout + started.stderr
    small = as_csv([row for row in prices if row["ticker"] in ("ALDER", "BRYNE")])
    under_way(cloud, small)
    formation, outputs = cloud.client("cloudformation"), cloud.outputs()
    made = Deleted(cloud, outputs, formation.describe_stacks(StackName=STACK)["Stacks"][0]["StackId"])
    made.logs = cloud.client("logs").describe_log_groups(logGroupNamePrefix=GROUPS)["logGroups"]
    formation.delete_stack(StackName=STACK)
    eventually(lambda: ("Leftovers", "DELETE_IN_PROGRESS") in made.events())
    cloud.client("s3").put_object(Bucket=outputs["IncomingBucket"], Key="incoming/toolate/prices.csv", Body=small)
    made.status = made.ended()
    yield made
    assert cloud.local("down").returncode == 0


def under_way(cloud: Cloud, file: bytes) -> None:
    sagemaker = cloud.client("sagemaker")
    refused = [
        {"match": ["SweepFunction", f"sagemaker:{operation} "], "times": 2, "status": 400, "code": code}
        for operation, code in REFUSED.items()
    ]
    cloud.faults(
        training_hangs={"match": "-inthejob-"},
        endpoint_hangs={"match": "-comingup-", "seconds": 20},
        scripted={},
        call_fails=refused,
    )
    for dataset in ("inthejob", "comingup"):
        cloud.upload(f"incoming/{dataset}/prices.csv", file)
    jobs = {"NameContains": "-inthejob-", "StatusEquals": "InProgress"}
    eventually(lambda: sagemaker.list_training_jobs(**jobs)["TrainingJobSummaries"])
    eventually(lambda: sagemaker.list_endpoints(NameContains="-comingup-", StatusEquals="Creating")["Endpoints"])


def test_the_whole_stack_goes(deleted):
    """On AWS the work bucket would be left, since the runs have filled it; MiniStack deletes full buckets."""
    assert deleted.status == "DELETE_COMPLETE"


def test_nothing_is_left_in_sagemaker(deleted):
    assert deleted.cloud.left_in_sagemaker() == {}
    jobs = deleted.cloud.client("sagemaker").list_training_jobs(NameContains="-inthejob-")["TrainingJobSummaries"]
    assert [job["TrainingJobStatus"] for job in jobs] == ["Stopped"]
    (log,) = (deleted.cloud.state / "logs").glob("*SweepFunction*.log")
    answers = [json.loads(line) for line in log.read_text().splitlines() if "answering CloudFormation" in line]
    assert [answer["reason"] for answer in answers] == [
        "There is nothing to do.",
        "Nothing of the stack is left in SageMaker.",
    ]


def test_what_starts_runs_goes_first_and_what_they_need_goes_last(deleted):
    events = deleted.events()
    begun, ended = (events.index(("Leftovers", f"DELETE_{word}")) for word in ("IN_PROGRESS", "COMPLETE"))
    gone = {name for name, status in events[:begun] if status == "DELETE_COMPLETE"}
    assert {"ForecastMachineUpload", "ResumeFunction"} <= gone
    kept = {"ForecastMachine", "CleanUpMachine", "CleanUpMachineBadEnd", "SweepFunction", "SweepRole", "EndpointRole"}
    assert kept <= {name for name, _ in events[ended:]}
    assert kept & {name for name, _ in events[:ended]} == set()


def test_a_file_that_comes_in_between_starts_nothing(deleted):
    s3, lake = deleted.cloud.client("s3"), deleted.outputs["LakeBucket"]
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=lake)["Contents"]]
    assert [key for key in keys if "comingup" in key]
    assert [key for key in keys if "toolate" in key] == []


def test_logs_of_endpoints_expired_and_go(deleted):
    assert [group["retentionInDays"] for group in deleted.logs] == [30]
    logs = deleted.cloud.client("logs")
    assert logs.describe_log_groups(logGroupNamePrefix=GROUPS)["logGroups"] == []


@pytest.mark.parametrize("bucket", ["IncomingBucket", "LakeBucket"])
def test_what_people_own_stays_and_still_asks_for_tls(deleted, bucket):
    s3, name = deleted.cloud.client("s3"), deleted.outputs[bucket]
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    assert statement["Sid"] == "OnlyTls"
    assert s3.list_objects_v2(Bucket=name)["KeyCount"] > 0
