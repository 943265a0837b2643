"""Start the crawler that tells the Glue catalog about new partitions."""

from botocore.exceptions import ClientError

import aws
import telemetry
from settings import settings


@telemetry.step
def handler(event, context):
    crawler = settings().crawler_name
    try:
        aws.client("glue").start_crawler(Name=crawler)
    except ClientError as error:
        # A crawl that is under way may have begun before our files were written: check_crawler tells by its time.
        if error.response["Error"]["Code"] != "CrawlerRunningException":
            raise
    return {"crawler": crawler}
