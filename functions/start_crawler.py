"""Start the crawler that tells the Glue catalog about new partitions."""

import time

from botocore.exceptions import ClientError

from common import aws, telemetry
from common.events import LambdaContext, RunEvent, StartCrawlerResult
from common.settings import settings


@telemetry.step
def handler(event: RunEvent, context: LambdaContext) -> StartCrawlerResult:
    crawler = settings().crawler_name
    # Glue tells a crawl's start in whole seconds: begun in the second of our last file, it would pass for older.
    time.sleep(1 - time.time() % 1)
    try:
        aws.glue().start_crawler(Name=crawler)
    except ClientError as error:
        # A crawl that is under way may have begun before our files were written: check_crawler tells by its time.
        if error.response["Error"]["Code"] != "CrawlerRunningException":
            raise
    return {"crawler": crawler}
