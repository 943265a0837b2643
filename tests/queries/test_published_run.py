"""The main job, from a CSV to tables, through the real template on the laptop cloud."""

import csv
import dataclasses
import datetime
import io
import json
import re
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from stocks import contract, schemas
from tests.support.cloud import ROOT, as_csv

HORIZONS = [1, 5, 20]
FORECAST = ["ALDER", "BRYNE", "CORVO", "DUNMORE", "ELMET", "FARROW", "GANNET", "HOLT-B", "IVORY", "JAJIL.CQ"]
FORECASTS = [*contract.MODELS, *contract.QUANTILES, "expected_move"]
NOTE = "may be chance"


@dataclasses.dataclass(frozen=True)
class Run:
    out: Path
    printed: str

    def table(self, name: str) -> pd.DataFrame:
        return pq.read_table(self.out / name).to_pandas()

    def run_id(self) -> str:
        found = re.search(r"^run (\S+)$", self.printed, re.MULTILINE)
        assert found, self.printed
        return found[1]


def forecast(cloud, folder: Path, dataset: str, rows: list[dict]) -> Run:
    """What a user does and gets; nothing may be left in SageMaker."""
    (folder / "prices.csv").write_bytes(as_csv(rows))
    done = cloud.local("run", folder / "prices.csv", "--dataset", dataset, "--out", folder / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert cloud.left_in_sagemaker() == {}
    return Run(folder / "out", done.stdout)


@pytest.fixture(scope="module")
def run(cloud, prices, tmp_path_factory):
    return forecast(cloud, tmp_path_factory.mktemp("run"), "first", prices)


def test_the_tables_have_the_columns_and_types_of_the_design(run):
    for name in ("predictions", "metrics", "runs", "tickers"):
        for part in (run.out / name).glob("*.parquet"):
            assert pq.read_schema(part).equals(schemas.SCHEMAS[name]), part


def test_every_ticker_has_every_horizon_in_test_and_future(run):
    found = run.table("predictions").groupby(["ticker", "horizon", "split"]).size().unstack("split")
    assert list(found.index.get_level_values("ticker").unique()) == FORECAST
    assert (found["future"] == 1).all()
    days = found["test"].unstack("horizon")
    assert (days[1] - days[5] == 4).all()
    assert (days[1] - days[20] == 19).all()


def test_what_happened_is_null_only_in_the_future(run):
    predictions = run.table("predictions")
    assert (predictions["actual"].isna() == (predictions["split"] == "future")).all()
    assert not predictions[FORECASTS].isna().any().any()


def test_the_prices_are_those_of_the_file(run, prices):
    given = {(row["ticker"], row["date"]): float(row["adjclose"]) for row in prices}
    for row in run.table("predictions").itertuples():
        assert row.naive == given[row.ticker, row.origin_date.isoformat()]
        if row.split == "test":
            assert row.actual == given[row.ticker, row.target_date.isoformat()]


def test_the_quantiles_are_in_order(run):
    quantiles = run.table("predictions")[list(contract.QUANTILES)].to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()


def test_the_table_shows_the_forest_to_be_bad_and_the_lstm_and_the_forecast_not(run):
    pooled = run.table("metrics").query("ticker == '*' and horizon == 1").set_index("model")["rmse_vs_naive"]
    assert pooled["naive"] == 1
    assert pooled["lstm"] <= 1.05
    assert pooled["forecast"] <= 1.001
    assert pooled["random_forest"] > 2


def test_the_documents_show_what_a_run_and_a_query_print(cloud, run):
    """Digit by digit where nothing is learnt; what the LSTM learns may differ a little between processors, and what
    may be chance with it."""
    documents = "".join((ROOT / name).read_text() for name in ("README.md", "docs/results.md", "docs/querying.md"))
    (query,) = re.findall(r'^\.venv/bin/stockcast query "(select[^"]+)"', documents, re.MULTILINE)
    answer = cloud.local("query", query.replace("where", "where dataset = 'first' and"))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    shown, printed = table_rows(documents), table_rows(run.printed + answer.stdout)
    assert len(shown) == 10 + 15 + 3 + 10
    assert shown.keys() == printed.keys()
    for key in shown:
        learnt = bool({"lstm", "forecast"} & set(key)) or key[0] in FORECAST
        numbers, got = ([one for one in row[key] if one != NOTE] for row in (shown, printed))
        assert got == pytest.approx(numbers, rel=0.02 if learnt else 1e-9), key
        assert learnt or (NOTE in shown[key]) == (NOTE in printed[key]), key


def test_the_readme_shows_how_a_run_ends(run):
    (shown,) = re.findall(r"```\n(10 tickers: .*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    printed = run.printed[run.printed.index("10 tickers: ") :]
    assert without_names(shown, "prices") == without_names(printed, "first")


def without_names(text: str, dataset: str) -> list[str]:
    """The lines without what differs: dataset, folders, ids, ports, and how the command was typed."""
    for pattern, name in (
        (rf"(?<=: )/\S*/out(?:/{dataset})?(?=[ /\n])", "OUT"),
        (rf"{dataset}-[0-9a-f]{{12}}", "RUN"),
        (rf"(?<='){dataset}(?=')|(?<=incoming/){dataset}(?=/)", "DATASET"),
        (r"incoming-[0-9a-f]{8}", "BUCKET"),
        (r"127\.0\.0\.1:\d+", "CLOUD"),
        (r"\.venv/bin/stockcast", "stockcast"),
    ):
        text = re.sub(pattern, name, text)
    return text.splitlines()


def table_rows(text: str) -> dict[tuple[str, str], list[float | str]]:
    """The numbers and notes of the rows of all tables, by the first two cells, of which the second may be a number."""
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in text.splitlines() if line.startswith("│")]
    found = {}
    for first, second, *rest in rows:
        is_number = re.fullmatch(r"[\d.,]+( %)?", second)
        numbers = [second, *rest] if is_number else rest
        found[first, "" if is_number else second] = [
            cell if cell == NOTE else float(cell.removesuffix(" %").replace(",", "")) for cell in numbers if cell
        ]
    return found


QUESTIONS = re.findall(
    r"^\*\*(\d+)\. .*?```sql\n(.*?)```\n\n(.*?)\n\n", (ROOT / "docs/results.md").read_text(), re.MULTILINE | re.DOTALL
)


def test_there_are_ten_questions():
    assert [number for number, _, _ in QUESTIONS] == [str(number) for number in range(1, 11)]


@pytest.mark.parametrize(("number", "query", "shown"), QUESTIONS)
def test_a_question_of_the_documents_has_the_answer_that_they_show(cloud, run, number, query, shown):
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in shown.splitlines())
    asked = cloud.local("query", query.replace("'prices'", "'first'"), "--csv")
    assert asked.returncode == 0, asked.stdout + asked.stderr
    columns, *answered = csv.reader(asked.stdout.splitlines())
    assert columns == head
    for printed, expected in zip(answered, rows, strict=True):
        for cell, one in zip(printed, expected, strict=True):
            is_number = re.fullmatch(r"-?[\d.]+", one)
            assert (float(cell) if is_number else cell) == (pytest.approx(float(one), rel=0.02) if is_number else one)


