"""Have the views show the newest run and give the lease back; start a successor where something came meanwhile."""

from common import dataset, executions, telemetry
from common.events import HandOverEvent, HandOverResult, LambdaContext
from stocks.dataset import coordination


@telemetry.step
def handler(event: HandOverEvent, context: LambdaContext) -> HandOverResult:
    drawn = dataset.planned(event["run"])
    # While nobody else leads; where this fails, the lease stays unsettled, and the next execution crawls and shows.
    dataset.show_newest(drawn.dataset, coordination.crawled(drawn, event["published"]))
    dataset.change_lease(drawn.dataset, lambda held: coordination.release(held.lease, drawn, event["published"]))
    # Only now: who brings a verdict writes it before it reads the lease, so nothing falls between.
    successor = coordination.successor(drawn, dataset.seen(drawn.dataset))
    if successor:
        executions.nudge(drawn.dataset, successor)
    return {"successor": successor}
