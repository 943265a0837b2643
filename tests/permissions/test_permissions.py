"""Least privilege with IAM enforced: without any one of its grants a role is refused what a run needs."""

import fnmatch
import re

import pytest

from stocks.dataset import plan
from tests.permissions import abuses, leases, machine_roles
from tests.permissions.aside import UNASKED
from tests.permissions.needs import scenario_of, scenarios
from tests.permissions.policies import every_grant
from tests.permissions.replay import DATASET, Replay, prices_csv
from tests.permissions.scenarios import LOST, SCENARIOS, play, serve
from tests.permissions.unproven import is_static
from tests.support.cloud import Cloud
from tests.support.template import principals

REMOVED = [grant for grant in every_grant() if not is_static(grant) and scenario_of(grant) in SCENARIOS]
PLAYED = [(role, name) for role, needs in scenarios().items() for name in needs if name in SCENARIOS]
ROLES = list(dict.fromkeys([*principals(), *machine_roles.RULES]))
thorough = pytest.mark.thorough


def a_quarter_quick(cases: list) -> list:
    """The cases as parameters, of which three in four run in make test-faults only."""
    return [pytest.param(*case, marks=thorough if number % 4 else ()) for number, case in enumerate(cases)]


@pytest.fixture(scope="module")
def replayed(tmp_path_factory):
    """A cloud of its own, since what its roles may do changes from test to test."""
    cloud = Cloud(tmp_path_factory.mktemp("permissions"), {"SFN_WAIT_SCALE": "0.02"})
    started = cloud.local("up")
    assert started.returncode == 0, started.stdout + started.stderr
    yield Replay(cloud)
    assert cloud.local("down").returncode == 0


def is_refusal(text: str, action: str, resource: str) -> bool:
    """Whether the words are those of IAM about this action, as each service passes them on."""
    if named := re.search(rf'not authorized to perform: {action}\b(?: on resource: "?([^"\s]+))?', text):
        return named[1] is None or fnmatch.fnmatchcase(named[1], resource)
    passed_on = {
        "s3:GetObject": ["(403) when calling the HeadObject operation", "<Code>AccessDenied</Code>"],
        "s3:GetObjectVersion": ["S3 does not let Split read it"],
        "s3:PutObject": ["An error occurred (AccessDenied) when calling the PutObject operation"],
        "servicequotas:ListServiceQuotas": [UNASKED],
        "logs:CreateLogGroup": [LOST],
        "logs:CreateLogStream": [LOST],
        "logs:PutLogEvents": [LOST],
    }
    return any(words in text for words in [f'"{action}" permissions', *passed_on.get(action, [])])


@pytest.mark.parametrize("grant", a_quarter_quick([(grant,) for grant in REMOVED]), ids=str)
def test_a_step_is_refused_without_the_grant(replayed, grant):
    refused, resource = play(replayed, grant.role, scenario_of(grant), grant)
    assert is_refusal(refused, grant.action, resource), refused or "nothing was refused: the grant is not needed"


@pytest.mark.parametrize(("role", "name"), a_quarter_quick(PLAYED))
def test_with_its_grants_a_step_is_refused_nothing(replayed, role, name):
    assert play(replayed, role, name)[0] == ""


@thorough
@pytest.mark.parametrize(("role", "machine"), [("MachineRole", ""), ("CleanUpMachineRole", "-clean-up")])
def test_a_machine_is_refused_every_function_that_its_role_is_not_granted(replayed, role, machine):
    refused = machine_roles.refused_functions(replayed, role, replayed.outputs["StateMachineArn"] + machine)
    granted = [line.split()[1].removesuffix(":*") for line in scenarios()[role]["machine"]]
    assert sorted(refused) == sorted(granted)


def test_the_stack_has_no_other_roles(replayed):
    """SAM makes those of the rules: the template does not show them, so what they are granted is looked at here."""
    assert set(replayed.physical("AWS::IAM::Role")) == set(ROLES)
    for role in machine_roles.RULES:
        ((statement,),) = [replayed.policy(role)[1]["Statement"]]
        assert (statement["Effect"], statement["Action"]) == ("Allow", "states:StartExecution")
        machine = role.removesuffix("UploadRole").removesuffix("BadEndRole")
        assert statement["Resource"] == replayed.physical("AWS::StepFunctions::StateMachine")[machine]


@pytest.mark.parametrize("role", [pytest.param(one, marks=thorough) for one in machine_roles.RULES])
def test_a_rule_that_may_start_nothing_hands_the_event_to_the_dead_letter_queue(replayed, role):
    assert machine_roles.undelivered(replayed, role)["source"] == machine_roles.RULES[role]


@thorough
def test_a_run_that_is_refused_something_fails_cleanly_and_says_what(replayed):
    """Publish may write no forecasts: nobody reads half a run, and the next try succeeds."""
    (grant,) = [one for one in every_grant() if str(one) == "PublishRole s3:PutObject LakeBucket/predictions/*/test-*"]
    leases.free(replayed)
    with replayed.without(grant):
        ended = replayed.cloud.ended(replayed.cloud.upload(f"incoming/{DATASET}/refused.csv", prices_csv(340)))
    assert ended["status"] == "FAILED"
    assert "not authorized to perform: s3:PutObject" in ended["cause"]
    assert "Traceback" not in ended["cause"]
    assert run_rows(replayed, ended["executionArn"]) == []
    again = {"stateMachineArn": ended["stateMachineArn"], "input": ended["input"]}
    again = replayed.cloud.ended(replayed.client("stepfunctions").start_execution(**again)["executionArn"])
    assert again["status"] == "SUCCEEDED"
    assert len(run_rows(replayed, again["executionArn"])) == 1


def run_rows(replayed, execution: str) -> list[str]:
    """The keys of the run's row; without it the run is in no view."""
    run_id = plan.run_id(DATASET, execution)
    return replayed.cloud.keys("LakeBucket", f"runs/dataset={DATASET}/run_id={run_id}/")


@pytest.mark.parametrize("role", a_quarter_quick([(role,) for role in ROLES]))
def test_a_role_is_refused_what_is_none_of_its_work(replayed, role):
    serve(replayed)
    calls = [*abuses.in_s3(replayed, role), *abuses.anywhere(replayed, role), *abuses.of_others(replayed, role)]
    answers = zip(calls, abuses.attempted(replayed, role, calls), strict=True)
    assert [(call, answer) for call, answer in answers if answer not in abuses.REFUSED] == []
    assert len(calls) > 50