def test_the_metrics_are_those_of_the_predictions(run):
    predictions = run.table("predictions").query("split == 'test'")
    metrics = run.table("metrics").set_index(["ticker", "model", "horizon"])
    for (ticker, horizon), rows in predictions.groupby(["ticker", "horizon"]):
        error = rows["drift"] - rows["actual"]
        assert metrics.loc[(ticker, "drift", horizon), "rmse"] == pytest.approx(np.sqrt((error**2).mean()))
        assert metrics.loc[(ticker, "drift", horizon), "mae"] == pytest.approx(error.abs().mean())


def test_one_row_tells_of_the_run(run, prices):
    (row,) = run.table("runs").to_dict("records")
    assert row["source_key"] == "incoming/first/prices.csv"
    assert (row["rows"], row["rejected_rows"], row["tickers"]) == (len(prices), 0, 10)
    assert (row["term"], row["files"], row["base_run"], len(row["new_files"])) == (1, 1, "", 1)
    assert row["shards"] == 4
    assert row["train_seconds"] > 0
    assert row["endpoint_seconds"] > 0
    assert row["cost_usd"] > 0
    assert len(row["gates"]) == 3
    assert row["schema"] == contract.SCHEMA


def test_every_ticker_has_its_row_with_what_became_of_it(run, prices):
    tickers = run.table("tickers").set_index("ticker")
    assert tickers["status"].to_dict() == dict.fromkeys(FORECAST, "forecast") | {"KESTREL": "skipped"}
    assert "before the test period" in tickers.loc["KESTREL", "reason"]
    assert tickers["rows"].to_dict() == dict(Counter(row["ticker"] for row in prices))
    assert set(tickers["basis"]) == {1.0}


