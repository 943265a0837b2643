"""Start crawler against Glue in memory, and against what Glue says that no memory does."""

import types

import boto3
import pytest

import start_crawler
from common.errors import Transient
from stocks import schemas
from tests.support import glue_tables

EVENT = {"run": {"run_id": "r", "dataset": "d"}}


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A clock that stands at 10.25 and moves only when somebody sleeps."""
    now = [10.25]
    fake = types.SimpleNamespace(time=lambda: now[0], sleep=lambda seconds: now.append(now.pop() + seconds))
    monkeypatch.setattr(start_crawler, "time", fake)
    return now


@pytest.fixture
def stubbed(stub):
    """Glue without any table."""
    glue = stub("glue")
    for table in schemas.CRAWLED:
        wanted = {"DatabaseName": "stocks", "Name": table}
        glue.add_client_error("get_table", "EntityNotFoundException", expected_params=wanted)
    return glue


def test_the_crawler_is_started_before_there_is_any_table(stubbed, context):
    stubbed.add_response("start_crawler", {}, {"Name": "stocks-crawler"})
    assert start_crawler.handler(EVENT, context) == {"crawler": "stocks-crawler"}


def test_a_crawl_does_not_begin_in_the_second_of_the_last_file(stubbed, context, clock):
    stubbed.add_response("start_crawler", {}, {"Name": "stocks-crawler"})
    start_crawler.handler(EVENT, context)
    assert clock == [11]


def test_a_crawl_under_way_is_fine(stubbed, context):
    stubbed.add_client_error("start_crawler", "CrawlerRunningException", "Crawler has already started")
    assert start_crawler.handler(EVENT, context) == {"crawler": "stocks-crawler"}


def test_a_missing_crawler_is_an_error(stubbed, context):
    stubbed.add_client_error("start_crawler", "EntityNotFoundException", "no such crawler")
    with pytest.raises(stubbed.client.exceptions.EntityNotFoundException):
        start_crawler.handler(EVENT, context)


@pytest.fixture
def glue(buckets):
    """Glue with the stack's tables."""
    made = boto3.client("glue")
    made.create_database(DatabaseInput={"Name": "stocks"})
    glue_tables.register(made, boto3.client("s3"), "stocks", "lake")
    return made


def columns(glue, table: str) -> list[tuple[str, str]]:
    found = glue.get_table(DatabaseName="stocks", Name=table)["Table"]["StorageDescriptor"]["Columns"]
    return [(column["Name"], column["Type"]) for column in found]


def lose(glue, table: str, *names: str) -> dict:
    """The table as a version had it that knew no such columns, and some of its own."""
    found = glue.get_table(DatabaseName="stocks", Name=table)["Table"]
    kept = {name: found[name] for name in ("Name", "PartitionKeys", "TableType", "Parameters")}
    storage = found["StorageDescriptor"]
    fewer = [column for column in storage["Columns"] if column["Name"] not in names] + [{"Name": "own", "Type": "int"}]
    glue.update_table(DatabaseName="stocks", TableInput=kept | {"StorageDescriptor": storage | {"Columns": fewer}})
    return glue.get_table(DatabaseName="stocks", Name=table)["Table"]


def test_the_columns_that_a_table_lacks_come_behind_those_that_it_has(glue):
    before = lose(glue, "runs", "schema", "new_files", "gates")
    start_crawler.add_columns("runs")
    had = [(column["Name"], column["Type"]) for column in before["StorageDescriptor"]["Columns"]]
    added = [("new_files", "array<string>"), ("gates", "array<double>"), ("schema", "int")]
    assert columns(glue, "runs") == [*had, *added]
    after = glue.get_table(DatabaseName="stocks", Name="runs")["Table"]
    for name in ("PartitionKeys", "TableType", "Parameters"):
        assert after[name] == before[name]
    assert after["StorageDescriptor"]["Location"] == before["StorageDescriptor"]["Location"]


@pytest.mark.parametrize("table", schemas.CRAWLED)
def test_every_crawled_table_gets_what_it_lacks(glue, table):
    lose(glue, table, *schemas.SCHEMAS[table].names[1:])
    start_crawler.add_columns(table)
    assert {name for name, _ in columns(glue, table)} == {"own", *schemas.SCHEMAS[table].names}


def test_a_table_that_has_all_is_not_written(glue):
    before = glue.get_table_versions(DatabaseName="stocks", TableName="runs")["TableVersions"]
    start_crawler.add_columns("runs")
    assert len(glue.get_table_versions(DatabaseName="stocks", TableName="runs")["TableVersions"]) == len(before)


def test_who_else_writes_the_table_is_waited_for(stub):
    glue = stub("glue")
    storage = {"Columns": [], "Location": "s3://lake/runs/"}
    glue.add_response("get_table", {"Table": {"Name": "runs", "StorageDescriptor": storage}})
    glue.add_client_error("update_table", "ConcurrentModificationException")
    with pytest.raises(Transient, match="another request is writing the table runs"):
        start_crawler.add_columns("runs")
