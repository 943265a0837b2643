"""The stacks of samconfig.toml against the template."""

import itertools
import json
import re
import subprocess
import tomllib

import pytest

from tests.support.template import ROOT, template

_TABLES = tomllib.loads((ROOT / "samconfig.toml").read_text())
STACKS = {name: table["global"]["parameters"] for name, table in _TABLES.items() if name != "version"}
# The SAM CLI's own command, stopped where it would speak to AWS.
SAM = """
import inspect, json, pathlib
from unittest import mock
from click.testing import CliRunner
from samcli.commands.deploy import command
from samcli.commands.deploy.deploy_context import DeployContext

pathlib.Path("template.yaml").write_text('{"Parameters": {"A": {"Type": "String"}, "B": {"Type": "String"}}}')
pathlib.Path("samconfig.toml").write_text(
    'version = 0.1\\n[default.global.parameters]\\nstack_name = "s"\\nparameter_overrides = "A=1"\\n'
)
signature, asked = inspect.signature(command.do_cli), []
for more in ([], ["--parameter-overrides", "B=2"]):
    with mock.patch.object(command, "do_cli") as called:
        CliRunner().invoke(command.cli, ["--region", "us-east-1", *more], catch_exceptions=False)
    given = signature.bind(*called.call_args.args, **called.call_args.kwargs).arguments["parameter_overrides"]
    asked.append(DeployContext.merge_parameters({"Parameters": {"A": {}, "B": {}}}, given))
print(json.dumps(asked))
"""


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


def test_sam_keeps_what_is_not_named_and_takes_one_list_of_overrides(tmp_path):
    """As docs/deploy.md and preflight have it: what follows on the command line stands in place of samconfig.toml's."""
    python = ROOT / ".venv-sam" / "bin" / "python"
    done = subprocess.run([python, "-c", SAM], cwd=tmp_path, capture_output=True, text=True)
    assert json.loads(done.stdout) == [
        [{"ParameterKey": "A", "ParameterValue": "1"}, {"ParameterKey": "B", "UsePreviousValue": True}],
        [{"ParameterKey": "A", "UsePreviousValue": True}, {"ParameterKey": "B", "ParameterValue": "2"}],
    ], done.stderr