def test_the_report_stands_alone_and_names_every_ticker(run):
    page = (run.out / "report.html").read_text()
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)
    for ticker in [*FORECAST, "KESTREL"]:
        assert ticker in page


def test_the_model_in_the_lake_recomputes_the_forecasts(cloud, run, prices, tmp_path):
    import tensorflow as tf

    (key,) = cloud.keys("LakeBucket", f"models/dataset=first/run_id={run.run_id()}/")
    packed = cloud.client("s3").get_object(Bucket=cloud.outputs()["LakeBucket"], Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(tmp_path, filter="data")
    evidence = json.loads((tmp_path / "evidence.json").read_text())
    assert set(evidence["gates"]) == {"1", "5", "20"}
    (row,) = run.table("runs").to_dict("records")
    assert evidence["image"] == row["training_image"]
    assert evidence["image"].partition("/")[2].startswith("tensorflow-training")
    # The laptop resolves no tag: it knows the digest of a container that the stack names by one.
    digest = row["inference_image"].partition("@")[2]
    assert json.loads(row["parameters"]).get("inference_digest", "") == digest
    serve = tf.saved_model.load(tmp_path / "1").signatures["serving_default"]
    for ticker, published in run.table("predictions").groupby("ticker"):
        rows = [row for row in prices if row["ticker"] == ticker]
        series = {name: tf.constant([[float(row[name]) for row in rows]]) for name in ("adjclose", "high", "low")}
        (answer,) = serve(**series).values()
        day = {datetime.date.fromisoformat(row["date"]): number - 119 for number, row in enumerate(rows)}
        for row in published.itertuples():
            expected = answer.numpy()[0, day[row.origin_date], HORIZONS.index(row.horizon)]
            for name in ("lstm", "forecast", "p50", "expected_move"):
                assert getattr(row, name) == pytest.approx(expected[contract.OUTPUTS.index(name)], rel=2e-6), name


def test_the_working_files_of_training_are_all_it_can_see(cloud, run):
    shards = cloud.keys("WorkBucket", f"runs/{run.run_id()}/shards/")
    assert [Path(key).name for key in shards] == [f"{number:05d}.npz" for number in range(4)]


def stored(cloud) -> list[dict]:
    """What the lake holds beside leases and plans, which tell of executions that found nothing new, too."""
    pages = cloud.client("s3").get_paginator("list_objects_v2").paginate(Bucket=cloud.outputs()["LakeBucket"])
    every = [item for page in pages for item in page["Contents"]]
    return [item for item in every if not item["Key"].startswith(("leads/", "plans/"))]


def test_the_same_event_again_changes_nothing(cloud, run):
    (first,) = (
        one for one in cloud.executions() if one["input"]["detail"]["object"]["key"].startswith("incoming/first")
    )
    before = stored(cloud)
    again = cloud.client("stepfunctions").start_execution(
        stateMachineArn=cloud.outputs()["StateMachineArn"], input=json.dumps(first["input"])
    )
    ended = cloud.ended(again["executionArn"])
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"])["status"] == "current"
    assert {"Merge", "Start training"}.isdisjoint(
        event["stateEnteredEventDetails"]["name"]
        for event in cloud.history(again["executionArn"])
        if "stateEnteredEventDetails" in event
    )
    assert stored(cloud) == before


def test_the_run_made_again_gives_the_same_bytes_and_leaves_nothing(cloud, run):
    """Training and the endpoint are those of the stack, under its roles; the steps run in the command's process."""
    before = {bucket: cloud.keys(bucket, "") for bucket in ("WorkBucket", "LakeBucket")}, cloud.lease("first")
    done = cloud.local("replay", run.run_id())
    assert done.returncode == 0, done.stdout + done.stderr
    parts = "prices, tickers, metrics, predictions of the test period, predictions of days to come"
    assert done.stdout.splitlines()[-1] == f"the same bytes: {parts}"
    assert ({bucket: cloud.keys(bucket, "") for bucket in ("WorkBucket", "LakeBucket")}, cloud.lease("first")) == before
    assert cloud.left_in_sagemaker() == {}
