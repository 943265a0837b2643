"""Which stack stockcast speaks to, and what it says where there is none."""

import argparse
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError

from local.replay import stack as stacks
from stockcast import replay, target
from tools.aws import Problem, session


def failed(response) -> ClientError:
    return ClientError({"Error": response}, "Operation")


class CloudFormation:
    meta = SimpleNamespace(region_name="eu-west-1")

    def __init__(self, denied=()):
        self.denied = denied

    def describe_stacks(self, StackName):
        if "describe_stacks" in self.denied:
            raise failed({"Code": "AccessDenied", "Message": "no"})
        if StackName == "stock-forecasts-dev":
            return {"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Outputs": [
                {"OutputKey": "StateMachineArn", "OutputValue": "arn"}]}]}  # fmt: skip
        if StackName == "other":
            return {"Stacks": [{"StackStatus": "CREATE_IN_PROGRESS"}]}
        raise failed({"Code": "ValidationError", "Message": f"Stack with id {StackName} does not exist"})

    def get_paginator(self, _operation):
        if "list_stacks" in self.denied:
            raise failed({"Code": "AccessDenied", "Message": "no"})
        names = [("stock-forecasts-dev", "CREATE_COMPLETE"), ("stock-forecasts-dex", "DELETE_COMPLETE")]
        summaries = [{"StackName": name, "StackStatus": status} for name, status in names]
        return SimpleNamespace(paginate=lambda: [{"StackSummaries": summaries}])


NONE = "there is no stack stock-forecast-dev in eu-west-1"


def on_aws(monkeypatch, name, denied=()):
    stacks = CloudFormation(denied)
    monkeypatch.setattr(target.session, "clients", lambda profile, region: lambda service: stacks)
    return argparse.Namespace(stack=name, profile=None, region=None)


def test_a_stack_on_aws_is_known_by_its_outputs(monkeypatch):
    found = target.of(on_aws(monkeypatch, "stock-forecasts-dev"))
    assert (found.outputs, found.laptop) == ({"StateMachineArn": "arn"}, False)
    assert found.option == " --stack stock-forecasts-dev"


@pytest.mark.parametrize(
    ("name", "denied", "said"),
    [
        (
            "stock-forecast-dev",
            (),
            f"{NONE}; did you mean stock-forecasts-dev?",
        ),
        ("stock-forecast-dev", ("list_stacks",), NONE),
        ("zzz", (), "there is no stack zzz in eu-west-1"),
        ("other", (), "the stack other (CREATE_IN_PROGRESS) is none of this project, or not whole"),
    ],
)
def test_a_stack_that_is_not_there_is_said(monkeypatch, name, denied, said):
    with pytest.raises(Problem) as problem:
        target.of(on_aws(monkeypatch, name, denied))
    assert str(problem.value).startswith(said)
    assert ("did you mean" in str(problem.value)) == ("did you mean" in said)


def test_who_may_only_ask_athena_is_led_to_the_stacks_workgroup(monkeypatch):
    found = target.to_query(on_aws(monkeypatch, "stock-forecasts-dev", ["describe_stacks"]))
    assert found.outputs == {"WorkGroupName": "stock-forecasts-dev", "DatabaseName": "stock_forecasts_dev"}
    with pytest.raises(Problem, match="there is no stack"):
        target.to_query(on_aws(monkeypatch, "zzz"))


def test_a_profile_or_an_address_that_means_nothing_is_said_with_what_to_do(monkeypatch):
    with pytest.raises(Problem, match=r"\(gone\) could not be found: `aws configure list-profiles` lists"):
        session.clients("gone", None)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    with pytest.raises(Problem, match="Invalid endpoint: nonsense: set AWS_ENDPOINT_URL to a whole address"):
        session.clients(None, "eu-west-1")("s3")


@pytest.mark.parametrize(
    ("error", "said"), [(NoRegionError(), "no region is chosen: give --region"), (NoCredentialsError(), "no AWS cred")]
)
def test_a_replay_says_what_is_missing_as_every_command_does(monkeypatch, capsys, error, said):
    def named(_name: str) -> None:
        raise error

    monkeypatch.setattr(stacks, "named", named)
    given = argparse.Namespace(stack="s", profile=None, region=None, run_id="us-0123456789ab", anyway=False)
    assert replay.command(given) == replay.IMPOSSIBLE
    assert capsys.readouterr().out.startswith(f"cannot be replayed: {said}")
