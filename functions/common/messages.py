"""What every message to the topic's subscribers is made of: its subject, the plain words of a cause, and the advice."""

import json
import re

from common import aws

MAX_SUBJECT = 100  # characters that SNS accepts, ASCII and without line breaks
UNKNOWN_FILE = "an unknown file"
OPENING = "Forecasting "  # of every cause that has been published

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
    "RejectedSettings": "Once it is mended, what came meanwhile is read, too.",
    "NotAdopted": "Once that is done, the dataset goes on.",
    "ShardTooCrowded": "Then upload a file to the dataset, and it goes on.",
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

FRAME = re.compile(r'File "[^"]+", line \d+')
MESSAGE = re.compile(r'\{\s*"errorMessage":\s*("(?:[^"\\]|\\.)*")')  # of a Lambda error whose JSON was cut off
EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(: |$)")  # the line that ends a traceback: KeyError: 'x'


def publish(topic: str, subject: str, message: str) -> None:
    aws.sns().publish(TopicArn=topic, Subject=ascii_line(subject), Message=message)


def was_published(cause: str) -> bool:
    """Whether a run's cause is the sentence that was published; where publishing fails, the bare cause ends the run."""
    return cause.startswith(OPENING)


def plain(cause: str | None) -> str:
    """The words of a cause: a Lambda error arrives as a JSON text with the message beside its stack trace."""
    if not cause:
        return ""
    try:
        parsed = json.loads(cause)
    except ValueError:
        cut_off = MESSAGE.match(cause)
        return without_traceback(json.loads(cut_off[1]) if cut_off else cause)
    error = parsed if isinstance(parsed, dict) else {"errorMessage": cause}
    return without_traceback(str(error.get("errorMessage") or error.get("errorType") or ""))


def without_traceback(text: str) -> str:
    """One line, free of frames and the container's command: FailureReason quotes what train.py wrote to stderr."""
    kept: list[str] = []
    in_frames = False
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


def ascii_line(text: str) -> str:
    """A subject as SNS accepts it."""
    printable = re.sub(r"[^ -~]+", "?", text)
    return printable if len(printable) <= MAX_SUBJECT else f"{printable[: MAX_SUBJECT - 3]}..."
