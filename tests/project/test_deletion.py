"""The order in which CloudFormation deletes: first what starts runs, then Leftovers, then what that needs."""

import re
from collections.abc import Iterator

import pytest

from common import cloudformation, deletion
from tests.support.template import definition, functions, resources, strings, template

RESOURCES = template()["Resources"]
LEFTOVERS = resources("Custom::Leftovers")["Leftovers"]
# The rules that SAM makes, each with what it starts.
RULES = {
    f"{name}{event}": name for name, one in RESOURCES.items() for event in one.get("Properties", {}).get("Events", {})
}


def references(value) -> Iterator[str]:
    """Names that a part of the template refers to, pseudo parameters and attributes among them."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "Ref":
                yield inner
            elif name == "Fn::GetAtt":
                yield inner[0]
            elif name == "Fn::Sub":
                for text in strings(inner):
                    yield from re.findall(r"\$\{(\w+)", text)
                yield from references(inner)
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def needed(name: str) -> set[str]:
    """What a resource refers to or names in DependsOn, directly or through others: it is deleted before all of it."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        name = waiting.pop()
        resource = RESOURCES.get(name, {"DependsOn": [RULES[name]]} if name in RULES else {})
        shared = template()["Globals"]["Function"] if resource.get("Type") == "AWS::Serverless::Function" else {}
        depends = resource.get("DependsOn", [])
        named = {*references(resource.get("Properties", {})), *references(shared)}
        named |= {depends} if isinstance(depends, str) else set(depends)
        waiting += named - found
        found |= named
    return found


@pytest.mark.parametrize("name", ["ForecastMachineUpload", "ResumeFunction"])
def test_what_starts_runs_goes_before_what_runs_is_stopped(name):
    assert "Leftovers" in needed(name)


def test_what_stops_and_deletes_goes_last():
    steps = {
        f"{one}Function"
        for one in ("StartTraining", "StartTransform", "CreateEndpoint", "CleanUp", "Notify", "FindRun", "Sweep")
    }
    machines = {"ForecastMachine", "CleanUpMachine", "CleanUpMachineBadEnd", "CleanUpMachineRole", "MachineRole"}
    roles = {"SweepRole", "TrainingRole", "EndpointRole", "CleanUpRole", "CreateEndpointRole"}
    told = {"Topic", "TopicPolicy", "EmailSubscription", "PublishPolicy", "SweepLog"}
    keys = {"TrainingKeyPolicy", "EndpointKeyPolicy", "VolumeKeyPolicy"}
    assert steps | machines | roles | told | keys <= needed("Leftovers")


def test_every_function_of_the_machines_goes_later():
    assert set(functions()) - needed("Leftovers") == {"ResumeFunction", "RetireFunction", "ReportAlarmFunction"}


def test_nothing_needs_itself():
    assert [name for name in RESOURCES if name in needed(name)] == []


def test_the_sweep_has_time_to_wait_and_to_answer_and_cloudformation_to_hear_it():
    timeout = functions()["SweepFunction"]["Timeout"]
    assert LEFTOVERS["ServiceToken"] == {"Fn::GetAtt": ["SweepFunction", "Arn"]}
    assert deletion.PATIENCE_SECONDS + deletion.ANSWER_SECONDS < timeout < LEFTOVERS["ServiceTimeout"] <= 3600
    pauses = sum(2**attempt / 2 for attempt in range(cloudformation.TRIES - 1))
    assert cloudformation.TRIES * cloudformation.TRY_SECONDS + pauses < deletion.ANSWER_SECONDS / 2


def test_the_deletion_waits_as_long_as_the_machine_for_functions_that_create():
    assert definition()["States"]["Let calls end"]["Seconds"] == deletion.PAUSE_SECONDS
