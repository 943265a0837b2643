"""Tell the topic's subscribers how the run ended, and the machine the sentence to end with."""

import json
import re

from aws_lambda_powertools.metrics import MetricUnit

from common import aws, keys, storage, telemetry
from common.settings import Settings, settings

MAX_CAUSE = 32_768  # characters that a Fail state keeps
MAX_SUBJECT = 100  # characters that SNS accepts, ASCII and without line breaks

_TRAINING_LOG = "The job's log is in CloudWatch under /aws/sagemaker/TrainingJobs."
_ENDPOINT_LOG = "The endpoint's log is in CloudWatch under /aws/sagemaker/Endpoints."
_AGAIN = "Upload the file again to retry."
_SMALLER = (
    "Drop the file in parts, or deploy with a lower ShardKilobytes, so that the steps of a shard have less to do."
)
_BUSY = f"AWS was busy or out of reach for longer than the retries last. {_AGAIN}"
_CRASHED = f"A step probably ran out of memory. {_SMALLER}"
ADVICE = {
    "NoQuota": "Once the quota or the parameter is changed, upload the file again.",
    "QuotaReached": "Upload the file again when fewer runs are under way.",
    "TrainingFailed": f"{_TRAINING_LOG} {_AGAIN}",
    "EndpointFailed": f"{_ENDPOINT_LOG} {_AGAIN}",
    "ModelFailed": f"{_ENDPOINT_LOG} {_AGAIN}",
    "CrawlFailed": "The results are in the lake; start the crawler once more and SQL will see them.",
    "Transient": _BUSY,
    "Lambda.ServiceException": _BUSY,
    "Lambda.AWSLambdaException": _BUSY,
    "Lambda.SdkClientException": _BUSY,
    "Lambda.ClientExecutionTimeoutException": _BUSY,
    "Lambda.TooManyRequestsException": _BUSY,
    "StillCreating": "Delete or stop it in the SageMaker console: it costs money while it exists.",
    "SettingMissing": "Deploy the stack again with its own template.",
    "States.Timeout": f"A step took longer than it may. {_SMALLER}",
    "Sandbox.Timedout": f"A step took longer than it may. {_SMALLER}",
    "Runtime.ExitError": _CRASHED,
    "Runtime.OutOfMemory": _CRASHED,
    "Lambda.Unknown": _CRASHED,
    "Aborted": "Upload the file again to run it.",
    "TimedOut": "Drop the file in parts, or upload it again to retry.",
}
OTHER_ADVICE = "The execution's history in Step Functions shows the step; upload the file again once that is mended."
UNKNOWN_FILE = "an unknown file"
OPENING = "Forecasting "  # of every cause that has been told
PUBLISHED_ADVICE = (
    "If SQL does not show them, start the execution again with the same input: it crawls and trains nothing."
)
NOTHING_LEFT = "Nothing of it is left in SageMaker."
CLEAN_UP_ADVICE = "Cleaning up failed too, so look in the SageMaker console for a job or an endpoint that still runs:"

FRAME = re.compile(r'File "[^"]+", line \d+')
MESSAGE = re.compile(r'\{\s*"errorMessage":\s*("(?:[^"\\]|\\.)*")')  # of a Lambda error whose JSON was cut off
EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(: |$)")  # the line that ends a traceback: KeyError: 'x'


@telemetry.step
def handler(event, context):
    setting, succeeded = settings(), event["outcome"] == "succeeded"
    subject, message, cause = success(setting, event) if succeeded else failure(setting, event)
    aws.client("sns").publish(TopicArn=setting.topic_arn, Subject=ascii_line(subject), Message=message)
    if (event.get("failure") or {}).get("error") == "RejectedFile":
        telemetry.metrics.add_metric("RejectedFiles", MetricUnit.Count, 1)
    return {"cause": cause}


