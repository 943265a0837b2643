"""The scenarios of the contract of datasets: each has a test that begins with its number."""

import re

from tests.support.template import ROOT

COUNT = 54


def test_each_scenario_of_a_dataset_has_a_test_of_its_number():
    named = {
        int(number)
        for file in (ROOT / "tests").rglob("test_*.py")
        for number in re.findall(r"^def test_(\d+)_\w+\(", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert sorted(set(range(1, COUNT + 1)) - named) == []
