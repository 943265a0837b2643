"""What the README promises exists."""

import csv
import re
import subprocess
import sys

import pytest

from local import check
from stocks.schemas import SCHEMAS
from tests.corpus.forms import asia, crypto, english, europe, libraries, vendors
from tests.support.template import ROOT, template

README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def commands() -> list[str]:
    """Every command shown: in blocks, and inline where it begins with a program of ours."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return lines + re.findall(r"`((?:make|\.venv/bin/python|sam) [^`]+)`", README)


def test_every_make_target_exists():
    named = {word for line in commands() for word in re.findall(r"^make ([a-z-]+)", line)}
    assert {"run", "test"} <= named
    assert named <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_every_verb_of_the_laptop_cloud_exists():
    verbs = {verb for line in commands() for verb in re.findall(r"python -m local (\w+)", line)}
    assert verbs
    for verb in verbs:
        subprocess.run([sys.executable, "-m", "local", verb, "--help"], cwd=ROOT, check=True, capture_output=True)


def test_every_link_and_folder_exists():
    targets = re.findall(r"\]\(([^):]+)\)", README) + re.findall(r"^\| `([a-z]+/)` \|", README, re.MULTILINE)
    assert len(targets) > 10
    assert [target for target in targets if not (ROOT / target).exists()] == []


@pytest.mark.parametrize("table", ["predictions", "metrics"])
def test_the_columns_shown_are_those_of_the_tables(table):
    (shown,) = re.findall(rf"^\| `{table}` \|.*\| `([^`]+)` \|$", README, re.MULTILINE)
    keys: list[str] = {"predictions": [], "metrics": ["ticker", "model", "horizon"]}[table]
    assert keys + shown.split() == SCHEMAS[table].names


def test_the_outputs_named_are_those_of_the_stack():
    named = set(re.findall(r"<([A-Z]\w+)>", README))
    assert named
    assert named <= set(template()["Outputs"])


def test_the_files_said_to_be_read_are_those_of_the_corpus():
    shown = re.findall(r"^\| \[\w+\.py\]\(tests/corpus/forms/(\w+)\.py\) \| (.+) \|$", README, re.MULTILINE)
    modules = (english, vendors, libraries, crypto, europe, asia)
    written = {module.__name__.split(".")[-1]: [form.site for form in module.FORMS] for module in modules}
    assert {name: sites.split(" · ") for name, sites in shown} == written


def test_the_titles_are_in_as_many_languages_as_said():
    with (ROOT / "functions" / "stocks" / "reading" / "titles.csv").open(encoding="utf-8", newline="") as file:
        languages = {row["language"] for row in csv.DictReader(file)}
    assert f"in {len(languages)} languages" in README


def test_the_keys_of_a_check_are_those_shown():
    (section,) = re.findall(r"### What `check --json` prints\n(.*?)\n## ", README, re.DOTALL)
    first = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
    assert {key for cell in first for key in re.findall(r"`(\w+)`", cell)} == set(check.EMPTY)


def test_the_check_shown_is_what_it_prints():
    (shown,) = re.findall(r"^```\n(examples/prices\.csv: .*?)^```", README, re.MULTILINE | re.DOTALL)
    answer = check.check(str(ROOT / "examples" / "prices.csv")).answer
    assert shown.splitlines() == list(check.in_words("examples/prices.csv", answer))
