"""The notebooks, whole and unchanged, against the laptop cloud: every cell runs, and what it shows is so."""

import io
import json
import os
import re
import shlex
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from tests.support import csv_files, lived
from tests.support.cloud import ROOT, as_csv
from tests.support.eventually import eventually

PROGRAM = ROOT / ".venv-notebooks" / "bin" / "jupyter"
MODELS = ("naive", "drift", "random_forest", "lstm", "forecast")
DAYS = 8  # of the live record
pytestmark = [pytest.mark.notebooks, pytest.mark.timeout(1800)]  # the first waits for a cloud and for three runs


def of_the_example(prices) -> bytes:
    """Three tickers, one with a name that no SQL should stumble over."""
    names = {"ALDER": "ALDER", "BRYNE": "O'HARA & SONS", "HOLT-B": "HOLT-B"}
    return as_csv([row | {"ticker": names[row["ticker"]]} for row in prices if row["ticker"] in names])


def short() -> bytes:
    """One ticker, too short for an LSTM, with signs that a chart's title could take for a formula."""
    return csv_files.csv(csv_files.bars("$SOLO_^1$", 3, 160))


def sparse() -> bytes:
    """A ticker whose only row of the test period is the last day, beside one that has them all."""
    few = csv_files.bars("SPARSE", 2, 300).iloc[[*range(150), 299]]
    return csv_files.csv(csv_files.bars("LONG", 1, 300), few)


@pytest.fixture(scope="module")
def published(cloud, prices):
    """Runs of three datasets; a script stands in for TensorFlow where an LSTM is trained."""
    cloud.faults(scripted={"match": "-notebooks-"})
    files = {"notebooks": of_the_example(prices), "short": short(), "sparse": sparse()}
    for dataset, file in files.items():
        ended = cloud.ended(cloud.upload(f"incoming/{dataset}/prices.csv", file))
        assert ended["status"] == "SUCCEEDED", ended
    cloud.faults()


@pytest.fixture(scope="module")
def recorded(cloud, published):
    """The dataset `daily` with its live record, in the lake and in the catalog; of each table the files' bodies."""
    lake, bucket = lived.lake(("ALDER", "BRYNE"), DAYS), cloud.outputs()["LakeBucket"]
    for key, body in lake.items():
        cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
    glue, crawler = cloud.client("glue"), cloud.outputs()["CrawlerName"]
    glue.start_crawler(Name=crawler)
    ended = eventually(lambda: glue.get_crawler(Name=crawler)["Crawler"], done=lambda one: one["State"] == "READY")
    assert ended["LastCrawl"]["Status"] == "SUCCEEDED", ended
    return lake


