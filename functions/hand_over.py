"""Give the lease back, and start a successor where something came since the run was planned."""

import json

from common import aws, dataset, telemetry
from common.errors import Transient
from common.events import HandOverEvent, HandOverResult, LambdaContext
from common.settings import settings
from stocks.dataset import coordination, uploads
from stocks.dataset.plan import Plan

ROUNDS = 20  # of reading again what others have written meanwhile


@telemetry.step
def handler(event: HandOverEvent, context: LambdaContext) -> HandOverResult:
    drawn = dataset.planned(event["run"])
    release(drawn, event["published"])
    # Only now: who brings a verdict writes it before it reads the lease, so nothing falls between.
    successor = coordination.successor(drawn, dataset.seen(drawn.dataset))
    if successor:
        start(drawn.dataset, successor)
    return {"successor": successor}


def release(drawn: Plan, published: bool) -> None:
    for _ in range(ROUNDS):
        held, etag, _ = dataset.lease(drawn.dataset)
        released = coordination.release(held, drawn, published)
        if released is None or dataset.write_lease(drawn.dataset, released, etag):
            return
    raise Transient(f"the lease of {drawn.dataset} keeps changing")


def start(name: str, execution: str) -> None:
    """Start an execution without a file; Step Functions starts one of a name once."""
    nudge = {"bucket": {"name": settings().incoming_bucket}, "object": {"key": f"{uploads.INCOMING}/{name}/"}}
    states = aws.states()
    try:
        states.start_execution(
            stateMachineArn=settings().state_machine_arn, name=execution, input=json.dumps({"detail": nudge})
        )
    except states.exceptions.ExecutionAlreadyExists:
        telemetry.logger.info("the successor has been started", execution=execution)
