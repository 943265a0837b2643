"""Crawlers that read the folders only that they have not read before."""

import re

import pytest
from botocore.exceptions import ClientError

from tests.support.crawler_lab import COMBINE, MERGE, code

NEW_FOLDERS = {
    "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"},
    "SchemaChangePolicy": {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"},
    "configuration": {"CrawlerOutput": MERGE, "Grouping": {**COMBINE, "TableLevelConfiguration": 2}},
}


@pytest.mark.parametrize(
    "policy", [{}, {"UpdateBehavior": "LOG"}, {"UpdateBehavior": "LOG", "DeleteBehavior": "DELETE_FROM_DATABASE"}]
)
def test_a_crawler_of_new_folders_may_only_log_changes(lab, policy):
    """The API's words are in LBHackney-IT/Data-Platform#2418."""
    recrawl = NEW_FOLDERS["RecrawlPolicy"]
    with pytest.raises(
        ClientError, match="can have only LOG DeleteBehavior value and LOG UpdateBehavior value"
    ) as caught:
        lab.crawler(RecrawlPolicy=recrawl, SchemaChangePolicy=policy)
    assert caught.value.response["Error"]["Code"] == "InvalidInputException"
    lab.crawler(SchemaChangePolicy=policy)
    assert code(lab.update, RecrawlPolicy=recrawl) == "InvalidInputException"
    lab.update(RecrawlPolicy=recrawl, SchemaChangePolicy=NEW_FOLDERS["SchemaChangePolicy"])
    assert code(lab.update, SchemaChangePolicy=policy) == "InvalidInputException"


def read_by(lab) -> list[str]:
    return re.findall(r"(\d+) requests have read", lab.log())


def test_new_folders_are_read_once_and_become_partitions_of_tables_that_stand(lab):
    lab.put("t/d=us/a.parquet", {"x": [1]})
    lab.crawler(paths=("t/",), **NEW_FOLDERS)
    lab.crawl()
    lab.put("t/d=us/b.parquet", {"x": [2]})
    lab.put("t/d=eu/a.parquet", {"x": [3]})
    lab.s3.delete_object(Bucket=lab.name, Key="t/d=us/a.parquet")
    lab.crawl()
    lab.crawl()
    assert read_by(lab) == ["1", "1", "0"]
    assert list(lab.partitions("t")) == [("us",), ("eu",)]


def test_what_a_crawl_of_new_folders_leaves_out(lab):
    """Another column, and another type, but no new table; a full crawl takes them in."""
    lab.put("t/d=us/a.parquet", {"x": [1]})
    lab.crawler(paths=("t/", "late/"), **NEW_FOLDERS)
    lab.crawl()
    lab.put("t/d=more/a.parquet", {"x": [1], "y": [1]})
    lab.put("t/d=other/a.parquet", {"x": ["1"]})
    lab.put("late/d=us/a.parquet", {"x": [1]})
    assert lab.crawl()["Status"] == "SUCCEEDED"
    assert (sorted(lab.tables()), list(lab.partitions("t"))) == (["late", "t"], [("us",)])
    assert lab.log().count("skipped folder") == 2
    lab.update(RecrawlPolicy={"RecrawlBehavior": "CRAWL_EVERYTHING"})
    lab.crawl()
    assert sorted(lab.partitions("t")) == [("more",), ("other",), ("us",)]


def test_a_folder_of_a_crawl_that_failed_is_read_by_the_next(lab):
    lab.put("t/d=us/a.parquet", {"x": [1]})
    lab.crawler(paths=("t/",), **NEW_FOLDERS)
    lab.crawl()
    lab.put("t/d=eu/a.parquet", {"x": [1]})
    lab.put("t/d=eu/b.parquet", b"no Parquet at all")
    assert lab.crawl()["Status"] == "FAILED"
    lab.s3.delete_object(Bucket=lab.name, Key="t/d=eu/b.parquet")
    assert lab.crawl()["Status"] == "SUCCEEDED"
    assert ("eu",) in lab.partitions("t")
