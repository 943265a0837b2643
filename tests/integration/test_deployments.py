"""Deployments in the middle of a run: it ends with the code and the settings that it began with, the next has new ones.

The stack is updated as `sam deploy` does, and nothing is built, so a deployment takes a second.
"""

import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError

from tests.support import daily_files
from tests.support.cloud import Cloud
from tests.support.deploying import bundle, deploy, standing
from tests.support.eventually import eventually

DATASET = "deployed"
# Every step answers otherwise.
OTHER_CODE = """

_as_before = step


def step(handler):
    wrapped = _as_before(handler)
    return lambda event, context: {**wrapped(event, context), "code": "other"}
"""


def with_other_code(cloud: Cloud, template: str) -> str:
    """The template with a bundle of functions whose every answer has one field more."""
    s3, (bucket, key) = cloud.client("s3"), bundle(template)
    other = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read())) as before,
        zipfile.ZipFile(other, "w") as after,
    ):
        for name in before.namelist():
            added = OTHER_CODE.encode() if name == "common/telemetry.py" else b""
            after.writestr(name, before.read(name) + added)
    s3.put_object(Bucket=bucket, Key=f"{key}-other", Body=other.getvalue())
    return template.replace(key, f"{key}-other")


def answers(cloud: Cloud, arn: str) -> list[dict]:
    """What every function of an execution answered, with the version that did."""
    found = [event.get("taskSucceededEventDetails") for event in cloud.history(arn)]
    return [json.loads(one["output"]) for one in found if one]


def versions(cloud: Cloud, arn: str) -> set[str]:
    return {answer["ExecutedVersion"] for answer in answers(cloud, arn)}


def quiet_seconds(cloud: Cloud, arn: str) -> set[str]:
    """The setting of the versions of Gather that an execution named."""
    scheduled = [event.get("taskScheduledEventDetails") for event in cloud.history(arn)]
    named = {json.loads(one["parameters"])["FunctionName"] for one in scheduled if one}
    described = [cloud.client("lambda").get_function_configuration(FunctionName=name) for name in named]
    return {one["Environment"]["Variables"]["QUIET_SECONDS"] for one in described}


@pytest.fixture(scope="module")
def template(cloud) -> str:
    """As it is deployed; the tests after these find it so again."""
    return standing(cloud)


@pytest.fixture(scope="module")
def interrupted(cloud, template) -> str:
    """The execution that a busy Lambda held in Check data while other code was deployed, and then another setting."""
    held = {"error": "Lambda.TooManyRequestsException", "match": ['"Check data"', f"incoming/{DATASET}/"]}
    scripted = {"match": f"-{DATASET}-"}
    cloud.faults(scripted=scripted, task_fails=held)
    table = daily_files.table(200)
    arn = cloud.upload(f"incoming/{DATASET}/history.csv", daily_files.of_days(table, daily_files.days(table)))
    eventually(lambda: any("taskFailedEventDetails" in event for event in cloud.history(arn)))
    other = with_other_code(cloud, template)
    deploy(cloud, other)
    deploy(cloud, other, QuietSeconds="1")
    cloud.faults(scripted=scripted)
    return arn


@pytest.fixture(scope="module")
def next_one(cloud, interrupted) -> str:
    """An execution that began after both deployments, once it and the interrupted one have ended."""
    cloud.ended(interrupted)
    arn = cloud.nudge(DATASET)
    cloud.ended(arn)
    return arn


def test_a_running_execution_ends_with_the_code_and_the_settings_that_it_began_with(cloud, interrupted):
    ended = cloud.ended(interrupted)
    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"])["status"] == "published"
    assert versions(cloud, interrupted) == {"1"}
    assert [one for one in answers(cloud, interrupted) if "code" in one["Payload"]] == []
    assert quiet_seconds(cloud, interrupted) == {"2"}


def test_the_next_execution_has_what_was_deployed(cloud, next_one):
    """The second deployment changed no code, only a parameter, and published versions all the same."""
    assert cloud.ended(next_one)["status"] == "SUCCEEDED"
    assert versions(cloud, next_one) == {"3"}
    assert {one["Payload"]["code"] for one in answers(cloud, next_one)} == {"other"}
    assert quiet_seconds(cloud, next_one) == {"1"}


def test_going_back_is_a_deployment_like_any_other(cloud, template, next_one):
    deploy(cloud, template, QuietSeconds="2")
    arn = cloud.nudge(DATASET)
    assert cloud.ended(arn)["status"] == "SUCCEEDED"
    assert versions(cloud, arn) == {"4"}
    assert [one for one in answers(cloud, arn) if "code" in one["Payload"]] == []
    assert quiet_seconds(cloud, arn) == {"2"}


def test_a_deployment_that_changes_nothing_publishes_nothing(cloud, template, next_one):
    with pytest.raises(ClientError, match="No updates are to be performed"):
        deploy(cloud, template)
