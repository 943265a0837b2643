import types

import pytest

import start_crawler

EVENT = {"run": {"run_id": "r", "dataset": "d"}}


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A clock that stands at 10.25 and moves only when somebody sleeps."""
    now = [10.25]
    fake = types.SimpleNamespace(time=lambda: now[0], sleep=lambda seconds: now.append(now.pop() + seconds))
    monkeypatch.setattr(start_crawler, "time", fake)
    return now


def test_the_crawler_is_started(stub, context):
    stub("glue").add_response("start_crawler", {}, {"Name": "stocks-crawler"})
    assert start_crawler.handler(EVENT, context) == {"crawler": "stocks-crawler"}


def test_a_crawl_does_not_begin_in_the_second_of_the_last_file(stub, context, clock):
    stub("glue").add_response("start_crawler", {}, {"Name": "stocks-crawler"})
    start_crawler.handler(EVENT, context)
    assert clock == [11]


def test_a_crawl_under_way_is_fine(stub, context):
    stub("glue").add_client_error("start_crawler", "CrawlerRunningException", "Crawler has already started")
    assert start_crawler.handler(EVENT, context) == {"crawler": "stocks-crawler"}


def test_a_missing_crawler_is_an_error(stub, context):
    glue = stub("glue")
    glue.add_client_error("start_crawler", "EntityNotFoundException", "no such crawler")
    with pytest.raises(glue.client.exceptions.EntityNotFoundException):
        start_crawler.handler(EVENT, context)
