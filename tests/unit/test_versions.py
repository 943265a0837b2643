"""Which versions of the steps' functions go, as a rule and against moto's Lambda and Step Functions."""

import io
import json
import zipfile

import boto3
import moto
import pytest

from common import aws, versions
from common.versions import superfluous

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:stocks"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.mark.parametrize(
    ("count", "named", "going"), [(10, {10}, []), (12, {12}, [1, 2]), (12, {1}, [2]), (12, set(), [1, 2])]
)
def test_the_newest_stay_and_what_a_machine_names(count, named, going):
    assert superfluous([*range(1, count + 1)], named) == going


def test_numbers_with_gaps_go_by_their_order_and_not_by_their_text():
    assert superfluous([100, *range(3, 40, 3)], {100}) == [3, 6, 9, 12]


def test_nothing_is_published():
    assert superfluous([], set()) == []


@pytest.fixture
def cloud():
    with moto.mock_aws():
        aws.client.cache_clear()
        yield


def function(name: str, count: int) -> None:
    """A function with so many versions."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("a.py", "")
    role = boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    client = boto3.client("lambda")
    client.create_function(
        FunctionName=name, Runtime="python3.13", Role=role, Handler="a.b", Code={"ZipFile": code.getvalue()}
    )
    for number in range(count):
        publish(name, number)


def publish(name: str, number: int) -> None:
    client = boto3.client("lambda")
    client.update_function_configuration(FunctionName=name, Description=str(number))
    client.publish_version(FunctionName=name)


def calling(**named: int) -> str:
    """The definition of a machine that calls these versions of functions."""
    tasks = [f"arn:aws:lambda:us-east-1:123456789012:function:{name}:{number}" for name, number in named.items()]
    return json.dumps({"Comment": " ".join(tasks), "StartAt": "A", "States": {"A": {"Type": "Succeed"}}})


def machine(name: str, **named: int) -> str:
    """The ARN of a machine that calls these versions of functions."""
    role = "arn:aws:iam::123456789012:role/machine"
    client = boto3.client("stepfunctions")
    return client.create_state_machine(name=name, roleArn=role, definition=calling(**named))["stateMachineArn"]


def left(name: str) -> list[int]:
    return sorted(versions.published_of(name))


def test_of_every_function_that_a_machine_calls_the_old_versions_go(cloud):
    for name in ("split", "notify", "other"):
        function(name, 13)
    machines = [machine("stocks", split=13, notify=13), machine("stocks-clean-up", notify=2)]
    assert versions.sweep(machines) == []
    assert left("split") == list(range(4, 14))
    assert left("notify") == [2, *range(4, 14)]
    assert left("other") == list(range(1, 14))
    assert boto3.client("lambda").get_function(FunctionName="split")["Configuration"]["Version"] == "$LATEST"


@pytest.mark.parametrize("of_clean_up", [False, True])
def test_after_deployments_that_were_rolled_back_a_running_execution_keeps_the_version_that_it_names(
    cloud, of_clean_up
):
    """Of eleven versions ten were rolled back: the execution names the first, and the next deployment the twelfth."""
    function("split", 11)
    machines = [machine("stocks", split=1), machine("stocks-clean-up", split=1)]
    states = boto3.client("stepfunctions")
    execution = states.start_execution(stateMachineArn=machines[of_clean_up])["executionArn"]
    publish("split", 12)
    for arn in machines:
        states.update_state_machine(stateMachineArn=arn, definition=calling(split=12))
    assert versions.sweep(machines) == []
    assert left("split") == list(range(1, 13))
    states.stop_execution(executionArn=execution)
    assert versions.sweep(machines) == []
    assert left("split") == list(range(3, 13))


def test_a_function_that_is_gone_hinders_no_other(cloud, monkeypatch):
    """moto finds no versions of it, where AWS finds no function."""
    function("split", 11)

    def published_of(name: str) -> list[int]:
        if name == "gone":
            boto3.client("lambda").get_function(FunctionName=name)
        return listed(name)

    listed = versions.published_of
    monkeypatch.setattr(versions, "published_of", published_of)
    (words,) = versions.sweep([machine("stocks", gone=1, split=11)])
    assert words.startswith("old versions of gone: ")
    assert left("split") == list(range(2, 12))


def test_without_its_machine_nothing_goes(cloud):
    (words,) = versions.sweep([MACHINE])
    assert words.startswith("old versions: ")
