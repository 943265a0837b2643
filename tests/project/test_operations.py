"""docs/operations.md against the errors that can end an execution, and against what the stack has."""

import re
from typing import Any

import botocore
import botocore.session
import pytest

from common import errors, messages
from tests.faults.catalogue import RUNS
from tests.support.template import ROOT, all_states, template
from tools import cost, sections

TEXT = (ROOT / "docs" / "operations.md").read_text()
# Step Functions ends an execution by these without asking the definition.
OF_THE_SERVICE = {"States.Runtime"}
OF_THE_SWEEP = {"NotSwept"}
OF_THE_CLI = {"tail"}  # commands that are no operation of a service


def documented() -> set[str]:
    """The names in the first column of the first table."""
    (table,) = re.findall(r"^\| error \|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    first = [row.split("|")[1] for row in table.splitlines()]
    return {name.strip() for names in first for name in names.split(",")} - {"any other"}


def possible() -> set[str]:
    classes = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    fails = {state["Error"] for _, _, state in all_states() if state["Type"] == "Fail"}
    literal = {name for name in fails if not name.startswith("{%")}
    # Errors that a Pass or Choice hands on to the state that fails: {"error": "CrawlFailed", ...}.
    handed = {
        error["error"]
        for _, _, state in all_states()
        for rule in [state, *state.get("Choices", [])]
        if isinstance(error := rule.get("Assign", {}).get("failure"), dict) and not error["error"].startswith("{%")
    }
    retried = {name for _, _, state in all_states() for rule in state.get("Retry", []) for name in rule["ErrorEquals"]}
    return classes | literal | handed | retried | set(messages.ADVICE) | OF_THE_SERVICE | OF_THE_SWEEP


def test_every_error_that_ends_a_run_of_the_fault_suite_is_named():
    assert {run.error for run in RUNS.values() if run.error and f"{run.error}" not in TEXT} == set()


def test_every_error_that_can_end_an_execution_is_explained_and_no_other():
    assert documented() == possible()


def test_the_sweeps_own_error_exists():
    assert "class NotSwept(Exception)" in (ROOT / "functions" / "sweep.py").read_text()


def test_the_crawler_does_what_deleting_a_dataset_relies_on():
    crawler = template()["Resources"]["Crawler"]["Properties"]
    assert crawler["SchemaChangePolicy"]["DeleteBehavior"] == "LOG"
    tables = {target["Path"]["Fn::Sub"].rstrip("/").rsplit("/", 1)[1] for target in crawler["Targets"]["S3Targets"]}
    (shown,) = re.findall(r"^for table in (.+); do", TEXT, re.MULTILINE)
    assert set(shown.split()) == tables
    assert shown.split()[0] == "runs", "the commit goes first"


def test_every_output_and_parameter_that_is_named_exists():
    outputs = set(re.findall(r"<([A-Z]\w+)>", TEXT))
    assert outputs
    assert outputs <= set(template()["Outputs"])
    for name in ("ShardKilobytes", "MaxConcurrency", "WorkRetentionDays", "KmsKeyArn", "SweepAfterHours"):
        assert f"`{name}`" in TEXT
        assert name in template()["Parameters"]


def aws_commands(page: str) -> list[str]:
    """Each `aws SERVICE OPERATION` of a page with the options given to it."""
    blocks = re.findall(r"^```\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    found = [part for line in lines for part in re.split(r"; ?", line)]
    return [part[part.index("aws ") :] for part in found + re.findall(r"`(aws [^`]+)`", page) if "aws " in part]


def operations(service: str) -> dict[str, Any]:
    """Of a service as the CLI names it, the models of operations by the names that the CLI gives them."""
    model = botocore.session.Session().get_service_model("s3" if service == "s3api" else service)
    return {botocore.xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}


def commands_of_apis(page: str) -> set[tuple[str, str]]:
    """(service, operation) of what a page shows; `aws s3` is the CLI's own."""
    words = [command.split() for command in aws_commands(page)]
    return {(service, operation) for _, service, operation, *_ in words if service != "s3"}


def test_every_command_shown_is_one_that_the_cli_has():
    shown = commands_of_apis(TEXT)
    assert len(shown) > 5
    for service, operation in shown:
        assert operation in operations(service).keys() | OF_THE_CLI, f"aws {service} {operation}"


def test_the_costs_are_what_the_command_says():
    assert sections.read(ROOT / "docs" / "operations.md", "costs") == cost.default_tables()


def test_an_idle_month_costs_cents_beyond_what_every_account_has_free():
    """Twenty of them are two alarms beyond ten: docs/decisions/0081 and 0084."""
    items = cost.idle_month(stored_gb=1, key=False)
    assert 0 < sum(item.usd(free=True) for item in items) < 0.50
    alarms = [one for one in template()["Resources"].values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    assert [item.amount for item in items if item.price == "alarms"] == [len(alarms)]


@pytest.mark.parametrize(("amount", "free", "usd"), [(9, True, 0.0), (12, True, 0.2), (12, False, 1.2)])
def test_what_is_free_is_taken_off(amount, free, usd):
    assert cost.Item("alarms", amount, "alarms").usd(free) == pytest.approx(usd)


def test_more_megabytes_seconds_and_a_key_cost_more():
    def run(megabytes, seconds):
        return sum(item.usd() for item in cost.run(megabytes, seconds))

    assert run(100, 600) > run(1, 600) > run(1, 60)
    both = [sum(item.usd() for item in cost.idle_month(1, key)) for key in (True, False)]
    assert both[0] - both[1] == pytest.approx(1)
