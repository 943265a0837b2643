"""Ask Glue how the crawler is doing and whether its last crawl could have seen this run's files."""

import datetime

from common import aws, clock, telemetry
from common.events import CheckCrawlerEvent, CheckCrawlerResult, LambdaContext
from common.settings import settings


@telemetry.step
def handler(event: CheckCrawlerEvent, context: LambdaContext) -> CheckCrawlerResult:
    since = datetime.datetime.fromisoformat(event["since"])
    crawler = aws.glue().get_crawler(Name=settings().crawler_name)["Crawler"]
    last = crawler.get("LastCrawl", {})
    return {
        "status": crawler["State"],
        "last_status": last.get("Status", ""),
        "fresh": "StartTime" in last and last["StartTime"] >= since,
        "seconds": round(clock.seconds_since(since)),
        "reason": last.get("ErrorMessage", ""),
    }
