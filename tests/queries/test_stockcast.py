"""The command stockcast on a published run: what it says, finds and deletes."""

import json
import re
from collections.abc import Iterator

import pytest

from stocks.schemas import CRAWLED
from tests.support.cloud import ROOT
from tools.aws import forget

DATASET = "typed"


@pytest.fixture(scope="module")
def out(cloud, tmp_path_factory):
    """The folder of results of a dataset that was run from a folder of files, one of which cannot be used."""
    folder = tmp_path_factory.mktemp("files of a run")
    (folder / "in").mkdir()
    (folder / "in" / "good one.csv").write_bytes((ROOT / "examples" / "prices.csv").read_bytes())
    (folder / "in" / "bad.csv").write_text("date,ticker\n2024-01-02,A\n")
    done = cloud.local("run", folder / "in", "--dataset", DATASET, "--out", folder / "my out")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "bad.csv: refused: line 1: the header" in done.stdout
    assert "SUCCEEDED after" in done.stdout
    assert f"files: {folder / 'my out'} has forecast.csv and results.duckdb, too" in done.stdout
    return folder / "my out"


def said(cloud, *words, code: int = 0) -> str:
    done = cloud.local(*words)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_folder_of_results_has_what_programs_for_people_read(out):
    assert {"report.html", "forecast.csv", "results.duckdb", "prices", "rejected"} <= {
        file.name for file in out.iterdir()
    }
    assert len((out / "forecast.csv").read_text().splitlines()) == 1 + 10 * 3


def test_status_runs_and_dataset_tell_of_the_run(cloud, out):
    assert re.search(rf"│ {DATASET} +│ {DATASET}-[0-9a-f]{{12}} +│ +│", said(cloud, "status"))
    (row,) = [line for line in said(cloud, "runs", DATASET).splitlines() if "good one.csv" in line]
    assert "published" in row
    shown = said(cloud, "dataset", DATASET)
    assert "good one.csv" in shown
    assert "led by nobody: nothing runs" in shown
    assert "did you mean typed?" in said(cloud, "dataset", "typd", code=1)
    assert "did you mean typed?" in said(cloud, "runs", "typd")


def test_follow_says_that_nothing_runs_and_how_the_last_one_ended(cloud, out):
    assert re.search(rf"nothing runs of {DATASET}; the last one.*ended as published", said(cloud, "follow", DATASET))
    assert "nothing runs of other, and no execution of other is known" in said(cloud, "follow", "other", code=1)


def test_the_report_is_fetched_and_named(cloud, out, tmp_path):
    shown = said(cloud, "open", DATASET, "--no-browser", "--out", tmp_path / "a b").strip()
    assert (tmp_path / "a b" / "report.html").read_bytes() == (out / "report.html").read_bytes()
    assert shown == str(tmp_path / "a b" / "report.html")
    assert "no run of typd is published yet; did you mean typed?" in said(cloud, "open", "typd", code=1)


def test_logs_are_listed_and_shown_by_the_names_of_steps(cloud, out):
    listed = said(cloud, "logs")
    assert {"split", "publish", "cloud", "training"} <= set(re.findall(r"^  (\S+) ", listed, re.MULTILINE))
    assert len(said(cloud, "logs", "split", "--lines", "2").splitlines()) == 2
    assert "epoch" in said(cloud, "logs", "training")
    assert "there is no log spilt; did you mean split" in said(cloud, "logs", "spilt", code=1)


def test_the_vertical_form_is_that_of_the_page(cloud, out):
    page = (ROOT / "docs" / "querying.md").read_text()
    (shown,) = re.findall(r"```\n(-- row 1\n.*?)```", page, re.DOTALL)
    sql = (
        (ROOT / "queries" / "01_next_day.sql")
        .read_text()
        .replace("horizon = 1", f"horizon = 1 and dataset = '{DATASET}'")
    )
    printed = said(cloud, "query", sql, "--limit", "1", "--vertical")
    names = [line.split()[0] for line in shown.splitlines()]
    assert [line.split()[0] for line in printed.splitlines()] == names
    assert printed.splitlines()[2:4] == shown.splitlines()[2:4]


def test_what_athena_refuses_is_said_in_its_words(cloud, out):
    assert said(cloud, "query", "select 1/0", code=1) == "error: DIVISION_BY_ZERO: Division by zero\n"
    assert "did you mean next_day?" in said(cloud, "query", "nextday", code=1)


