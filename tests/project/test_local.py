"""The laptop cloud's README and the names of its files."""

import re

import pytest

from stockcast.parser import COMMANDS
from tests.support.template import ROOT

LOCAL = ROOT / "local"
README = (LOCAL / "README.md").read_text()
SERVICES = ("athena", "crawler", "lambdas", "machine", "sagemaker")


@pytest.mark.parametrize("service", SERVICES)
def test_services_use_one_name_for_one_role(service):
    files = {file.name for file in (LOCAL / service).iterdir()}
    assert {"__init__.py", "api.py", "models.py"} <= files
    assert "errors.py" in files or service == "lambdas"
    assert "def install()" in (LOCAL / service / "api.py").read_text()


def test_the_readme_names_files_that_exist():
    names = set(re.findall(r"(?:[a-z_]+/)*[a-z_0-9]+\.py", README))
    assert len(names) > 10
    assert [name for name in sorted(names) if not (ROOT / name).exists() and not list(LOCAL.rglob(name))] == []


def test_the_readme_describes_every_folder():
    folders = {folder.name for folder in LOCAL.iterdir() if (folder / "__init__.py").exists()}
    assert [folder for folder in sorted(folders) if f"`{folder}/`" not in README] == []


def test_the_readme_shows_every_command():
    modules = {file.stem for file in (ROOT / "stockcast").glob("*.py") if "\ndef command(" in file.read_text()}
    assert {name.replace("-", "_") for name in COMMANDS} == modules
    assert set(re.findall(r"^stockcast ([a-z-]+)", README, re.MULTILINE)) == set(COMMANDS)
