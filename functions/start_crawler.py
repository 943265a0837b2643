"""Start the crawler that tells the Glue catalog about new partitions, once its tables have this code's columns."""

import time
from typing import Any

from botocore.exceptions import ClientError

from common import aws, telemetry
from common.errors import Transient
from common.events import LambdaContext, RunEvent, StartCrawlerResult
from common.settings import settings
from stocks import schemas

# Of what GetTable answers, what UpdateTable takes.
TAKEN = ("Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")


@telemetry.step
def handler(event: RunEvent, context: LambdaContext) -> StartCrawlerResult:
    crawler = settings().crawler_name
    for table in schemas.CRAWLED:
        add_columns(table)
    # Glue tells a crawl's start in whole seconds: begun in the second of our last file, it would pass for older.
    time.sleep(1 - time.time() % 1)
    try:
        aws.glue().start_crawler(Name=crawler)
    except ClientError as error:
        # A crawl that is under way may have begun before our files were written: check_crawler tells by its time.
        if error.response["Error"]["Code"] != "CrawlerRunningException":
            raise
    return {"crawler": crawler}


def add_columns(name: str) -> None:
    """Append what an earlier version's table lacks: the crawler, which reads new folders only, changes no table.

    Before the crawl, since it may leave out a folder whose columns the table does not have.
    """
    glue, database = aws.glue(), settings().database_name
    try:
        table: Any = glue.get_table(DatabaseName=database, Name=name)["Table"]
    except glue.exceptions.EntityNotFoundException:
        return  # the stack's first crawl makes it
    storage = table["StorageDescriptor"]
    added = schemas.missing(name, [column["Name"] for column in storage["Columns"]])
    if not added:
        return
    columns = storage["Columns"] + [{"Name": column, "Type": kind} for column, kind in added]
    changed: Any = {key: table[key] for key in TAKEN if key in table}
    try:
        glue.update_table(
            DatabaseName=database, TableInput=changed | {"StorageDescriptor": storage | {"Columns": columns}}
        )
    except glue.exceptions.ConcurrentModificationException as error:
        raise Transient(f"another request is writing the table {name}") from error
    telemetry.logger.info("the table has new columns", table=name, columns=[column for column, _ in added])
