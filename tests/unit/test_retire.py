"""Retire on S3 and Glue in memory: what goes of an old run, and what never does."""

from __future__ import annotations

import dataclasses
import datetime
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError

import retire
from common import aws, dataset, keys
from stocks.contract import SCHEMA
from stocks.dataset import plan as plans
from stocks.dataset.latest import Latest
from stocks.dataset.lease import Lease
from stocks.dataset.plan import Model, Plan, Run
from stocks.dataset.settings import Settings
from tests.support.lambda_environment import CONTEXT

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import PartitionInputTypeDef

    from common.events import NamedRun

NOW = datetime.datetime.now(datetime.UTC)
EVERY = ("prices/00000.parquet", "facts/00000.json", "metrics/00000.parquet", "models/model.tar.gz",
         "reports/report.html", "predictions/test-00000.parquet")  # fmt: skip
FOR_EVER = ("predictions/future-00000.parquet", "runs/00000.parquet", "tickers/00000.parquet", "plans/plan.json")


@pytest.fixture
def s3(buckets):
    """The buckets, and a database with the tables that have partitions to lose."""
    glue = boto3.client("glue")
    glue.create_database(DatabaseInput={"Name": "stocks"})
    for table in ("prices", "metrics"):
        glue.create_table(DatabaseName="stocks", TableInput={"Name": table})
    return buckets


def key(name: str, run_id: str) -> str:
    table, _, file = name.partition("/")
    return keys.lake(table, {"dataset": "us", "run_id": run_id}, file)


def publish(s3, run_id: str, term: int, days_ago: float, model_of: str = "") -> None:
    """A run with its own model, or with that of another."""
    for name in (*EVERY, *FOR_EVER):
        s3.put_object(Bucket="lake", Key=key(name, run_id), Body=b"x")
    model = Model(model_of or run_id, "s3://lake/m", "tag", "made", 0, 0, 0)
    run = Run(run_id, term, NOW - datetime.timedelta(days=days_ago), model=model)
    s3.put_object(Bucket="lake", Key=keys.published_run("us", term, run_id), Body=run.to_json())
    dataset.write_lease("us", Lease(term=term), dataset.lease("us").etag)
    for table in ("prices", "metrics"):
        partition: PartitionInputTypeDef = {"Values": ["us", run_id], "StorageDescriptor": {}}
        boto3.client("glue").create_partition(DatabaseName="stocks", TableName=table, PartitionInput=partition)


def left(s3, run_id: str) -> set[str]:
    found = {one["Key"] for one in s3.list_objects_v2(Bucket="lake")["Contents"]}
    return {name for name in (*EVERY, *FOR_EVER) if key(name, run_id) in found}


def partitions(table: str) -> list[str]:
    found = boto3.client("glue").get_partitions(DatabaseName="stocks", TableName=table)["Partitions"]
    return sorted(one["Values"][1] for one in found)


def retired() -> list[str]:
    return retire.handler({}, CONTEXT)["retired"]


def test_an_old_run_keeps_what_it_said_and_of_what(s3):
    for run_id, term, days in (("us-a", 1, 200), ("us-b", 2, 91), ("us-c", 3, 89), ("us-d", 4, 1)):
        publish(s3, run_id, term, days)
    assert retired() == ["us-a", "us-b"]
    assert left(s3, "us-a") == left(s3, "us-b") == set(FOR_EVER)
    assert left(s3, "us-c") == left(s3, "us-d") == {*EVERY, *FOR_EVER}
    assert partitions("prices") == partitions("metrics") == ["us-c", "us-d"]
    assert retired() == []


def test_everything_of_a_run_of_many_shards_goes(s3):
    """More objects than S3 lists in a page."""
    many = [f"prices/{number:05d}.parquet" for number in range(1_001)]
    publish(s3, "us-a", 1, 100)
    publish(s3, "us-b", 2, 1)
    for name in many:
        s3.put_object(Bucket="lake", Key=key(name, "us-a"), Body=b"x")
    assert retired() == ["us-a"]
    assert "Contents" not in s3.list_objects_v2(Bucket="lake", Prefix=key("prices/", "us-a"))


def test_what_s3_refuses_to_delete_fails_and_stays_to_be_found_again(s3, monkeypatch):
    publish(s3, "us-a", 1, 100)
    publish(s3, "us-b", 2, 1)
    client = aws.s3()

    def refuses(**asked):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": asked["Key"]}}, "DeleteObject")

    with monkeypatch.context() as broken:
        broken.setattr(client, "delete_object", refuses)
        with pytest.raises(retire.NotRetired, match="AccessDenied"):
            retired()
    assert retired() == ["us-a"]


