"""Least privilege with IAM enforced: without any one of its grants a role is refused what a run needs."""

import fnmatch
import json
import re

import pytest

from common import keys
from tests.faults import abuses, starting
from tests.faults.grants import every_grant, is_static, scenario_of, scenarios
from tests.faults.scenarios import LOST, SCENARIOS, play, serve
from tests.faults.stage import DATASET, Stage, prices
from tests.integration.cloud import Cloud
from tests.project.read import principals

REMOVED = [grant for grant in every_grant() if not is_static(grant) and scenario_of(grant) in SCENARIOS]
PLAYED = [(role, name) for role, needs in scenarios().items() for name in needs if name in SCENARIOS]
ROLES = [*principals(), *starting.RULES]
thorough = pytest.mark.thorough


def a_quarter_quick(cases: list) -> list:
    """The cases as parameters, of which three in four run in make test-faults only."""
    return [pytest.param(*case, marks=thorough if number % 4 else ()) for number, case in enumerate(cases)]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A cloud of its own, since what its roles may do changes from test to test."""
    cloud = Cloud(tmp_path_factory.mktemp("permissions"), {"SFN_WAIT_SCALE": "0.02"})
    started = cloud.local("up")
    assert started.returncode == 0, started.stdout + started.stderr
    yield Stage(cloud)
    assert cloud.local("down").returncode == 0


def is_refusal(text: str, action: str, resource: str) -> bool:
    """Whether the words are those of IAM about this action, as each service passes them on."""
    if named := re.search(rf'not authorized to perform: {action}\b(?: on resource: "?([^"\s]+))?', text):
        return named[1] is None or fnmatch.fnmatchcase(named[1], resource)
    passed_on = {
        "s3:GetObject": ["(403) when calling the HeadObject operation", "<Code>AccessDenied</Code>"],
        "s3:PutObject": ["An error occurred (AccessDenied) when calling the PutObject operation"],
        "logs:CreateLogGroup": [LOST],
        "logs:CreateLogStream": [LOST],
        "logs:PutLogEvents": [LOST],
    }
    return any(words in text for words in [f'"{action}" permissions', *passed_on.get(action, [])])


@pytest.mark.parametrize("grant", a_quarter_quick([(grant,) for grant in REMOVED]), ids=str)
def test_a_step_is_refused_without_the_grant(stage, grant):
    refused, resource = play(stage, grant.role, scenario_of(grant), grant)
    assert is_refusal(refused, grant.action, resource), refused or "nothing was refused: the grant is not needed"


@pytest.mark.parametrize(("role", "name"), a_quarter_quick(PLAYED))
def test_with_its_grants_a_step_is_refused_nothing(stage, role, name):
    assert play(stage, role, name)[0] == ""


@thorough
@pytest.mark.parametrize(("role", "machine"), [("MachineRole", ""), ("CleanUpMachineRole", "-clean-up")])
def test_a_machine_is_refused_every_function_that_its_role_is_not_granted(stage, role, machine):
    refused = starting.refused_functions(stage, role, stage.outputs["StateMachineArn"] + machine)
    granted = [line.rpartition(" ")[2] for line in scenarios()[role]["machine"]]
    assert sorted(refused) == sorted(granted)


def test_the_stack_has_no_other_roles(stage):
    """SAM makes those of the rules: the template does not show them, so what they are granted is looked at here."""
    assert set(stage.physical("AWS::IAM::Role")) == set(ROLES)
    for role in starting.RULES:
        ((statement,),) = [stage.policy(role)[1]["Statement"]]
        assert (statement["Effect"], statement["Action"]) == ("Allow", "states:StartExecution")
        machine = role.removesuffix("UploadRole").removesuffix("BadEndRole")
        assert statement["Resource"] == stage.physical("AWS::StepFunctions::StateMachine")[machine]


@pytest.mark.parametrize("role", [pytest.param(one, marks=thorough) for one in starting.RULES])
def test_a_rule_that_may_start_nothing_hands_the_event_to_the_dead_letter_queue(stage, role):
    assert starting.undelivered(stage, role)["source"] == starting.RULES[role]


@thorough
def test_a_run_that_is_refused_something_fails_cleanly_and_says_what(stage):
    """Publish may write no forecasts: nobody reads half a run, and the next try succeeds."""
    (grant,) = [one for one in every_grant() if str(one) == "PublishRole s3:PutObject LakeBucket/predictions/*"]
    with stage.without(grant):
        ended = stage.cloud.ended(stage.cloud.upload(f"incoming/{DATASET}/refused.csv", prices()))
    assert ended["status"] == "FAILED"
    assert "not authorized to perform: s3:PutObject" in ended["cause"]
    assert "Traceback" not in ended["cause"]
    assert run_rows(stage, json.loads(ended["input"])) == []
    again = {"stateMachineArn": ended["stateMachineArn"], "input": ended["input"]}
    again = stage.cloud.ended(stage.client("stepfunctions").start_execution(**again)["executionArn"])
    assert again["status"] == "SUCCEEDED"
    assert len(run_rows(stage, json.loads(ended["input"]))) == 1


def run_rows(stage, event: dict) -> list[str]:
    """The keys of the run's row; without it the run is in no view."""
    found = event["detail"]["object"]
    run_id = keys.run_id(DATASET, event["detail"]["bucket"]["name"], found["key"], found["version-id"])
    return stage.cloud.keys("LakeBucket", f"runs/dataset={DATASET}/run_id={run_id}/")


@pytest.mark.parametrize("role", a_quarter_quick([(role,) for role in ROLES]))
def test_a_role_is_refused_what_is_none_of_its_work(stage, role):
    serve(stage)
    calls = [*abuses.in_s3(stage, role), *abuses.anywhere(stage), *abuses.of_others(stage, role)]
    answers = zip(calls, abuses.attempted(stage, role, calls), strict=True)
    assert [(call, answer) for call, answer in answers if answer not in abuses.REFUSED] == []
    assert len(calls) > 50
