"""What must not be published: one clear reason, nothing in the tables, nothing that costs money."""

import json

import pytest

from tests.support.cloud import as_csv

TABLES = ("predictions/", "metrics/", "runs/", "prices/", "tickers/", "published/")


def published(cloud, dataset: str) -> list[str]:
    return [key for table in TABLES for key in cloud.keys("LakeBucket", f"{table}dataset={dataset}/")]


def with_bad_rows(rows: list[dict]) -> bytes:
    """Every twentieth row has no price."""
    return as_csv([row | {"adjclose": ""} if number % 20 == 7 else row for number, row in enumerate(rows)])


BAD_FILES = {
    "incoming/header/prices.csv": (
        lambda rows: b"ticker,quarter,price\nA,2024Q1,1\n",
        "no column date; name the column of days date",
    ),
    "incoming/empty/prices.csv": (lambda rows: b"", "empty"),
    "incoming/excel/prices.xlsx": (lambda rows: b"PK\x03\x04" + bytes(100), "a spreadsheet; save its sheet as CSV"),
    "incoming/prices.csv": (as_csv, "not directly in the folder of a dataset"),
    "incoming/holes/prices.csv": (with_bad_rows, "adjclose"),
}


@pytest.fixture(scope="module")
def rejections(cloud, prices):
    arns = {key: cloud.upload(key, body(prices)) for key, (body, _) in BAD_FILES.items()}
    return {key: cloud.ended(arn) for key, arn in arns.items()}


@pytest.mark.parametrize("key", BAD_FILES)
def test_a_bad_file_fails_with_one_clear_reason(rejections, key):
    assert rejections[key]["status"] == "FAILED"
    assert rejections[key]["error"] == "RejectedFile"
    cause = rejections[key]["cause"]
    assert BAD_FILES[key][1] in cause
    assert key in cause
    assert "Traceback" not in cause
    assert "{" not in cause


def test_bad_files_publish_nothing(cloud, rejections):
    assert [published(cloud, dataset) for dataset in ("header", "empty", "excel", "holes")] == [[], [], [], []]
    assert cloud.left_in_sagemaker() == {}


def test_rejected_rows_are_listed_with_their_lines(cloud, rejections, prices):
    (key,) = cloud.keys("LakeBucket", "rejected/dataset=holes/")
    body = cloud.client("s3").get_object(Bucket=cloud.outputs()["LakeBucket"], Key=key)["Body"].read().decode()
    header, *rows, verdict = body.splitlines()
    assert header.split(",")[:2] == ["line", "reason"]
    assert len(rows) == len(range(7, len(prices), 20))
    assert rows[0].startswith(f"{7 + 2},")
    assert "adjclose is empty" in rows[0]
    assert "623 of 12,454 rows cannot be used, 1.00% may be bad" in verdict


def test_the_topic_hears_the_reason(cloud, rejections):
    told = (cloud.state / "logs" / "notifications.log").read_text()
    for key in BAD_FILES:
        assert rejections[key]["cause"] in told


def test_a_failed_training_job_ends_the_run_with_its_reason(cloud, few):
    cloud.faults(training_fails={"reason": "ValueError: the loss is not a number", "times": 1})
    arn = cloud.upload("incoming/unlucky/prices.csv", as_csv(few))
    ended = cloud.ended(arn)
    assert ended["status"] == "FAILED"
    assert ended["error"] == "TrainingFailed"
    assert "ValueError: the loss is not a number" in ended["cause"]
    assert published(cloud, "unlucky") == []
    assert cloud.left_in_sagemaker() == {}
    assert json.loads(ended["input"])["detail"]["object"]["key"] == "incoming/unlucky/prices.csv"
