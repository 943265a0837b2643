"""The stacks of samconfig.toml against the template."""

import itertools
import re
import tomllib

import pytest

from tests.support.template import ROOT, template

_TABLES = tomllib.loads((ROOT / "samconfig.toml").read_text())
STACKS = {name: table["global"]["parameters"] for name, table in _TABLES.items() if name != "version"}


def test_the_three_stacks():
    assert list(STACKS) == ["default", "prod", "local"]


@pytest.mark.parametrize("name", STACKS)
def test_a_stacks_name_fits_where_it_goes(name):
    """A bucket's 63 characters: the stack's, `-incoming-` and eight of the stack's id. SageMaker wants no capitals."""
    assert re.fullmatch(r"[a-z][a-z0-9-]{0,44}", STACKS[name]["stack_name"])


def test_no_stacks_policies_reach_into_another():
    """Policies name SageMaker resources `<stack>-*`."""
    for one, other in itertools.permutations((stack["stack_name"] for stack in STACKS.values()), 2):
        assert not other.startswith(f"{one}-")


@pytest.mark.parametrize("name", STACKS)
def test_overrides_are_parameters_within_their_bounds_and_seen_by_build_and_deploy(name):
    assert list(_TABLES[name]) == ["global"]
    for override in STACKS[name].get("parameter_overrides", "").split():
        parameter, value = override.split("=", 1)
        known = template()["Parameters"][parameter]
        if known["Type"] == "String":
            assert re.fullmatch(known["AllowedPattern"], value)
            continue
        assert float(value) in known.get("AllowedValues", [float(value)])
        assert known.get("MinValue", float(value)) <= float(value) <= known.get("MaxValue", float(value))


def test_only_production_asks_before_it_changes():
    assert {name: stack["confirm_changeset"] for name, stack in STACKS.items()} == {
        "default": False, "prod": True, "local": False,
    }  # fmt: skip
