"""Who may import what, and what the deployed code must not know."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.template import ROOT

FUNCTIONS = sorted((ROOT / "functions").rglob("*.py"))
DEPLOYED = [
    *(
        file
        for folder in ("functions", "statemachine", "training", "layers")
        for file in sorted((ROOT / folder).rglob("*"))
    ),
    ROOT / "template.yaml",
]
SOURCES = [
    file for file in DEPLOYED if file.suffix in (".py", ".json", ".yaml", ".js", ".css", ".html", ".in", ".txt", "")
]
LAPTOP = re.compile(r"ministack|moto|localstack|localhost|127\.0\.0\.1|endpoint_url|is_local|laptop", re.IGNORECASE)
AWS = {"boto3", "botocore", "aws", "aws_lambda_powertools"}
HANDLERS = {file.stem for file in FUNCTIONS if file.parent.name == "functions"}
HEAVY = {"pandas", "tensorflow", "sagemaker"}


def short(file: Path) -> str:
    return str(file.relative_to(ROOT))


def imported(source: str) -> set[str]:
    """The top-level packages that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(str(node.module).split(".")[0])
    return found


@pytest.mark.parametrize("file", FUNCTIONS, ids=short)
def test_domain_modules_do_not_know_aws(file):
    if "stocks" in file.parts:
        assert imported(file.read_text()) & (AWS | HANDLERS | {"common"}) == set()


def test_no_handler_and_no_module_of_common_imports_a_handler():
    assert {"split", "notify", "find_run"} <= HANDLERS
    for file in FUNCTIONS:
        if "stocks" not in file.parts:  # where a domain module may be named like the handler that calls it
            assert imported(file.read_text()) & HANDLERS == set(), short(file)


@pytest.mark.parametrize("file", FUNCTIONS, ids=short)
def test_only_one_module_makes_clients(file):
    if file.name != "aws.py":
        assert "boto3" not in imported(file.read_text())
        assert not re.search(r"\.(resource|client)\(|\b(from common\.aws import)\b", file.read_text())


@pytest.mark.parametrize("file", FUNCTIONS, ids=short)
def test_no_lambda_imports_what_does_not_fit_into_one(file):
    assert imported(file.read_text()) & HEAVY == set()


@pytest.mark.parametrize("file", [file for file in SOURCES if file.is_file()], ids=short)
def test_what_is_deployed_knows_nothing_of_the_laptop(file):
    if "__pycache__" not in file.parts:
        assert [line for line in file.read_text().splitlines() if LAPTOP.search(line)] == []


def test_training_knows_nothing_of_lambda():
    for file in (ROOT / "training").glob("*.py"):
        assert imported(file.read_text()) & (AWS | HANDLERS | {"common", "stocks"}) == set(), file.name


def test_settings_are_read_when_a_handler_runs_and_not_at_import():
    for file in FUNCTIONS:
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr):
                assert "os.environ" not in ast.unparse(node), short(file)
                assert "settings()" not in ast.unparse(node), short(file)
