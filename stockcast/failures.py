"""What a person reads when a command fails: one sentence, and never a traceback."""

import os
import sys
import traceback
from collections.abc import Callable

from local import cloud, paths
from stockcast.console import say_error
from tools.aws import Problem

FAILED, UNEXPECTED, INTERRUPTED = 1, 70, 130
HINTS = {
    "NoCredentialsError": "no AWS credentials were found: `aws configure` writes them, --profile chooses some",
    "PartialCredentialsError": "half of the AWS credentials is missing: set both AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY, or neither",
    "NoRegionError": "no region is chosen: give --region, or `aws configure set region eu-central-1`",
}


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, with a sentence of what goes on and what to type."""


def told(work: Callable[[], int]) -> int:
    """The exit code of the work; what it raises is told on standard error."""
    try:
        return work()
    except BrokenPipeError:  # whoever read the output has seen enough, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt as stopped:
        say_error(f"interrupted: {stopped}" if str(stopped) else "interrupted")
        return INTERRUPTED
    except Exception as error:
        if words := sentence(error):
            for line in f"error: {words}".split("\n") if isinstance(error, cloud.CloudError) else [f"error: {words}"]:
                say_error(line)  # our own words may end with lines of a log
            return FAILED
        say_error(f"error: this should not happen: {type(error).__name__}: {error} (the traceback is in {_kept()})")
        return UNEXPECTED


def sentence(error: Exception) -> str:
    """What is said of an error that a person can cause; empty for one that only a mistake in here can."""
    kind = type(error)
    if isinstance(error, cloud.CloudError | Problem):
        return str(error)
    if kind.__module__.startswith(("botocore.", "boto3.", "urllib3.")):
        if kind.__name__ in HINTS:
            return HINTS[kind.__name__]
        answer = getattr(error, "response", {}).get("Error", {})
        return f"{answer['Code']}: {answer.get('Message', '')}" if "Code" in answer else str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return ""


def _kept() -> str:
    """Write the traceback down; where."""
    log = paths.LOGS / "stockcast.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as file:
            file.write(f"{' '.join(sys.argv)}\n{traceback.format_exc()}\n")
    except OSError as error:
        for line in traceback.format_exc().split("\n"):
            say_error(line)
        return f"no file, since {log} cannot be written: {error.strerror}"
    return str(log)
