"""The list in docs/architecture.md of what AWS does otherwise: each row has a mend, and tests or why there are none."""

import re

import pytest

from tests.support.template import ROOT

SECTION = (
    (ROOT / "docs" / "architecture.md").read_text().partition("\n## What AWS does and the laptop does not show\n")[2]
)
ROWS = [line.strip("| ").split(" | ") for line in SECTION.splitlines() if line.startswith("| ")][1:]
TESTS = {
    name
    for file in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)\(", file.read_text(), re.MULTILINE)
}


def test_the_list_is_read():
    assert len(ROWS) >= 14
    assert len(TESTS) > 1000


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_a_finding_has_a_mend_and_tests_that_exist_or_says_why_there_are_none(row):
    _, mend, proof = row
    assert len(mend) > 20
    named = re.findall(r"`(test_\w+)`", proof)
    assert [name for name in named if name not in TESTS] == []
    assert bool(named) != proof.startswith("none: ")
