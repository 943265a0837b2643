"""Delete what old runs no longer need to keep: their prices, metrics, models, reports and test forecasts.

What stays can say for ever what was forecast and of what: files, verdicts, plans, the rows of runs and tickers, and the
forecasts of future days. A partition goes before its objects: a crawl in between brings it back, and the next day
finds it again. A model goes with the last run that has taken it.
"""

import datetime
from collections.abc import Iterator, Set

from common import aws, dataset, keys, storage, telemetry
from common.events import DailyEvent, LambdaContext, NamedRun, RetireResult
from common.settings import settings
from stocks.dataset import plan as plans
from stocks.dataset.lease import Lease
from stocks.dataset.plan import Model, Plan

# By folder of the lake: the beginning of the names that go.
GOING = {"predictions": "test-", "metrics": "", "reports": "", "facts": "", "prices": ""}
PARTITIONED = ("prices", "metrics")  # tables whose partition goes with its objects

type Published = list[tuple[str, str]]  # key and id of each published run, by term


class NotRetired(Exception):
    """A dataset's old runs could not be looked through; the message names it and says why."""


@telemetry.step
def handler(event: DailyEvent, context: LambdaContext) -> RetireResult:
    retired, failed = dataset.each(retired_of)
    if failed:
        raise NotRetired(failed)
    return {"retired": retired}


def retired_of(name: str) -> Iterator[str]:
    held, published = dataset.lease(name), dataset.published_keys(name)
    standing, leading = dataset.with_folder("prices", name), plan_of(name, held.lease)
    needed = {leading.base if leading else ""}
    for run in old(name, published, standing - needed, held.now):
        retire(run)
        standing.remove(run["run_id"])
        yield run["run_id"]
    for run in without_takers(name, published, standing, leading.model if leading else None):
        delete("models", run)


def old(name: str, published: Published, standing: Set[str], now: datetime.datetime) -> Iterator[NamedRun]:
    """Those of the runs standing, which still have prices, that have outlived RunRetentionDays and nobody is shown."""
    until = now - datetime.timedelta(days=settings().run_retention_days)
    shown = dataset.latest(name)  # crawls may have failed since it was
    for key, run_id in published[:-1]:  # the newest stays, however old it is
        if run_id in standing and not (shown and shown.run_id == run_id):
            if dataset.published_run(key).finished >= until:
                return  # those after it are younger
            yield {"run_id": run_id, "dataset": name}


def without_takers(name: str, published: Published, standing: Set[str], leading: Model | None) -> Iterator[NamedRun]:
    """The retired runs whose model is still there, and made no forecast of a run that stands.

    leading is the model that the dataset's leading execution may take. The newest run always stands, and so does its
    model, which the next run may take.
    """
    alone = dataset.with_folder("models", name) & {run_id for _, run_id in published if run_id not in standing}
    if alone:
        used = [leading, *(dataset.published_run(key).model for key, run_id in published if run_id in standing)]
        alone -= {model.run_id for model in used if model}
    for run_id in sorted(alone):
        yield {"run_id": run_id, "dataset": name}


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
    storage.delete(settings().lake_bucket, keys.lake(folder, run, beginning))


def forget_partition(table: str, run: NamedRun) -> None:
    glue = aws.glue()
    try:
        glue.delete_partition(
            DatabaseName=settings().database_name, TableName=table, PartitionValues=[run["dataset"], run["run_id"]]
        )
    except glue.exceptions.EntityNotFoundException:
        telemetry.logger.info("no crawl has seen this partition", table=table, **run)
