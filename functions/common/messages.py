"""What every message to the topic's subscribers is made of: its subject, the plain words of a cause, and the advice."""

import json
import re

from common import aws
from stocks.reading.rejected import visible

MAX_BYTES = 250_000  # of a message; SNS accepts 256 KiB with what surrounds it
MAX_SUBJECT = 100  # characters that SNS accepts, ASCII and without line breaks
CUT = "\n... the rest is cut, because the message was too long for SNS"
UNKNOWN_FILE = "an unknown file"
OPENING = "Forecasting "  # of every cause that has been published

_TRAINING_LOG = "The job's log is in CloudWatch under /aws/sagemaker/TrainingJobs."
_TRANSFORM_LOG = "The job's log is in CloudWatch under /aws/sagemaker/TransformJobs."
_ENDPOINT_LOG = "The endpoint's log is in CloudWatch under /aws/sagemaker/Endpoints."
_MODEL_LOG = f"{_ENDPOINT_LOG.removesuffix('.')}, a transform job's under /aws/sagemaker/TransformJobs."
# What Resume does by itself (stocks.dataset.resume) after a failed run, and with a file without a verdict.
AGAIN = (
    "The run is tried again by itself, 15, 60 and 240 minutes apart and at most three times. The next upload to the "
    "dataset tries at once, and so does a nudge (docs/operations.md)."
)
READ_AGAIN = "The file is read again by itself two hours after its upload. To upload it again is sooner."
_NEXT = "the next upload to the dataset starts its run, and so does a nudge."
_SMALLER = (
    "Drop the file in parts, or deploy with a lower ShardKilobytes, so that the steps of a shard have less to do."
)
_BUSY = f"AWS was busy or out of reach for longer than the retries last. {AGAIN}"
_CRASHED = f"A step probably ran out of memory. {_SMALLER}"
ADVICE = {
    "RejectedSettings": "Files that came meanwhile were not read. Once it is mended they are read by themselves, two "
    "hours after their upload or later; upload those again that are older than a day.",
    "NotAdopted": "Once that is done, the next upload to the dataset starts its run; docs/operations.md says more.",
    "ShardTooCrowded": "The rows are stored, and the next upload to the dataset takes them in.",
    "NoQuota": f"Once the quota or the parameter is changed: {_NEXT}",
    "QuotaReached": AGAIN,
    "TrainingFailed": f"{_TRAINING_LOG} {AGAIN}",
    "EndpointFailed": f"{_ENDPOINT_LOG} {AGAIN}",
    "TransformFailed": f"{_TRANSFORM_LOG} {AGAIN}",
    "ModelFailed": f"{_MODEL_LOG} {AGAIN}",
    "CrawlFailed": "The results are in the lake; Resume crawls again by itself, and then SQL sees them.",
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
    "Aborted": f"If its forecasts are wanted: {_NEXT}",
    "TimedOut": f"{_SMALLER} {AGAIN}",
}
OTHER_ADVICE = f"The execution's history in Step Functions shows the step. {AGAIN}"

FRAME = re.compile(r'File "[^"]+", line \d+')
MESSAGE = re.compile(r'\{\s*"errorMessage":\s*("(?:[^"\\]|\\.)*")')  # of a Lambda error whose JSON was cut off
EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(: |$)")  # the line that ends a traceback: KeyError: 'x'


def publish(topic: str, subject: str, message: str) -> None:
    """Send lines of which each is one: whatever stands in a message, no sign in it is unseen or moves another.

    What is too long for SNS is cut, and says so.
    """
    text = "\n".join(map(visible, message.split("\n")))
    if len(whole := text.encode()) > MAX_BYTES:
        text = whole[:MAX_BYTES].decode(errors="ignore") + CUT
    aws.sns().publish(TopicArn=topic, Subject=ascii_line(subject), Message=text)


def advice(error: str, is_read: bool) -> str:
    """What to do about an error. is_read: whether a run failed, and not the reading of a file."""
    text = ADVICE.get(error, OTHER_ADVICE)
    return text if is_read else text.replace(AGAIN, READ_AGAIN)


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
        return visible(without_traceback(json.loads(cut_off[1]) if cut_off else cause))
    error = parsed if isinstance(parsed, dict) else {"errorMessage": cause}
    return visible(without_traceback(str(error.get("errorMessage") or error.get("errorType") or "")))


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
