"""Delete what old runs no longer need to keep: their prices, metrics, models, reports and test forecasts.

What stays can say for ever what was forecast and of what: files, verdicts, plans, the rows of runs and tickers, and the
forecasts of future days. A partition goes before its objects: a crawl in between brings it back, and the next day
finds it again. A model goes with the last run that has taken it.
"""

import datetime
from collections.abc import Iterator

from common import aws, dataset, keys, storage, telemetry
from common.events import DailyEvent, LambdaContext, NamedRun, RetireResult
from common.settings import settings
from stocks.dataset import plan as plans
from stocks.dataset.lease import Lease
from stocks.dataset.plan import Model, Plan

# By folder of the lake: the beginning of the names that go.
GOING = {"predictions": "test-", "metrics": "", "reports": "", "facts": "", "prices": ""}
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
    held = dataset.lease(name)
    leading = plan_of(name, held.lease)
    for run in old(name, held.now, leading.base if leading else ""):
        retire(run)
        yield run["run_id"]
    for run in without_takers(name, leading.model if leading else None):
        delete("models", run)


def old(name: str, now: datetime.datetime, base: str) -> Iterator[NamedRun]:
    """The dataset's runs that have outlived RunRetentionDays, still have prices, and that no other run needs.

    base is the run that the dataset's leading execution reads, empty where none does.
    """
    until = now - datetime.timedelta(days=settings().run_retention_days)
    kept = with_folder("prices", name)
    shown = dataset.latest(name)
    needed = {base, shown.run_id if shown else ""}  # crawls may have failed since it was shown
    for key, run_id in dataset.published_keys(name)[:-1]:  # the newest stays, however old it is
        if run_id in kept and run_id not in needed:
            if dataset.published_run(key).finished >= until:
                return  # those after it are younger
            yield {"run_id": run_id, "dataset": name}


def without_takers(name: str, leading: Model | None) -> Iterator[NamedRun]:
    """The published runs that are retired, whose model stands and made no forecast of a run that is not.

    leading is the model that the dataset's leading execution may take. The newest run is never retired, so its model,
    which the next run may take, stays.
    """
    standing, published = with_folder("prices", name), dataset.published_keys(name)
    alone = with_folder("models", name) & {run_id for _, run_id in published if run_id not in standing}
    if alone:
        used = [leading, *(dataset.published_run(key).model for key, run_id in published if run_id in standing)]
        alone -= {model.run_id for model in used if model}
    for run_id in sorted(alone):
        yield {"run_id": run_id, "dataset": name}


def with_folder(table: str, name: str) -> set[str]:
    """The dataset's runs of which something stands in this folder of the lake."""
    folders = storage.folders(settings().lake_bucket, f"{table}/dataset={name}/")
    return {folder.partition("run_id=")[2].rstrip("/") for folder in folders}


def plan_of(name: str, held: Lease) -> Plan | None:
    """The plan of the dataset's leading execution, None where none leads or has drawn it."""
    return dataset.plan({"run_id": plans.run_id(name, held.holder), "dataset": name}) if held.holder else None


def retire(run: NamedRun) -> None:
    """Delete what goes of a run, its prices last: as long as they stand, the run is found again."""
    for table in PARTITIONED:
        forget_partition(table, run)
    for folder, beginning in GOING.items():
        delete(folder, run, beginning)


def delete(folder: str, run: NamedRun, beginning: str = "") -> None:
    lake = settings().lake_bucket
    for found in storage.listed(lake, keys.lake(folder, run, beginning)):
        aws.s3().delete_object(Bucket=lake, Key=found["Key"])


def forget_partition(table: str, run: NamedRun) -> None:
    glue = aws.glue()
    try:
        glue.delete_partition(
            DatabaseName=settings().database_name, TableName=table, PartitionValues=[run["dataset"], run["run_id"]]
        )
    except glue.exceptions.EntityNotFoundException:
        telemetry.logger.info("no crawl has seen this partition", table=table, **run)
