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
from stocks.dataset.lease import Lease

# By folder of the lake: the beginning of the names that go.
GOING = {"predictions": "test-", "metrics": "", "models": "", "reports": "", "facts": "", "prices": ""}
PARTITIONED = ("prices", "metrics")  # tables whose partition goes with its objects


class NotRetired(Exception):
    """A dataset's old runs could not be looked through; the message names it and says why."""


@telemetry.step
def handler(event: DailyEvent, context: LambdaContext) -> RetireResult:
    retired, failed = dataset.each(retired_of)
    if failed:
        raise NotRetired(failed)
    return {"retired": retired}


def retired_of(name: str) -> Iterator[str]:
    for run in old(name):
        retire(run)
        yield run["run_id"]


def old(name: str) -> Iterator[NamedRun]:
    """The dataset's runs that have outlived RunRetentionDays, still have prices, and that no other run needs."""
    held = dataset.lease(name)
    until = held.now - datetime.timedelta(days=settings().run_retention_days)
    folders = storage.folders(settings().lake_bucket, f"prices/dataset={name}/")
    with_prices = {folder.partition("run_id=")[2].rstrip("/") for folder in folders}
    shown = dataset.latest(name)
    needed = {base_of(name, held.lease), shown.run_id if shown else ""}  # crawls may have failed since it was shown
    for key, run_id in dataset.published_keys(name)[:-1]:  # the newest stays, however old it is
        if run_id in with_prices and run_id not in needed:
            if dataset.published_run(key).finished >= until:
                return  # those after it are younger
            yield {"run_id": run_id, "dataset": name}


def base_of(name: str, held: Lease) -> str:
    """The run that the dataset's leading execution reads, empty where none does."""
    drawn = dataset.plan({"run_id": plans.run_id(name, held.holder), "dataset": name}) if held.holder else None
    return drawn.base if drawn else ""


def retire(run: NamedRun) -> None:
    """Delete what goes of a run, its prices last: as long as they stand, the run is found again."""
    for table in PARTITIONED:
        forget_partition(table, run)
    for folder, beginning in GOING.items():
        storage.delete(settings().lake_bucket, keys.lake(folder, run, beginning))


def forget_partition(table: str, run: NamedRun) -> None:
    glue = aws.glue()
    try:
        glue.delete_partition(
            DatabaseName=settings().database_name, TableName=table, PartitionValues=[run["dataset"], run["run_id"]]
        )
    except glue.exceptions.EntityNotFoundException:
        telemetry.logger.info("no crawl has seen this partition", table=table, **run)
