"""Least privilege with IAM enforced: without any one of its grants a role is refused what a run needs."""

import fnmatch
import re

import pytest

from tests.faults import starting
from tests.faults.grants import every_grant, is_static, scenario_of, scenarios
from tests.faults.scenarios import LOST, SCENARIOS, play
from tests.faults.stage import Stage
from tests.integration.cloud import Cloud

REMOVED = [grant for grant in every_grant() if not is_static(grant) and scenario_of(grant) in SCENARIOS]
QUICK = REMOVED[::4]
PLAYED = [(role, name) for role, needs in scenarios().items() for name in needs if name in SCENARIOS]
thorough = pytest.mark.thorough


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A cloud of its own, since what its roles may do changes from test to test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SFN_WAIT_SCALE", "0.02")
        cloud = Cloud(tmp_path_factory.mktemp("permissions"))
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


@pytest.mark.parametrize(
    "grant", [pytest.param(one, marks=[] if one in QUICK else [thorough]) for one in REMOVED], ids=str
)
def test_a_step_is_refused_without_the_grant(stage, grant):
    refused, resource = play(stage, grant.role, scenario_of(grant), grant)
    assert is_refusal(refused, grant.action, resource), refused or "nothing was refused: the grant is not needed"


@pytest.mark.parametrize(("role", "name"), PLAYED)
def test_with_its_grants_a_step_is_refused_nothing(stage, role, name):
    assert play(stage, role, name)[0] == ""


@thorough
@pytest.mark.parametrize(("role", "machine"), [("MachineRole", ""), ("CleanUpMachineRole", "-clean-up")])
def test_a_machine_is_refused_every_function_that_its_role_is_not_granted(stage, role, machine):
    refused = starting.refused_functions(stage, role, stage.outputs["StateMachineArn"] + machine)
    granted = [line.rpartition(" ")[2] for line in scenarios()[role]["machine"]]
    assert sorted(refused) == sorted(granted)
