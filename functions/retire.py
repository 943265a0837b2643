"""Delete what old runs no longer need to keep: their prices, metrics, models, reports and test forecasts.

What stays can say for ever what was forecast and of what: files, verdicts, plans, the rows of runs and tickers, and the
forecasts of future days. A partition goes before its objects: a crawl in between brings it back, and the next day
finds it again.
"""

import datetime
from collections.abc import Iterator

from common import aws, dataset, keys, storage, telemetry
from common.events import DailyEvent, LambdaContext, NamedRun, RetireResult
from common.settings import settings
from stocks.dataset import plan as plans

# By folder of the lake: the beginning of the names that go.
GOING = {"prices": "", "facts": "", "metrics": "", "models": "", "reports": "", "predictions": "test-"}
PARTITIONED = ("prices", "metrics")  # tables whose partition goes with its objects


@telemetry.step
def handler(event: DailyEvent, context: LambdaContext) -> RetireResult:
    return {"retired": [run["run_id"] for name in dataset.names() for run in old(name) if retire(run)]}


def old(name: str) -> Iterator[NamedRun]:
    """The dataset's runs that have outlived RunRetentionDays and that no other run needs."""
    until = dataset.lease(name).now - datetime.timedelta(days=settings().run_retention_days)
    every = list(dataset.every_run(name))
    newest = plans.newest(every)
    for run in every:
        if run.finished < until and run is not newest and run.run_id != base_in_use(name):
            yield {"run_id": run.run_id, "dataset": name}


def base_in_use(name: str) -> str:
    """The run that the dataset's leading execution reads, empty where none does."""
    holder = dataset.lease(name).lease.holder
    drawn = dataset.plan({"run_id": plans.run_id(name, holder), "dataset": name}) if holder else None
    return drawn.base if drawn else ""


def retire(run: NamedRun) -> bool:
    """Whether anything was left to delete."""
    lake = settings().lake_bucket
    going = [
        found["Key"]
        for folder, beginning in GOING.items()
        for found in storage.listed(lake, keys.lake(folder, run, beginning))
    ]
    if not going:
        return False
    for table in PARTITIONED:
        forget_partition(table, run)
    for key in going:
        aws.s3().delete_object(Bucket=lake, Key=key)
    return True


def forget_partition(table: str, run: NamedRun) -> None:
    glue = aws.glue()
    try:
        glue.delete_partition(
            DatabaseName=settings().database_name, TableName=table, PartitionValues=[run["dataset"], run["run_id"]]
        )
    except glue.exceptions.EntityNotFoundException:
        telemetry.logger.info("no crawl has seen this partition", table=table, **run)
