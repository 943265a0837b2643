"""Start again what nothing drives any more: datasets with news and no leader, and uploads whose event was lost.

It also sends the messages on rejected files that waited for their hour, and says when daily files have stopped.

A dataset that cannot be looked at is named, and the next time tries again.
`stocks.dataset.resume` decides.
"""

import datetime
from collections.abc import Iterator

from aws_lambda_powertools.metrics import MetricUnit

from common import dataset, executions, keys, messages, rejections, storage, telemetry
from common.dataset import Held
from common.events import LambdaContext, ResumeResult, ScheduleEvent
from common.settings import settings
from stocks.dataset import coordination, freshness, resume
from stocks.dataset.coordination import Refuse
from stocks.dataset.resume import Ask, Free, Start, Tell
from stocks.dataset.settings import Settings, WrongSettings
from stocks.dataset.uploads import Upload


class NotResumed(Exception):
    """A dataset could not be looked at; the message names it and says why."""


@telemetry.step
def handler(event: ScheduleEvent, context: LambdaContext) -> ResumeResult:
    silent: list[str] = []
    started, failed = dataset.each(lambda name: resumed(name, silent))
    telemetry.metrics.add_metric("Resumed", MetricUnit.Count, len(started))
    if silent:  # a metric costs by the hours in which it is reported
        telemetry.metrics.add_metric("SilentDatasets", MetricUnit.Count, len(silent))
        telemetry.logger.warning("datasets that had files on their trading days have none", silent=silent)
    failed = "; ".join(filter(None, [failed, tell_of_misplaced()]))
    if failed:
        raise NotResumed(failed)
    return {"started": started}


def tell_of_misplaced() -> str:
    """Send the message on files that lie in no dataset's folder, if its hour has come; why that failed, or nothing."""
    try:
        rejections.tell(rejections.MISPLACED)
    except Exception as error:  # what the datasets had to say must be said all the same
        telemetry.logger.exception("no message on misplaced files could be sent")
        return f"files in a wrong place: {error}"
    return ""


def resumed(name: str, silent: list[str]) -> Iterator[str]:
    """The executions that were started for a dataset, which joins the silent ones if its daily files have stopped."""
    folders = dataset.folders(name)
    held, ids, rules = dataset.lease(name), dataset.verdict_ids(name), dataset.settings(folders)
    yield from lead(name, held, ids, rules.version)
    rejections.tell(name)
    yield from redeliver(name, held, ids, rules, dataset.uploads(folders))
    if is_silent(name, ids, held.now):
        silent.append(name)


def is_silent(name: str, ids: tuple[str, ...], now: datetime.datetime) -> bool:
    """Whether the dataset has lost its daily files; the first time of each silence one message says so."""
    stack = settings()
    found = freshness.silence(ids, now, stack.freshness_days)
    if found is None:
        return False
    if storage.put_if(stack.lake_bucket, keys.told_silent(name, found.upload), "{}", ""):
        last = f"{found.last:%Y-%m-%d %H:%M} UTC, {(now - found.last).days} days ago"
        text = (
            f"{name} had files on {found.files_on} of its last {freshness.RECENT} trading days, and the last one came "
            f"at {last}. Look at what sends them. The forecasts stay those of the newest run. FreshnessDays, "
            f"{stack.freshness_days} now, says after how many days this is told, once; after a month without files the "
            "dataset counts as ended."
        )
        messages.publish(stack.topic_arn, f"No new files: {name}", text)
    return True


def lead(name: str, held: Held, ids: tuple[str, ...], version: str) -> list[str]:
    """The execution, if one was started for want of a leader; ids are those of the verdicts."""
    action = resume.decide(name, held.lease, ids, version, held.now)
    if isinstance(action, Ask):
        action = resume.decide(name, held.lease, ids, version, held.now, dataset.ask(action.holder))
    if isinstance(action, Start):
        executions.nudge(name, action.name)  # before the lease says so: a start that is lost would not be repeated
    if isinstance(action, Free | Start | Tell):
        keep(name, held, action)
    return [action.name] if isinstance(action, Start) else []


def keep(name: str, held: Held, action: Free | Start | Tell) -> None:
    """Write what was done into the lease; where another has written it, the next time decides anew."""
    if dataset.write_lease(name, action.lease, held.etag) and isinstance(action, Tell):
        messages.publish(settings().topic_arn, f"Forecasts do not get on: {name}", action.message)


def redeliver(
    name: str, held: Held, ids: tuple[str, ...], rules: Settings | WrongSettings, uploads: tuple[Upload, ...]
) -> list[str]:
    """The executions that were started with uploads that should have a verdict and have none."""
    late = resume.overdue(uploads, ids, rules.version, held.now, adopted(name, uploads, ids, rules))
    for execution, upload in late:
        executions.deliver(upload, execution)
    return [execution for execution, _ in late]


def adopted(
    name: str, uploads: tuple[Upload, ...], ids: tuple[str, ...], rules: Settings | WrongSettings
) -> Upload | None:
    """The file of a newest run of the first version, as long as it has no verdict."""
    if isinstance(rules, WrongSettings) or dataset.has_published(name):
        return None
    runs = dataset.runs(name)
    judged = dataset.verdicts(name, ids) if runs else ()  # thousands, of a dataset that has published nothing
    found = coordination.adoption(runs, judged, uploads, rules)
    return None if isinstance(found, Refuse) else found
