"""Least privilege with IAM enforced: what a role may do is needed, and what it may not do is refused."""

import fnmatch
import re

import pytest

from tests.faults.grants import every_grant, is_static, scenario_of, scenarios
from tests.faults.stage import LOST, Stage
from tests.integration.cloud import Cloud

REMOVED = [grant for grant in every_grant() if not is_static(grant) and grant.role != "MachineRole"]
QUARTER = REMOVED[::4]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SFN_WAIT_SCALE", "0.02")
        cloud = Cloud(tmp_path_factory.mktemp("cloud"))
        started = cloud.local("up")
        assert started.returncode == 0, started.stdout + started.stderr
        yield Stage(cloud)
        assert cloud.local("down").returncode == 0


def is_refusal(text: str, action: str, resource: str) -> bool:
    """Whether the words are those of IAM about this action on this resource, as each service passes them on."""
    if named := re.search(rf'not authorized to perform: {action} (on resource: "?([^"\s]+))?', text):
        return named[2] is None or fnmatch.fnmatchcase(named[2], resource)
    passed_on = f'"{action}" permissions' in text  # SageMaker, of its role
    without_body = "(403) when calling the HeadObject operation" in text and action == "s3:GetObject"
    of_a_link = "<Code>AccessDenied</Code>" in text and action == "s3:GetObject"
    of_an_upload = "An error occurred (AccessDenied) when calling the PutObject operation" in text
    return passed_on or without_body or of_a_link or of_an_upload or (text == LOST and action.startswith("logs:"))


@pytest.mark.parametrize(
    "grant", [pytest.param(one, marks=[] if one in QUARTER else pytest.mark.faults) for one in REMOVED], ids=str
)
def test_a_step_is_refused_without_the_grant(stage, grant):
    refused, resource = stage.scenario(grant.role, scenario_of(grant), grant)
    assert is_refusal(refused, grant.action, resource), refused or "nothing was refused: the grant is not needed"


@pytest.mark.parametrize(
    ("role", "name"), [(role, name) for role, needs in scenarios().items() for name in needs if role != "MachineRole"]
)
def test_a_step_is_refused_nothing_with_its_grants(stage, role, name):
    refused, _ = stage.scenario(role, name)
    assert refused == ""
