"""The workflow runs targets that exist, with actions that nobody can move."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / ".github" / "workflows" / "test.yml"
TEXT = FILE.read_text()
JOBS = yaml.safe_load(TEXT)["jobs"]


def test_every_action_is_pinned_by_its_commit_and_names_its_version():
    actions = re.findall(r"uses: (.+)", TEXT)
    assert actions
    assert [action for action in actions if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)] == []


def test_every_command_is_a_target_of_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = [step["run"] for job in JOBS.values() for step in job["steps"] if "run" in step]
    assert {command.removeprefix("make ") for command in commands} <= targets


def test_the_long_suites_wait_for_the_linters():
    assert [step["run"] for step in JOBS["lint"]["steps"] if "run" in step] == ["make lint"]
    assert [JOBS[name]["needs"] for name in ("test", "coverage")] == ["lint", "lint"]


def test_coverage_runs_beside_the_suite_and_not_behind_it():
    runs = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in JOBS.items()}
    assert runs["test"] == ["make test"]
    assert runs["coverage"] == ["make coverage", "make test-browser"]
