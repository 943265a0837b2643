"""docs/deploy.md and the example of a workflow against the template, the AWS CLI, the Makefile and the tools."""

import re
import subprocess
import sys

import botocore
import botocore.session
import pytest
import yaml

from tests.project.test_operations import OF_THE_CLI, aws_commands, commands_of_apis, operations
from tests.support.account import FAULTS
from tests.support.template import ROOT, template
from tools.aws import capacity, preflight
from tools.aws.needs import NEEDS

TEXT = (ROOT / "docs" / "deploy.md").read_text()
WORKFLOW = (ROOT / ".github" / "workflows" / "deploy.yml").read_text()
JOBS = yaml.safe_load(WORKFLOW)["jobs"]
MAKEFILE = (ROOT / "Makefile").read_text()


def test_every_output_and_parameter_that_is_named_exists():
    outputs = set(re.findall(r"<([A-Z]\w+)>", TEXT))
    assert outputs <= set(template()["Outputs"])
    assert {name for name in template()["Outputs"] if name.endswith(("Console", "PolicyArn"))} <= outputs | set(
        re.findall(r"^\| `(\w+PolicyArn)`", TEXT, re.MULTILINE)
    )
    parameters = re.findall(r"overrides ((?:\w+=\S+ ?)+)", TEXT)
    assert {pair.split("=")[0] for given in parameters for pair in given.split()} <= set(template()["Parameters"])


def test_every_command_is_one_that_the_cli_has():
    shown = commands_of_apis(TEXT)
    assert len(shown) > 10
    for service, operation in shown:
        assert operation in operations(service).keys() | OF_THE_CLI, f"aws {service} {operation}"


def test_every_option_of_a_command_is_one_of_its_operation():
    for command in aws_commands(TEXT):
        service, operation = command.split()[1:3]
        if service == "s3":
            continue
        members = {botocore.xform_name(one, "-") for one in operations(service)[operation].input_shape.members}
        given = set(re.findall(r" --([a-z-]+)", command)) - {"output", "query", "region"}
        assert given <= members, command


def test_every_target_exists():
    named = set(re.findall(r"(?:`|^|CONFIG_ENV=prod )make ([a-z]+)", TEXT, re.MULTILINE))
    assert {"preflight", "pin", "deploy", "smoke"} <= named
    assert named <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


@pytest.mark.parametrize("verb", ["preflight", "smoke", "policy", "pin"])
def test_every_verb_takes_the_options_that_are_shown(verb):
    done = subprocess.run(
        [sys.executable, "-m", "tools.aws", verb, "--help"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    shown = [one for one in re.findall(r"`\.venv/bin/python -m tools\.aws ([^`]+)`", TEXT) if one.startswith(verb)]
    assert shown
    assert {option for one in shown for option in re.findall(r"--[a-z-]+", one)} <= set(
        re.findall(r"--[a-z-]+", done.stdout)
    )


def test_the_regions_without_the_instances_are_those_of_preflight():
    (sentence,) = re.findall(r"`Containers` lists them\. (.+) have no m5 and no c5", TEXT)
    assert set(re.findall(r"[a-z]+-[a-z]+-\d", sentence)) == set(capacity.newer_regions())
    assert set(capacity.newer_regions()) <= set(template()["Mappings"]["Containers"])


def test_the_longest_name_is_that_of_preflight():
    assert "has at most 45 characters" in TEXT
    assert preflight.names.LONGEST == 45


def test_at_least_twelve_faults_of_an_account_are_named():
    assert len(FAULTS) >= 12


def test_a_type_of_the_table_is_one_of_cloudformations():
    assert [kind for kind in NEEDS if not re.fullmatch(r"AWS::\w+::\w+|Custom::\w+", kind)] == []


def test_every_action_of_the_workflow_is_pinned_by_its_commit_and_names_its_version():
    actions = re.findall(r"uses: (.+)", WORKFLOW)
    assert actions
    assert [one for one in actions if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)] == []


def test_prod_follows_dev_by_the_same_steps_and_each_is_looked_at_deployed_and_tried():
    assert list(JOBS) == ["dev", "prod"]
    assert JOBS["prod"]["needs"] == "dev"
    assert [job["environment"] for job in JOBS.values()] == ["dev", "prod"]
    for job in JOBS.values():
        assert [step["run"] for step in job["steps"] if "run" in step] == [
            "make preflight",
            "make deploy",
            "make smoke",
        ]


def test_the_workflow_has_no_key_and_follows_the_tests():
    assert "secrets." not in WORKFLOW
    document = yaml.safe_load(WORKFLOW)
    assert document["permissions"] == {"contents": "read", "id-token": "write"}
    begins = document[True]  # YAML takes `on` for a truth value
    assert begins["workflow_run"]["workflows"] == [
        yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())["name"]
    ]
    assert begins["workflow_run"]["branches"] == ["main"]
    assert "vars.DEPLOY == 'true'" in JOBS["dev"]["if"]


def test_what_the_workflow_reads_is_what_the_page_tells_to_set():
    read = set(re.findall(r"vars\.(\w+)", WORKFLOW))
    assert read == {"AWS_ROLE_ARN", "AWS_REGION", "CONFIG_ENV", "DEPLOY"}
    assert [name for name in read if f"`{name}`" not in TEXT] == []
