"""Which versions of the steps' functions go, as a rule and against moto's Lambda and Step Functions."""

import datetime
import io
import json
import zipfile

import boto3
import moto
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import aws, versions
from common.versions import KEPT, superfluous

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
LATER = START + datetime.timedelta(days=365)
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:stocks"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def on_day(day: float) -> datetime.datetime:
    return START + datetime.timedelta(days=day)


def published(*numbers: int) -> dict[int, datetime.datetime]:
    """A version a day."""
    return {number: on_day(number) for number in numbers}


@pytest.mark.parametrize(
    ("count", "named", "oldest", "going"),
    [
        (10, {10}, LATER, []),
        (12, {12}, LATER, [1, 2]),
        (12, {1}, LATER, [2]),
        (12, set(), LATER, [1, 2]),
        (12, {12}, on_day(4.1), [1, 2]),  # of those kept 3 is the first and 4 the second
        (12, {12}, on_day(4), []),
        (12, {12}, on_day(3.5), []),  # it may have begun while 3 was deployed, and name 2
    ],
)
def test_the_newest_stay_and_whatever_may_still_be_called(count, named, oldest, going):
    assert superfluous(published(*range(1, count + 1)), named, oldest) == going


def test_numbers_with_gaps_go_by_their_order_and_not_by_their_text():
    numbers = (*range(3, 40, 3), 100)
    assert superfluous(published(*numbers), {100}, LATER) == [3, 6, 9, 12]


def test_nothing_is_published():
    assert superfluous({}, set(), LATER) == []


@given(st.integers(0, 40), st.floats(0, 60), st.data())
def test_what_a_running_execution_names_stays(count, began, data):
    """Each version is deployed at some time before the next one is made; an execution names what was deployed last."""
    made = published(*range(1, count + 1))
    deployed = {number: on_day(number + data.draw(st.floats(0, 0.99))) for number in made}
    uses = [number for number in made if deployed[number] <= on_day(began)]
    going = superfluous(made, {max(made, default=0)}, on_day(began))
    assert not set(going) & set(uses[-1:])
    assert len(made) - len(going) >= min(count, KEPT)


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
        client.update_function_configuration(FunctionName=name, Description=str(number))
        client.publish_version(FunctionName=name)


def machine(name: str, **named: int) -> str:
    """The ARN of a machine that calls these versions of functions."""
    tasks = [f"arn:aws:lambda:us-east-1:123456789012:function:{name}:{number}" for name, number in named.items()]
    definition = {"Comment": " ".join(tasks), "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    role = "arn:aws:iam::123456789012:role/machine"
    client = boto3.client("stepfunctions")
    return client.create_state_machine(name=name, roleArn=role, definition=json.dumps(definition))["stateMachineArn"]


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


def test_nothing_goes_while_an_older_execution_runs(cloud, monkeypatch):
    function("split", 13)
    arn = machine("stocks", split=13)
    began: dict = {arn: [LATER - datetime.timedelta(days=3650)]}
    monkeypatch.setattr(versions, "running", began.__getitem__)
    assert versions.sweep([arn]) == []
    assert left("split") == list(range(1, 14))
    began[arn] = []
    assert versions.sweep([arn]) == []
    assert left("split") == list(range(4, 14))


def test_the_executions_that_run_are_asked_for(cloud):
    arn = machine("stocks", split=1)
    execution = boto3.client("stepfunctions").start_execution(stateMachineArn=arn)["executionArn"]
    assert len(versions.running(arn)) == 1
    boto3.client("stepfunctions").stop_execution(executionArn=execution)
    assert versions.running(arn) == []


def test_a_function_that_is_gone_hinders_no_other(cloud, monkeypatch):
    """moto finds no versions of it, where AWS finds no function."""
    function("split", 11)

    def published_of(name: str) -> dict:
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
