"""Give the lease back, and start a successor where something came since the run was planned."""

from common import dataset, executions, telemetry
from common.errors import Transient
from common.events import HandOverEvent, HandOverResult, LambdaContext
from stocks.dataset import coordination
from stocks.dataset.plan import Plan

ROUNDS = 20  # of reading again what others have written meanwhile


@telemetry.step
def handler(event: HandOverEvent, context: LambdaContext) -> HandOverResult:
    drawn = dataset.planned(event["run"])
    release(drawn, event["published"])
    # Only now: who brings a verdict writes it before it reads the lease, so nothing falls between.
    successor = coordination.successor(drawn, dataset.seen(drawn.dataset))
    if successor:
        executions.nudge(drawn.dataset, successor)
    return {"successor": successor}


def release(drawn: Plan, published: bool) -> None:
    for _ in range(ROUNDS):
        held, etag, _ = dataset.lease(drawn.dataset)
        released = coordination.release(held, drawn, published)
        if released is None or dataset.write_lease(drawn.dataset, released, etag):
            return
    raise Transient(f"the lease of {drawn.dataset} keeps changing")
