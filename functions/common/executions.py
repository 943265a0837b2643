"""Executions of the forecast machine that this project starts itself: nudges, and events that were lost."""

import json

from common import aws, telemetry
from common.settings import settings
from stocks.dataset.uploads import INCOMING, Upload


def nudge(dataset: str, name: str) -> None:
    """Start an execution of this name without a file: it takes in what the dataset has."""
    _start(name, {"key": f"{INCOMING}/{dataset}/"})


def deliver(upload: Upload, name: str) -> None:
    """Start an execution of this name with an upload whose own event has come to nothing."""
    _start(name, {"key": upload.key, "version-id": upload.version_id})


def _start(name: str, dropped: dict) -> None:
    """Step Functions starts an execution of a name once, so a repeat does no harm."""
    event = {"detail": {"bucket": {"name": settings().incoming_bucket}, "object": dropped}}
    states = aws.states()
    try:
        states.start_execution(stateMachineArn=settings().state_machine_arn, name=name, input=json.dumps(event))
    except states.exceptions.ExecutionAlreadyExists:
        telemetry.logger.info("this execution has been started before", execution=name)
