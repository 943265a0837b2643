"""The crawler's half of Glue's API, in place of MiniStack's, which only changes state."""

import contextvars
import json
import logging
import statistics
import threading
import time
import uuid
from typing import Any

from local import faults, ministack
from local.crawler.engine import Crawl
from local.crawler.errors import CrawlFailed, Stopped
from local.crawler.lake import LOG_GROUP
from local.crawler.models import NEW_FOLDERS
from local.ministack import Response, error_response_json, get_account_id, json_response

RUNNING_SECONDS, STOPPING_SECONDS = 0.5, 0.3  # at least: whoever polls sees every state
_WORDS = {"SUCCEEDED": "COMPLETED", "FAILED": "FAILED", "CANCELLED": "STOPPED"}  # LastCrawl's and ListCrawls'
_DONE = "done"  # in a crawl's record, what GetCrawlerMetrics adds up and ListCrawls does not tell

_log = logging.getLogger("crawler")
_lock = threading.Lock()
_running: dict[str, Crawl] = {}
_history: dict[str, list[dict[str, Any]]] = {}
_crawled: dict[str, set[str]] = {}  # the folders that a crawler's good crawls have listed; none before the first


def install() -> None:
    ministack.create_crawler.replace(_create)
    ministack.update_crawler.replace(_update)
    ministack.start_crawler.replace(_start)
    ministack.stop_crawler.replace(_stop)
    ministack.get_crawler.replace(_get)
    ministack.delete_crawler.replace(_delete)
    ministack.get_crawler_metrics.replace(_metrics)
    ministack.glue_request.replace(_request)


def _request(method: str, path: str, headers: dict, body: bytes, query: dict) -> Response:
    """MiniStack has no ListCrawls."""
    if headers.get("x-amz-target", "").endswith(".ListCrawls"):
        return _list(json.loads(body or b"{}"))
    return ministack.glue_request.original(method, path, headers, body, query)


def _create(data: dict) -> Response:
    return _refusal(data) or ministack.create_crawler.original(data)


def _update(data: dict) -> Response:
    """Glue changes no crawler while it crawls: /glue/latest/webapi/API_UpdateCrawler.html."""
    name = data.get("Name", "")
    with _lock:
        if name in _running:
            return error_response_json("CrawlerRunningException", f"Crawler with name {name} is running", 400)
        standing = ministack.crawlers.get(name) or {}
        return _refusal({**standing, **data}) or ministack.update_crawler.original(data)


def _refusal(crawler: dict) -> Response | None:
    """Glue's answer to a crawler of new folders that would change or delete what stands.

    /glue/latest/dg/incremental-crawls.html; the words are those that LBHackney-IT/Data-Platform#2418 quotes.
    """
    if (crawler.get("RecrawlPolicy") or {}).get("RecrawlBehavior") != NEW_FOLDERS:
        return None
    policy = crawler.get("SchemaChangePolicy") or {}
    if policy.get("UpdateBehavior") == policy.get("DeleteBehavior") == "LOG":
        return None
    return error_response_json(
        "InvalidInputException",
        'The SchemaChangePolicy for "Crawl new folders only" Amazon S3 target can have only LOG DeleteBehavior value '
        "and LOG UpdateBehavior value.",
        400,
    )


def _start(data: dict) -> Response:
    name = data.get("Name", "")
    with _lock:
        if (crawler := ministack.crawlers.get(name)) is None:
            return _missing(name)
        if crawler["State"] != "READY":
            return error_response_json("CrawlerRunningException", f"Crawler with name {name} has already started", 400)
        role = crawler["Role"]
        if not role.startswith("arn:"):
            role = f"arn:aws:iam::{get_account_id()}:role/{role}"
        crawl = _running[name] = Crawl(crawler, role, str(uuid.uuid4()), _crawled.get(name))
        crawler["State"], crawler["CrawlElapsedTime"] = "RUNNING", 0
        # GetCrawler answers whole seconds, as AWS's does: a crawl looks up to a second older than it is.
        record = {"CrawlId": crawl.run_id, "State": "RUNNING", "StartTime": int(time.time()), "LogGroup": LOG_GROUP,
                  "LogStream": name, "MessagePrefix": crawl.run_id, "Summary": "{}"}  # fmt: skip
        _history.setdefault(name, []).append(record)
    # The catalog belongs to the account and region of the request, which a thread knows only from its context.
    context = contextvars.copy_context()
    work = (_work, crawler, crawl, record)
    threading.Thread(target=context.run, args=work, name=f"crawler {name}", daemon=True).start()
    return json_response({})


