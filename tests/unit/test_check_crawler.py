import datetime

import pytest

import check_crawler

SINCE = datetime.datetime(2026, 1, 2, 10, 0, 0, 500_000, tzinfo=datetime.UTC)


def check(stub, context, **crawler):
    stub("glue").add_response("get_crawler", {"Crawler": crawler}, {"Name": "stocks-crawler"})
    event = {"run": {"run_id": "r", "dataset": "d"}, "since": SINCE.isoformat().replace("+00:00", "Z")}
    return check_crawler.handler(event, context)


@pytest.mark.parametrize("state", ["READY", "RUNNING", "STOPPING"])
@pytest.mark.parametrize("last", ["SUCCEEDED", "CANCELLED", "FAILED"])
def test_the_words_are_glues_own(stub, context, state, last):
    result = check(stub, context, State=state, LastCrawl={"Status": last, "StartTime": SINCE})
    assert (result["status"], result["last_status"]) == (state, last)


def test_a_crawler_that_never_ran_has_no_last_crawl(stub, context):
    result = check(stub, context, State="READY")
    assert (result["last_status"], result["fresh"], result["reason"]) == ("", False, "")


@pytest.mark.parametrize(("seconds", "fresh"), [(-1, False), (0, True), (1, True)])
def test_only_a_crawl_that_began_after_the_files_were_written_is_fresh(stub, context, seconds, fresh):
    began = SINCE + datetime.timedelta(seconds=seconds)
    result = check(stub, context, State="READY", LastCrawl={"Status": "SUCCEEDED", "StartTime": began})
    assert result["fresh"] is fresh


def test_the_error_and_the_time_waited_are_passed_on(stub, context):
    result = check(
        stub, context, State="READY", LastCrawl={"Status": "FAILED", "ErrorMessage": "no access to the lake"}
    )
    assert result["reason"] == "no access to the lake"
    assert result["seconds"] == pytest.approx((datetime.datetime.now(datetime.UTC) - SINCE).total_seconds(), abs=60)
