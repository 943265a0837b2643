import pytest

import start_crawler

EVENT = {"run": {"run_id": "r", "dataset": "d"}}


def test_the_crawler_is_started(stub, context):
    stub("glue").add_response("start_crawler", {}, {"Name": "stocks-crawler"})
    assert start_crawler.handler(EVENT, context) == {"crawler": "stocks-crawler"}


def test_a_crawl_under_way_is_fine(stub, context):
    stub("glue").add_client_error("start_crawler", "CrawlerRunningException", "Crawler has already started")
    assert start_crawler.handler(EVENT, context) == {"crawler": "stocks-crawler"}


def test_a_missing_crawler_is_an_error(stub, context):
    glue = stub("glue")
    glue.add_client_error("start_crawler", "EntityNotFoundException", "no such crawler")
    with pytest.raises(glue.client.exceptions.EntityNotFoundException):
        start_crawler.handler(EVENT, context)