def _work(crawler: dict, crawl: Crawl, record: dict) -> None:
    """The crawl's thread: whatever happens, the crawler is READY in the end and says how it went."""
    started, status, reason = time.monotonic(), "SUCCEEDED", ""
    try:
        if fault := faults.take("crawl_fails", crawler["Name"]):
            raise CrawlFailed(fault["reason"])
        if faults.take("crawl_stops", crawler["Name"]):
            raise Stopped
        crawl.run()
        if crawl.stop.wait(max(RUNNING_SECONDS - (time.monotonic() - started), 0)):
            raise Stopped
    except Stopped:
        status = "CANCELLED"
    except CrawlFailed as error:
        status, reason = "FAILED", str(error)
    except Exception:
        _log.exception("crawler %s", crawler["Name"])
        status, reason = "FAILED", "Internal Service Exception"
    crawler["State"] = "STOPPING"
    if reason:
        crawl.tell("ERROR", reason)
    crawl.tell("BENCHMARK", f"Crawler has finished running with status {status}")
    try:
        if hasattr(crawl, "lake"):
            crawl.lake.log(crawler["Name"], crawl.lines)
    finally:
        time.sleep(STOPPING_SECONDS)
        _finish(crawler, crawl, record, status, reason, time.monotonic() - started)


def _finish(crawler: dict, crawl: Crawl, record: dict, status: str, reason: str, seconds: float) -> None:
    for line in crawl.lines:
        _log.info("%s", line)
    done = {"seconds": seconds, "created": len(crawl.created), "updated": len(crawl.updated),
            "deleted": len(crawl.deleted)}  # fmt: skip
    with _lock:
        if status == "SUCCEEDED":
            _crawled.setdefault(crawler["Name"], set()).update(crawl.folders)
        record |= {"State": _WORDS[status], "EndTime": int(time.time()), _DONE: done}
        last = {key: record[key] for key in ("LogGroup", "LogStream", "MessagePrefix", "StartTime")}
        last["Status"] = status
        if reason:
            last["ErrorMessage"] = record["ErrorMessage"] = reason
        crawler["LastCrawl"], crawler["CrawlElapsedTime"], crawler["State"] = last, 0, "READY"
        _running.pop(crawler["Name"], None)


def _stop(data: dict) -> Response:
    name = data.get("Name", "")
    with _lock:
        if (crawler := ministack.crawlers.get(name)) is None:
            return _missing(name)
        if crawler["State"] == "STOPPING":
            return error_response_json("CrawlerStoppingException", f"Crawler with name {name} is stopping", 400)
        if crawler["State"] != "RUNNING":
            return error_response_json("CrawlerNotRunningException", f"Crawler with name {name} isn't running", 400)
        crawler["State"] = "STOPPING"
        _running[name].stop.set()
    return json_response({})


def _get(data: dict) -> Response:
    name = data.get("Name", "")
    if (crawler := ministack.crawlers.get(name)) is None:
        return _missing(name)
    if crawler["State"] != "READY":
        crawler["CrawlElapsedTime"] = max(int((time.time() - _history[name][-1]["StartTime"]) * 1000), 0)
    return ministack.get_crawler.original(data)


def _delete(data: dict) -> Response:
    name = data.get("Name", "")
    with _lock:
        if name in _running:
            return error_response_json("CrawlerRunningException", f"Crawler with name {name} is running", 400)
        _history.pop(name, None)
        _crawled.pop(name, None)
        return ministack.delete_crawler.original(data)


def _metrics(data: dict) -> Response:
    """What each crawler has done to tables since it was created."""
    answers = []
    for name in data.get("CrawlerNameList") or list(ministack.crawlers):
        if name not in ministack.crawlers:
            continue
        done = [record[_DONE] for record in _history.get(name, []) if _DONE in record]
        seconds = [counts["seconds"] for counts in done]
        answers.append(
            {
                "CrawlerName": name,
                "TimeLeftSeconds": 0.0,
                "StillEstimating": name in _running,
                "LastRuntimeSeconds": seconds[-1] if seconds else 0.0,
                "MedianRuntimeSeconds": statistics.median(seconds) if seconds else 0.0,
                "TablesCreated": sum(counts["created"] for counts in done),
                "TablesUpdated": sum(counts["updated"] for counts in done),
                "TablesDeleted": sum(counts["deleted"] for counts in done),
            }
        )
    return json_response({"CrawlerMetricsList": answers})


def _list(data: dict) -> Response:
    """The crawls of a crawler, the last first; filters and pages are left to AWS."""
    name = data.get("CrawlerName", "")
    if name not in ministack.crawlers:
        return _missing(name)
    crawls = [{key: value for key, value in record.items() if key != _DONE} for record in _history.get(name, [])]
    return json_response({"Crawls": crawls[::-1][: data.get("MaxResults", 20)]})


def _missing(name: str) -> Response:
    return error_response_json("EntityNotFoundException", f"Crawler entry with name {name} does not exist", 400)
