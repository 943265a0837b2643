"""Every grant is known to be needed: a test of tests/permissions removes it, or a table says why none can."""

import re

import pytest

from tests.permissions.needs import scenario_of, scenarios
from tests.permissions.policies import every_grant
from tests.permissions.unproven import STATIC, is_static


@pytest.mark.parametrize("grant", every_grant(), ids=str)
def test_a_grant_is_proven_by_its_removal_or_said_to_be_needed(grant):
    assert bool(scenario_of(grant)) != is_static(grant), (
        "tests/permissions/grants.py and unproven.py must list it exactly once"
    )


def test_what_the_tables_list_is_granted():
    granted = {(grant.role, grant.line) for grant in every_grant()}
    listed = [(role, line) for role, needs in scenarios().items() for needed in needs.values() for line in needed]
    assert [pair for pair in listed if pair not in granted] == []
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("named", STATIC)
def test_a_reason_is_that_of_a_grant(named):
    roles, reason = STATIC[named]
    assert reason
    of_roles = [grant for grant in every_grant() if re.fullmatch(roles, grant.role)]
    assert [grant for grant in of_roles if named in (grant.action, grant.line)] != []