@pytest.fixture(scope="module")
def shell(cloud):
    """The variables of a shell that took what `stockcast env` prints."""
    printed = subprocess.run(
        ["/bin/bash", "-c", f'eval "$({shlex.quote(sys.executable)} -m local env)" && env -0'],
        env={**os.environ, "LOCAL_STATE": str(cloud.state)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return dict(variable.split("=", 1) for variable in printed.split("\0") if variable)


@pytest.fixture(scope="module")
def show(shell, published, tmp_path_factory):
    """show(name) executes the notebook, as it is, with these variables: its cells of code, each with its outputs."""

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


@pytest.fixture(scope="module")
def explored(cloud, show):
    """explored(DATASET=...) executes explore.ipynb as a user who has the stack's policy for analysts, and no other."""
    iam = cloud.client("iam")
    iam.create_user(UserName="analyst")
    iam.attach_user_policy(UserName="analyst", PolicyArn=cloud.outputs()["AnalystPolicyArn"])
    key = iam.create_access_key(UserName="analyst")["AccessKey"]
    keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    return lambda **variables: show("explore", **keys, **variables)


def pictures(cells: list[dict]) -> int:
    return sum("image/png" in output.get("data", {}) for cell in cells for output in cell["outputs"])


def text(cell: dict) -> str:
    found = [output["text"] if "text" in output else output["data"]["text/plain"] for output in cell["outputs"]]
    return "".join("".join(lines) for lines in found)


def that_says(cells: list[dict], words: str) -> str:
    """The text that the one cell shows whose source holds the words."""
    (cell,) = [cell for cell in cells if words in "".join(cell["source"])]
    return text(cell)


def test_explore_shows_the_run_and_its_ranges(explored):
    cells = explored(DATASET="notebooks", TICKER="O'HARA & SONS")
    assert pictures(cells) == 2
    datasets = [line.split()[1] for line in that_says(cells, "runs = ").splitlines()[1:]]
    assert datasets[-3:] == ["notebooks", "short", "sparse"]
    assert that_says(cells, "DATASET = ") == "'notebooks'"
    leaderboard = that_says(cells, "from leaderboard")
    assert all(model in leaderboard for model in MODELS)
    assert "No live forecast has been scored yet" in that_says(cells, "scored = ")


def test_explore_shows_one_short_ticker_without_an_lstm(explored):
    cells = explored(DATASET="short")
    assert pictures(cells) == 2
    lstm = [line.split() for line in that_says(cells, "from leaderboard").splitlines() if " lstm " in line]
    assert [line[3:] for line in lstm] == [["NaN"] * 3] * 3


def test_explore_says_that_a_ticker_has_no_test_days(explored):
    cells = explored(DATASET="sparse", TICKER="SPARSE")
    assert pictures(cells) == 1
    assert that_says(cells, "backtest = ") == "SPARSE has no days in the test period.\n"


def held(lake: dict[str, bytes], low: str, high: str) -> float:
    """The percentage of prices within the ranges of one day ahead, by the lake's files alone."""

    def rows(part: str) -> list[list[dict]]:
        return [pq.read_table(io.BytesIO(body)).to_pylist() for key, body in lake.items() if part in key]

    said = {(row["ticker"], row["target_date"]): row for run in rows("/future-") for row in run if row["horizon"] == 1}
    real = {(row["ticker"], row["date"]): row["adjclose"] for row in rows("prices/")[-1]}
    within = [said[key][low] <= price <= said[key][high] for key, price in real.items() if key in said]
    assert len(within) == 2 * DAYS
    return 100 * sum(within) / len(within)


def test_explore_draws_the_live_record(recorded, explored):
    cells = explored(DATASET="daily")
    assert pictures(cells) == 3
    ((_, horizon, forecasts, held80, held95), *_) = [
        line.split() for line in that_says(cells, "record = ").splitlines()[1:]
    ]
    assert (horizon, forecasts) == ("1", str(2 * DAYS))
    assert float(held80) == pytest.approx(held(recorded, "p10", "p90"), abs=1e-3)
    assert float(held95) == pytest.approx(held(recorded, "p025", "p975"), abs=1e-3)


@pytest.mark.parametrize(
    ("variables", "said"),
    [({"DATASET": "prises"}, "prises is no dataset"), ({"DATASET": "short", "TICKER": "NONE"}, "NONE has no forecast")],
    ids=["dataset", "ticker"],
)
def test_explore_says_what_it_does_not_find(explored, variables, said):
    with pytest.raises(AssertionError, match=re.escape(said)):
        explored(**variables)


def test_by_hand_trains_serves_and_measures_as_the_machine_does(cloud, show):
    cells = show("by_hand")
    assert pictures(cells) == 1
    assert "763104351884.dkr.ecr" in that_says(cells, "def containers")
    measured = that_says(cells, "errors = measured.pivot")
    assert all(model in measured for model in MODELS)
    beside = dict(line.split()[:2] for line in that_says(cells, "beside = ").splitlines()[2:])
    assert beside["naive"] == "1.0000"
    assert 0.9 < float(beside["forecast"]) < 1.1 < float(beside["random_forest"])
    assert that_says(cells, "sagemaker_api.delete_endpoint,") == ""
    assert cloud.left_in_sagemaker() == {}
    roles = cloud.client("iam").list_roles()["Roles"]
    assert [role["RoleName"] for role in roles if role["RoleName"].startswith("by-hand")] == []