def test_39_the_newest_run_stays_however_old_it_is(s3):
    publish(s3, "us-a", 1, 400)
    publish(s3, "us-b", 2, 300)
    assert retired() == ["us-a"]
    assert left(s3, "us-b") == {*EVERY, *FOR_EVER}


def test_39_the_run_that_the_views_show_stays_though_a_newer_one_waits_for_its_crawl(s3):
    for run_id, term, days in (("us-a", 1, 300), ("us-b", 2, 200), ("us-c", 3, 100)):
        publish(s3, run_id, term, days)
    shown = Latest("us", "us-a", 1, SCHEMA)
    s3.put_object(Bucket="lake", Key=keys.latest("us"), Body=shown.to_json())
    assert retired() == ["us-b"]
    assert left(s3, "us-a") == {*EVERY, *FOR_EVER}
    assert partitions("prices") == ["us-a", "us-c"]


def lead(**planned) -> None:
    """An execution leads the dataset by such a plan."""
    holder = "arn:aws:states:us-east-1:123456789012:execution:stocks:leads"
    run: NamedRun = {"run_id": plans.run_id("us", holder), "dataset": "us"}
    drawn = Plan(
        dataset="us", run_id=run["run_id"], term=9, execution=holder, outcome="fold", uploads=(),
        settings=Settings(0.2, 0.01), base="", base_uploads=0, shards=1, inputs="", seen="", fold="", code="",
        missing=(), new_files=(), earlier=(), newest=2, force=False, insist=False,
    )  # fmt: skip
    dataset.write_plan(run, dataclasses.replace(drawn, **planned))
    dataset.write_lease("us", Lease(term=9, holder=holder, taken=NOW), dataset.lease("us").etag)


def lead_no_more() -> None:
    dataset.write_lease("us", Lease(term=9), dataset.lease("us").etag)


def test_39_the_base_that_a_leader_reads_stays(s3):
    publish(s3, "us-a", 1, 100)
    publish(s3, "us-b", 2, 1)
    lead(base="us-a")
    assert retired() == []
    lead_no_more()
    assert retired() == ["us-a"]


MODEL = "models/model.tar.gz"


def test_a_model_stays_as_long_as_a_run_that_took_it(s3):
    publish(s3, "us-a", 1, 200)
    publish(s3, "us-b", 2, 120, model_of="us-a")
    publish(s3, "us-c", 3, 95)
    publish(s3, "us-d", 4, 1, model_of="us-a")
    assert retired() == ["us-a", "us-b", "us-c"]
    assert left(s3, "us-a") == {*FOR_EVER, MODEL}
    assert left(s3, "us-b") == left(s3, "us-c") == set(FOR_EVER)
    publish(s3, "us-e", 5, 0.5)
    assert retired() == []
    assert MODEL in left(s3, "us-a")
    taker = dataclasses.replace(dataset.last_runs("us", 2)[0], finished=NOW - datetime.timedelta(days=100))
    s3.put_object(Bucket="lake", Key=keys.published_run("us", 4, "us-d"), Body=taker.to_json())  # it grows old
    assert retired() == ["us-d"]
    assert MODEL not in left(s3, "us-a")


def test_a_model_that_the_leading_execution_may_take_stays(s3):
    publish(s3, "us-a", 1, 200)
    publish(s3, "us-b", 2, 1)
    lead(model=Model("us-a", "s3://lake/m", "tag", "made", 0, 0, 0))
    assert retired() == ["us-a"]
    assert MODEL in left(s3, "us-a")
    lead_no_more()
    assert retired() == []
    assert MODEL not in left(s3, "us-a")


def test_the_model_of_a_run_that_is_not_published_stays(s3):
    publish(s3, "us-a", 1, 1)
    s3.put_object(Bucket="lake", Key=key(MODEL, "us-z"), Body=b"x")
    assert retired() == []
    assert MODEL in left(s3, "us-z")


def test_runs_that_do_not_say_what_their_model_was_keep_their_own(s3):
    for run_id, term, days in (("us-a", 1, 200), ("us-b", 2, 1)):
        publish(s3, run_id, term, days)
        run = Run(run_id, term, NOW - datetime.timedelta(days=days))
        s3.put_object(Bucket="lake", Key=keys.published_run("us", term, run_id), Body=run.to_json())
    assert retired() == ["us-a"]
    assert MODEL not in left(s3, "us-a")
    assert MODEL in left(s3, "us-b")


def test_a_partition_that_no_crawl_has_seen_is_no_error(s3):
    publish(s3, "us-a", 1, 100)
    publish(s3, "us-b", 2, 1)
    for table in ("prices", "metrics"):
        boto3.client("glue").delete_partition(DatabaseName="stocks", TableName=table, PartitionValues=["us", "us-a"])
    assert retired() == ["us-a"]
