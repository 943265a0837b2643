"""Lead the dataset or leave it to the execution that does; wait for stragglers; draw the run's plan.

Called again every 15 seconds while it answers `wait`, by the leader alone. `stocks.dataset.coordination` decides.
"""

import dataclasses
import datetime
import functools
from collections.abc import Callable

from common import code, dataset, telemetry
from common.errors import NotAdopted, RejectedSettings, Transient
from common.events import Gathered, GatherEvent, GatherResult, LambdaContext, NamedRun
from common.settings import settings
from stocks.dataset import coordination
from stocks.dataset import lease as leases
from stocks.dataset.coordination import Read, Refuse, Situation, Wait
from stocks.dataset.lease import Lease
from stocks.dataset.plan import Plan, Run, Stack
from stocks.reading.rejected import visible

ERRORS = {"RejectedSettings": RejectedSettings, "NotAdopted": NotAdopted}


@telemetry.step
def handler(event: GatherEvent, context: LambdaContext) -> GatherResult:
    run, execution, asked = event["run"], event["execution_arn"], None
    name = run["dataset"]
    folders = functools.cache(lambda: dataset.folders(name))  # once a call, and never for those who do not lead
    for _ in range(dataset.ROUNDS):
        held, etag, now = dataset.lease(name)
        way = coordination.approach(held, execution, now, asked)
        if way == "folded":
            again = "; what is forced starts nothing while it leads, so start it again after" if event["force"] else ""
            return answer(run, "folded", f"its rows go into the run of {held.holder}{again}")
        if way == "ask":
            asked = dataset.ask(held.holder)
        elif way == "take":
            taken = leases.take(held, execution, now, dataset.seen(name, folders()))
            dataset.write_lease(name, taken, etag)  # whether that held shows when it is read again
        else:
            drawn = draw(event, held, now, folders)
            if isinstance(drawn, Wait):
                return answer(run, "wait", drawn.reason)
            announced = coordination.announce(held, drawn)
            if announced is None or dataset.write_lease(name, announced, etag):
                return goes_on(run, held, drawn)
    raise Transient(f"the lease of {name} keeps changing")


def draw(event: GatherEvent, held: Lease, now: datetime.datetime, folders: Callable[[], list[str]]) -> Plan | Wait:
    """The run's plan, or what it waits for. Raises what only a person can mend."""
    run, name = event["run"], event["run"]["dataset"]
    standing = dataset.plan(run)
    if standing:
        return standing
    judged = dataset.verdict_ids(name)
    situation = Situation(
        dataset=name,
        execution=event["execution_arn"],
        now=now,
        lease=held,
        judged=judged,
        uploads=dataset.uploads(folders()),
        settings=dataset.settings(folders()),
        runs=dataset.runs(name),
        stack=stack(),
        force=event["force"],
    )
    action = coordination.gather(situation)
    if isinstance(action, Read):
        bases = of_bases(name, situation.runs)
        situation = dataclasses.replace(situation, verdicts=dataset.verdicts(name, judged), runs=bases)
        action = coordination.gather(situation)
    assert not isinstance(action, Read)
    if isinstance(action, Refuse):
        raise ERRORS[action.error](action.cause)
    return action if isinstance(action, Wait) else dataset.write_plan(run, action)


def of_bases(name: str, runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """The runs, those whose table is gone without the fold by which they could be a base.

    Age alone does not tell: RunRetentionDays may have been less when Retire came. Retire deletes facts before prices.
    """
    standing = dataset.with_folder("facts", name)
    return tuple(run if run.run_id in standing else dataclasses.replace(run, fold="") for run in runs)


def stack() -> Stack:
    config, hashes = settings(), code.hashes()
    return Stack(
        quiet_seconds=config.quiet_seconds,
        shard_kilobytes=config.shard_kilobytes,
        retention_days=config.run_retention_days,
        fold=hashes.fold,
        code=hashes.all,
        training_hosts=config.training_instance_count,
        retrain_after=config.retrain_after_sessions,
    )


def goes_on(run: NamedRun, held: Lease, drawn: Plan) -> GatherResult:
    crawl = drawn.outcome != "fold" and coordination.needs_crawl(held, drawn)
    told = {
        "no file has a name that settings.json excludes": drawn.unmatched,
        "settings.json leaves out by its name what came after it": drawn.late,
    }
    reason = "; ".join(f"{what}: {', '.join(map(visible, names))}" for what, names in told.items() if names)
    return answer(run, drawn.outcome, reason, drawn.shards, crawl)


def answer(run: NamedRun, status: Gathered, reason: str, shards: int = 0, crawl: bool = False) -> GatherResult:
    return {"status": status, "reason": reason, "shards": shards, "crawl": crawl, **run}
