"""Every file and folder that CONTRIBUTING.md names exists, and so does every target of the Makefile."""

import re

import pytest

from tests.support.template import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
PATHS = sorted(set(re.findall(r"`([\w.-]+/[\w./*-]*)`", TEXT)))  # a placeholder such as <step> is no path


def test_it_names_files_of_every_kind():
    folders = {path.split("/")[0] for path in PATHS}
    assert folders >= {"functions", "statemachine", "local", "tests", "queries", "training", "docs", "tools"}


@pytest.mark.parametrize("path", PATHS)
def test_each_path_exists(path):
    assert list(ROOT.glob(path.rstrip("/")))


def test_each_target_exists():
    named = set(re.findall(r"`make ([a-z-]+)`", TEXT))
    assert {"check", "test", "generate"} <= named
    assert named <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
