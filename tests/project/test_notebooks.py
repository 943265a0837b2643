"""Notebooks are committed without what a run of them leaves, and what they name exists."""

import json
import re

import pytest

from tests.support.template import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CELLS = {file.name: json.loads(file.read_text())["cells"] for file in NOTEBOOKS}


def named(pattern: str) -> set[str]:
    texts = ["".join(cell["source"]) for cells in CELLS.values() for cell in cells if cell["cell_type"] == "markdown"]
    return {name for text in texts for name in re.findall(pattern, text)}


def test_both_notebooks_are_here_and_executed():
    assert list(CELLS) == ["by_hand.ipynb", "explore.ipynb"]
    suite = (ROOT / "tests" / "notebooks" / "test_notebooks.py").read_text()
    assert [name for name in CELLS if f'show("{name.removesuffix(".ipynb")}"' not in suite] == []


@pytest.mark.parametrize("name", CELLS)
def test_a_notebook_has_no_outputs_and_no_counts(name):
    """`.venv-notebooks/bin/jupyter nbconvert --clear-output --inplace notebooks/*.ipynb` takes them out."""
    code = [cell for cell in CELLS[name] if cell["cell_type"] == "code"]
    assert len(code) > 5
    assert [cell["id"] for cell in code if cell["outputs"] or cell["execution_count"] is not None] == []
    assert [cell["id"] for cell in CELLS[name] if cell["metadata"]] == []  # times of execution stand there


@pytest.mark.parametrize("name", CELLS)
def test_a_notebook_begins_with_its_title_and_explains_each_section(name):
    first, *rest = CELLS[name]
    assert "".join(first["source"]).startswith("# ")
    sections = ["".join(cell["source"]) for cell in rest if "".join(cell["source"]).startswith("## ")]
    assert len(sections) > 4
    assert [section for section in sections if not re.fullmatch(r"## .+\n\n.+", section, re.DOTALL)] == []


def test_what_they_name_exists():
    paths = named(r"`([a-z]\w*/[\w./]*)`") - {"incoming/"}  # a folder of the bucket
    assert {"queries/", "docs/querying.md", "examples/prices.csv"} <= paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert named(r"`make ([a-z-]+)`") <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    outputs = re.findall(r"^  (\w+):$", (ROOT / "template.yaml").read_text(), re.MULTILINE)
    assert named(r"output `(\w+)`") == {"AnalystPolicyArn"} <= set(outputs)
