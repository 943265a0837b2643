"""The notebooks, whole and unchanged, against the laptop cloud: every cell runs, and what it shows is so."""

import json
import os
import shlex
import subprocess
import sys

import pytest

from tests.support.cloud import ROOT, as_csv

PROGRAM = ROOT / ".venv-notebooks" / "bin" / "jupyter"
pytestmark = pytest.mark.notebooks


@pytest.fixture(scope="module")
def published(cloud, prices):
    """A run of three tickers, one with a name that no SQL should stumble over; a script stands in for TensorFlow."""
    names = {"ALDER": "ALDER", "BRYNE": "O'HARA & SONS", "HOLT-B": "HOLT-B"}
    few = [row | {"ticker": names[row["ticker"]]} for row in prices if row["ticker"] in names]
    cloud.faults(scripted={"match": "-notebooks-"})
    ended = cloud.ended(cloud.upload("incoming/notebooks/prices.csv", as_csv(few)))
    cloud.faults()
    assert ended["status"] == "SUCCEEDED", ended


@pytest.fixture(scope="module")
def show(cloud, published, tmp_path_factory):
    """show(name) executes the notebook as `make test-notebooks` must: its cells, each with its outputs."""
    printed = subprocess.run(  # as a shell would take what `local env` prints
        ["/bin/bash", "-c", f'eval "$({shlex.quote(sys.executable)} -m local env)" && env -0'],
        env={**os.environ, "LOCAL_STATE": str(cloud.state)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    shell = dict(variable.split("=", 1) for variable in printed.split("\0") if variable)

    def execute(name: str, **variables: str) -> list[dict]:
        shown = tmp_path_factory.mktemp(name) / "shown.ipynb"
        ended = subprocess.run(
            [PROGRAM, "execute", f"--output={shown}", str(ROOT / "notebooks" / f"{name}.ipynb")],
            env={**shell, **variables},
            capture_output=True,
            text=True,
            timeout=550,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return [cell for cell in json.loads(shown.read_text())["cells"] if cell["cell_type"] == "code"]

    return execute


def pictures(cells: list[dict]) -> int:
    return sum("image/png" in output.get("data", {}) for cell in cells for output in cell["outputs"])


def text(cell: dict) -> str:
    found = [output["text"] if "text" in output else output["data"]["text/plain"] for output in cell["outputs"]]
    return "".join("".join(lines) for lines in found)


def that_says(cells: list[dict], words: str) -> str:
    """The text that the one cell shows whose source holds the words."""
    (cell,) = [cell for cell in cells if words in "".join(cell["source"])]
    return text(cell)


def test_explore_shows_the_run_its_ranges_and_what_came(cloud, published, show):
    cells = show("explore", TICKER="O'HARA & SONS")
    assert pictures(cells) == 2
    assert that_says(cells, "DATASET = ") == "'notebooks'"
    leaderboard = that_says(cells, "from leaderboard")
    assert all(model in leaderboard for model in ("naive", "drift", "random_forest", "lstm", "forecast"))
    assert "No live forecast has been scored yet" in that_says(cells, 'held80"].rolling')


def test_by_hand_trains_serves_and_measures_as_the_machine_does(cloud, published, show):
    cells = show("by_hand")
    assert pictures(cells) == 1
    assert "763104351884.dkr.ecr" in that_says(cells, "training_image, inference_image = ")
    measured = that_says(cells, "measured.pivot")
    assert all(model in measured for model in ("naive", "drift", "random_forest", "lstm", "forecast"))
    assert that_says(cells, "client.delete_endpoint,") == "[]"


def test_by_hand_leaves_nothing_that_costs_money(cloud, published, show):
    assert cloud.left_in_sagemaker() == {}
    roles = cloud.client("iam").list_roles()["Roles"]
    assert [role["RoleName"] for role in roles if role["RoleName"].startswith("by-hand")] == []