def everything(cloud) -> dict[str, set[tuple[str, str, str]]]:
    """Keys, versions and hashes of what the stack's buckets hold."""
    found = {}
    for bucket in ("IncomingBucket", "LakeBucket", "WorkBucket"):
        pages = cloud.client("s3").get_paginator("list_object_versions").paginate(Bucket=cloud.outputs()[bucket])
        versions = [one for page in pages for one in page.get("Versions", [])]
        found[bucket] = {(one["Key"], one["VersionId"], one["ETag"]) for one in versions}
    return found


def of_dataset(key: str) -> bool:
    return bool(re.search(rf"(^|[/=]){DATASET}([./]|$)|^runs/{DATASET}-[0-9a-f]{{12}}/", key))


LIKE_IT = (f"{DATASET}-two", f"{DATASET}two", f"{DATASET}-0123456789ab")  # the last is named as one of its runs is
OF_NOBODY = (f"{DATASET}/notes.txt", f"{DATASET}.csv", f"mine/dataset={DATASET}/a")  # in no folder of the product


@pytest.fixture
def neighbours(cloud, out) -> Iterator[None]:
    """Other datasets whose names begin like its own, with objects wherever a dataset has some, and files of nobody.

    They go again, because other tests' crawls would fail at what is no Parquet.
    """
    arn = cloud.upload(f"incoming/{LIKE_IT[0]}/bad.csv", b"date,ticker\n2024-01-02,A\n")
    assert cloud.ended(arn)["error"] == "RejectedFile"
    cloud.cleaned(arn)
    lake: dict[str, bytes] = {}
    work: dict[str, bytes] = {}
    row = cloud.stored("LakeBucket", cloud.keys("LakeBucket", "files/")[0])
    lease = json.dumps(cloud.lease(DATASET)).encode()
    for number, name in enumerate(LIKE_IT):
        run_id = f"{name}-0123456789ab"
        lake |= {f"{table}/dataset={name}/run_id={run_id}/0.parquet": b"x" for table in (*CRAWLED, *forget.FOLDERS)}
        upload = f"20200101T00000{number}Z-0123456789ab"
        lake |= {f"verdicts/dataset={name}/{upload}.json": b"{}", f"files/{upload}.parquet": row}
        lake |= {f"leads/{name}.json": lease, f"latest/{name}.json": f'{{"dataset": "{name}"}}'.encode()}
        lake |= {f"told/{name}.json": b"{}", f"told/dataset={name}/{upload}.json": b"{}"}
        work |= {f"runs/{run_id}/data.json": b"{}"}
    foreign = dict.fromkeys(OF_NOBODY, b"x")
    planted = {"LakeBucket": lake | foreign, "WorkBucket": work, "IncomingBucket": foreign}
    for bucket, objects in planted.items():
        for key, body in objects.items():
            cloud.client("s3").put_object(Bucket=cloud.outputs()[bucket], Key=key, Body=body)
    yield
    for bucket, objects in planted.items():
        for key in objects:
            cloud.client("s3").delete_object(Bucket=cloud.outputs()[bucket], Key=key)


def test_a_deleted_dataset_leaves_nothing_and_takes_nothing_else_with_it(cloud, out, neighbours):
    """The last test of this file."""
    verdicts = cloud.keys("LakeBucket", f"verdicts/dataset={DATASET}/")
    rows = {f"files/{key.rpartition('/')[2].removesuffix('.json')}.parquet" for key in verdicts}
    assert len(rows) == 1
    before = everything(cloud)
    assert "nobody can be asked here: add --yes" in said(cloud, "delete-dataset", DATASET, code=1)
    assert everything(cloud) == before
    assert f"{DATASET} is deleted" in said(cloud, "delete-dataset", DATASET, "--yes")
    after = everything(cloud)
    for bucket, objects in before.items():
        gone = {key for key, _, _ in objects - after[bucket]}
        meant = {key for key, _, _ in objects if (of_dataset(key) and key not in OF_NOBODY) or key in rows}
        assert gone == meant, bucket
        assert meant
    counted = f"select count(*) as n from run_history where dataset = '{DATASET}'"
    assert said(cloud, "query", counted, "--csv") == "n\n0\n"
    assert f"there is no dataset {DATASET}" in said(cloud, "delete-dataset", DATASET, "--yes", code=1)