def success(setting: Settings, event: dict) -> tuple[str, str, str]:
    """Subject, message and cause of a run that went well; the link is a secret, so the message alone holds it."""
    run, summary = event["run"], event["summary"]
    hours = f"{setting.report_link_hours} hour{'' if setting.report_link_hours == 1 else 's'}"
    lines = [
        summary["headline"],
        "",
        f"Open the report (the link ends after {hours} at most):",
        storage.link(summary["report_uri"], setting.report_link_hours),
        "",
        f"Report:  {summary['report_uri']}",
        f"File:    {event['key']}",
        f"Dataset: {run['dataset']}",
        f"Run:     {run['run_id']}",
    ]
    return f"Forecasts ready: {run['dataset']}", "\n".join(lines), summary["headline"]


def failure(setting: Settings, event: dict) -> tuple[str, str, str]:
    """Subject, message and cause of a failed run."""
    found, key = event.get("failure") or {}, event.get("key", UNKNOWN_FILE)
    run = event.get("run") or run_of(event.get("source"))
    name = found.get("error") or "Error"
    what, outcome = plain(found.get("cause")), "failed"
    if event.get("published"):
        outcome = "published, but not finished"
        what = f"{OPENING}{key} is done and its forecasts are published, but then: {sentence(what or name)}"
        what = f"{what} {PUBLISHED_ADVICE}"
    elif name == "RejectedFile":
        what = f"{OPENING}failed: {what}"
    elif not has_told(what):
        what = f"{OPENING}{key} failed: {sentence(what or name)} {ADVICE.get(name, OTHER_ADVICE)}"
    left = plain(event.get("clean_up_failure"))
    if left:
        what = f"{what} {CLEAN_UP_ADVICE} {sentence(left)}"
    elif event.get("cleaned_up"):
        what = f"{what} {NOTHING_LEFT}"
    cause = shortened(what, MAX_CAUSE)
    lines = [cause, "", f"Error:   {name}", f"File:    {key}"]
    if run:
        lines += [f"Dataset: {run['dataset']}", f"Run:     {run['run_id']}"]
    if run and name == "RejectedFile":
        lines += [f"Rows:    s3://{setting.lake_bucket}/{keys.lake('rejected', run)}"]
    return f"Forecasts {outcome}: {key} ({name})", "\n".join(lines), cause


def run_of(source: dict | None) -> dict:
    """The run of an upload that Split never returned; nothing where its key names no dataset."""
    dataset = keys.dataset(source["key"]) if source else ""
    return {"run_id": keys.run_id(dataset, **source), "dataset": dataset} if source and dataset else {}


def has_told(cause: str) -> bool:
    """Whether a run's cause is the sentence that was published: where publishing fails, the bare cause ends the run."""
    return cause.startswith(OPENING)


def plain(cause) -> str:
    """The words of a cause: a Lambda error arrives as a JSON text with the message beside its stack trace."""
    if isinstance(cause, str):
        try:
            found = json.loads(cause)
        except ValueError:
            cut_off = MESSAGE.match(cause)
            return without_traceback(json.loads(cut_off[1]) if cut_off else cause)
        cause = found if isinstance(found, dict) else {"errorMessage": cause}
    if not cause:
        return ""
    return without_traceback(str(cause.get("errorMessage") or cause.get("errorType") or ""))


def without_traceback(text: str) -> str:
    """One line, free of frames and the container's command: FailureReason quotes what train.py wrote to stderr."""
    kept, in_frames = [], False
    for line in map(str.strip, text.splitlines()):
        before, traceback, _ = line.partition("Traceback (most recent call last)")
        if traceback or FRAME.match(line):
            in_frames = True
            line = before if traceback else ""
        elif in_frames:
            in_frames = not EXCEPTION.match(line)
        if line and (not in_frames or traceback) and not line.startswith('Command "'):
            kept.append(line)
    return " ".join(" ".join(kept).split())


def sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 4].rstrip()} ..."


def ascii_line(text: str) -> str:
    """A subject as SNS accepts it."""
    printable = re.sub(r"[^ -~]+", "?", text)
    return printable if len(printable) <= MAX_SUBJECT else f"{printable[: MAX_SUBJECT - 3]}..."
