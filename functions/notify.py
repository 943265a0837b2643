"""Tell the topic's subscribers how the run ended, and the machine the sentence to end with.

Breaches, lights and flags are told once a published run: by the message of its success, or by that of its failure if it
fails after it was published.
"""

from aws_lambda_powertools.metrics import MetricUnit

from common import keys, messages, once, rejections, storage, telemetry, working
from common.events import FailedRun, LambdaContext, NamedRun, NotifyResult, ShortRun, SucceededRun, named
from common.settings import Settings, settings
from stocks.dataset import uploads
from stocks.reading.rejected import visible

TOGETHER = ("RejectedFile", "RejectedSettings")  # of which a dataset may have hundreds at once
MAX_CAUSE = 32_768  # characters that a Fail state keeps
PUBLISHED_ADVICE = (
    "If SQL does not show them, start the execution again with the same input: it crawls and trains nothing."
)
NOTHING_LEFT = "Nothing of it is left in SageMaker."
CLEAN_UP_ADVICE = "Cleaning up failed too, so look in the SageMaker console for a job or an endpoint that still runs:"


@telemetry.step
def handler(event: SucceededRun | ShortRun | FailedRun, context: LambdaContext) -> NotifyResult:
    setting = settings()
    subject, message, cause = compose(setting, event)
    found = once.claim(event["once"])
    if found == "sent":
        return {"cause": cause}
    if event["outcome"] == "failed" and event["failure"]["error"] == "RejectedFile":
        telemetry.metrics.add_metric("RejectedFiles", MetricUnit.Count, 1)
    if event["outcome"] == "failed" and event["failure"]["error"] in TOGETHER and waits(event):
        once.settle(event["once"], "sent")
        return {"cause": cause}
    once.publish(event["once"], found, subject, message)
    return {"cause": cause}


def waits(event: FailedRun) -> bool:
    """Whether the rejection is told with others: some wait already, or a message was sent within the hour.

    Files in a wrong place share one message an hour of their own.
    """
    source = event.get("source")
    if not source:
        return False
    place = uploads.place(source["key"])
    group = rejections.MISPLACED if place.kind == "misplaced" else place.dataset
    if not group or (not rejections.any_wait(group) and rejections.is_due(group)):
        return False
    rejections.keep(group, source, messages.plain(event["failure"]["cause"]))
    return True


def compose(setting: Settings, event: SucceededRun | ShortRun | FailedRun) -> tuple[str, str, str]:
    """Subject, message and cause."""
    if event["outcome"] == "succeeded":
        return success(setting, event)
    return too_short(event) if event["outcome"] == "too_short" else failure(setting, event)


def too_short(event: ShortRun) -> tuple[str, str, str]:
    """Of a dataset that is stored and waits for more days; it may have been longer before its settings changed."""
    name, key = event["run"]["dataset"], visible(event["key"])
    cause = f"{key} is stored, and {name} is too short to be forecast: {messages.sentence(event['reason'])}"
    return f"No new forecasts: {name}", f"{cause}\n\nDataset: {name}\nFile:    {key}", cause


def success(setting: Settings, event: SucceededRun) -> tuple[str, str, str]:
    """Subject, message and cause of a run that went well; the link is a secret, so the message alone holds it."""
    run, summary = event["run"], event["summary"]
    lines = [
        summary["headline"],
        "",
        *working.get_json(run, "message")["lines"],
        "",
        *link(setting, summary["report_uri"]),
        "",
        f"Report:  {summary['report_uri']}",
        f"File:    {visible(event['key'])}",
        f"Dataset: {run['dataset']}",
        f"Run:     {run['run_id']}",
    ]
    return f"Forecasts ready: {run['dataset']}", "\n".join(lines), summary["headline"]


def link(setting: Settings, report_uri: str) -> list[str]:
    """The lines that open the report."""
    hours = f"{setting.report_link_hours} hour{'' if setting.report_link_hours == 1 else 's'}"
    opening = f"Open the report (the link ends after {hours} at most):"
    return [opening, storage.link(report_uri, setting.report_link_hours)]


def failure(setting: Settings, event: FailedRun) -> tuple[str, str, str]:
    """Subject, message and cause of a failed run; of one that is published the message tells what is new, too."""
    key, error = visible(event.get("key", messages.UNKNOWN_FILE)), event["failure"]["error"] or "Error"
    run, source = named(event["run"]), event.get("source")
    cause = shortened(f"{what_failed(event, key, error)}{what_is_left(event)}", MAX_CAUSE)
    lines = [cause, "", f"Error:   {error}", f"File:    {key}"]
    if run:
        lines += [f"Dataset: {run['dataset']}", f"Run:     {run['run_id']}"]
    if source and error == "RejectedFile" and (name := uploads.place(source["key"]).dataset):
        lines += [f"Dataset: {name}", f"Rows:    s3://{setting.lake_bucket}/{keys.rejected(name, source)}"]
    if run and event.get("published"):
        lines += ["", *news(run), "", *link(setting, f"s3://{setting.lake_bucket}/{keys.report(run)}")]
    outcome = "published, but not finished" if event.get("published") else "failed"
    return f"Forecasts {outcome}: {key} ({error})", "\n".join(lines), cause


def news(run: NamedRun) -> list[str]:
    """What is new in a run that failed after it was published: no later run tells it.

    If reading it is what failed, the failure must be told all the same.
    """
    try:
        return working.get_json(run, "message")["lines"]
    except Exception as error:
        telemetry.logger.exception("what is new cannot be read")
        return [f"What is new in it cannot be read: {error}"]


def what_failed(event: FailedRun, key: str, error: str) -> str:
    """What failed, where, and what to do about it."""
    cause = messages.plain(event["failure"]["cause"])
    reason = messages.sentence(cause or error)
    if event.get("published"):
        done = f"{messages.OPENING}{key} is done and its forecasts are published, but then: {reason}"
        return f"{done} {PUBLISHED_ADVICE}"
    if error == "RejectedFile":
        return f"{messages.OPENING}failed: {cause}"
    if messages.was_published(cause):
        return cause
    return f"{messages.OPENING}{key} failed: {reason} {messages.advice(error, is_read=bool(named(event['run'])))}"


def what_is_left(event: FailedRun) -> str:
    """What became of the run's resources in SageMaker, where that is known."""
    if left := messages.plain(event.get("clean_up_failure")):
        return f" {CLEAN_UP_ADVICE} {messages.sentence(left)}"
    return f" {NOTHING_LEFT}" if event.get("cleaned_up") else ""


def shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 4].rstrip()} ..."
