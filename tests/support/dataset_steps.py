"""The steps of the machine as tests/support/dataset_world.py runs them: what the product's docstrings say, in code.

Each yields before a call of AWS and returns the next state. The table is the tuple of folded contents; of equal
neighbours one stands, since a file that comes again changes nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from stocks.dataset import coordination, latest, lease, plan
from stocks.dataset import resume as resuming
from stocks.dataset.latest import Latest
from stocks.dataset.lease import Asked, Lease
from stocks.dataset.plan import Plan, Run
from stocks.dataset.settings import WrongSettings
from stocks.dataset.uploads import Verdict, folder

if TYPE_CHECKING:
    from tests.support.dataset_world import Execution, World

DATASET = "us"
BAD, SHORT = "bad", "short"  # contents: Split rejects the one; a table of nothing but the other is too short

type Call = Generator[None, None, str]


class Failed(Exception):
    """The execution ends with this error."""


def split(world: World, me: Execution) -> Call:
    if me.settings and isinstance(settings := world.settings(), WrongSettings):
        raise Failed("RejectedSettings")
    if me.upload is None:
        return "gather"
    key = f"verdicts/{me.upload.id}"
    yield
    if world.s3.get(key) is None:
        yield
        if me.upload not in world.incoming:
            raise Failed("RejectedFile")
        if isinstance(settings := world.settings(), WrongSettings):
            raise Failed("RejectedSettings")
        content, parts = world.contents[me.upload.id], folder(me.upload, me.arn)
        if content == BAD:
            verdict = Verdict(me.upload, me.arn, settings.version, accepted=False, reason="too many bad rows")
        else:
            yield
            world.s3.put(parts, content, world.s3.get(parts))
            verdict = Verdict(me.upload, me.arn, settings.version, accepted=True, folder=parts, rows=10)
        yield
        world.s3.put(key, verdict.to_json(), None)
        if not verdict.accepted:
            raise Failed("RejectedFile")
    return "gather"


def gather(world: World, me: Execution) -> Call:
    asked, key = None, f"plans/{plan.run_id(DATASET, me.arn)}"
    while True:
        yield
        text, held = world.s3.get("leads"), world.lease()
        way = coordination.approach(held, me.arn, world.now, asked)
        yield
        if way == "folded":
            me.outcome = "folded"
            return "end"
        if way == "ask":
            me.calls += 1
            asked = Asked(held.holder, *world.describe(held.holder))
        elif way == "take":
            taken = lease.take(held, me.arn, world.now, world.seen())
            yield
            if world.s3.put("leads", taken.to_json(), text):
                world.terms.append(taken.term)
        else:
            drawn = yield from _drawn(world, me, held, key)
            if drawn is None:
                me.wake = world.now + world.poll
                return "gather"
            yield
            announced = coordination.announce(held, drawn)
            if announced is None or world.s3.put("leads", announced.to_json(), text):
                return _goes_on(me, held, drawn)


def _drawn(world: World, me: Execution, held: Lease, key: str) -> Generator[None, None, Plan | None]:
    """The run's plan, None while it has to wait."""
    if text := world.s3.get(key):
        return Plan.from_json(text)
    judged = tuple(verdict.upload.id for verdict in world.verdicts())
    yield
    uploads, settings = tuple(world.incoming), world.settings()
    yield
    situation = coordination.Situation(
        DATASET, me.arn, world.now, held, judged, uploads, settings, world.runs(), world.stack, me.force
    )
    action = coordination.gather(situation)
    if isinstance(action, coordination.Read):
        yield
        verdicts = tuple(verdict for verdict in world.verdicts() if verdict.upload.id in judged)
        action = coordination.gather(dataclasses.replace(situation, verdicts=verdicts))
    if isinstance(action, coordination.Refuse):
        raise Failed(action.error)
    if isinstance(action, coordination.Wait):
        return None
    assert isinstance(action, Plan)
    yield
    world.s3.put(key, action.to_json(), None)
    return Plan.from_json(world.s3.objects[key])


def _goes_on(me: Execution, held: Lease, drawn: Plan) -> str:
    me.plan = drawn
    if drawn.outcome == "fold":
        return "merge"
    me.outcome = drawn.outcome
    return "crawl" if coordination.needs_crawl(held, drawn) else "hand_over"


def merge(world: World, me: Execution) -> Call:
    """Merge and Check data."""
    assert me.plan is not None
    rows: list[str] = []
    if me.plan.base:
        yield
        if (text := world.s3.get(f"prices/{me.plan.base}")) is None:
            raise Failed("BaseGone")
        rows = text.split()
    for upload in me.plan.uploads[me.plan.base_uploads :]:
        content = world.s3.objects[upload.folder]
        rows += [content] if rows[-1:] != [content] else []
    yield
    key = f"prices/{me.plan.run_id}"
    world.s3.put(key, " ".join(rows), world.s3.get(key))
    newest = next((run for run in world.runs() if run.term == me.plan.newest), None)
    if coordination.is_unchanged(me.plan, newest, " ".join(rows)):
        me.outcome = "unchanged"
    elif set(rows) <= {SHORT}:
        me.outcome = "too_short"
    else:
        return "train"
    return "crawl" if coordination.needs_crawl(world.lease(), me.plan) else "hand_over"


def train(world: World, me: Execution) -> Call:
    world.trained.add(me.arn)
    me.wake = world.now + world.training_takes
    yield
    yield
    if world.model_fails:
        raise Failed("ModelFailed")
    return "summarize"


def summarize(world: World, me: Execution) -> Call:
    assert me.plan is not None
    yield
    if not coordination.may_publish(world.lease(), me.plan):
        raise Failed("RuntimeError")
    yield
    drawn, table = me.plan, world.s3.objects[f"prices/{me.plan.run_id}"]
    run = Run(
        run_id=drawn.run_id,
        term=drawn.term,
        finished=world.now,
        uploads=tuple(upload.id for upload in drawn.uploads),
        earlier=drawn.earlier,
        rows=10 * len(drawn.uploads),
        inputs=drawn.inputs,
        settings=drawn.settings.effective,
        table_hash=table,
        fold=drawn.fold,
        code=drawn.code,
    )
    key = f"runs/{run.run_id}"
    world.s3.put(key, run.to_json(), world.s3.get(key))
    me.published, me.outcome = True, "published"
    return "crawl"


def crawl(world: World, me: Execution) -> Call:
    rows = set(world.s3.names("runs/"))
    yield
    if world.crawl_fails:
        raise Failed("CrawlFailed")
    world.crawled |= rows
    return "hand_over"


def hand_over(world: World, me: Execution) -> Call:
    assert me.plan is not None
    yield
    seen = world.seen()
    yield from _show(world, coordination.crawled(me.plan, me.published))
    while True:
        yield
        text, held = world.s3.get("leads"), world.lease()
        released = coordination.release(held, me.plan, me.published)
        yield
        if released is None or world.s3.put("leads", released.to_json(), text):
            break
    me.released = True
    if not world.list_first:
        yield
        seen = world.seen()
    if name := coordination.successor(me.plan, seen):
        yield
        world.start(name)
    return "notify"


def _show(world: World, crawled: int) -> Iterator[None]:
    runs = {run.term: run for run in world.runs()}
    while term := latest.newest(runs, crawled):
        yield
        text = world.s3.get("latest")
        changed = latest.successor(Latest.from_json(text) if text else None, DATASET, runs[term])
        yield
        if changed is None or world.s3.put("latest", changed.to_json(), text):
            return


def notify(world: World, me: Execution) -> Call:
    yield
    return "end"


def clean_up(world: World, dead: Execution, error: str) -> Iterator[None]:
    """The clean-up machine's part in the lease."""
    for _ in range(5):
        yield
        text, held = world.s3.get("leads"), world.lease()
        cleaned = lease.clean_up(held, dead.arn, error, world.now)
        yield
        if cleaned is None or world.s3.put("leads", cleaned.to_json(), text):
            return


def resume(world: World) -> Iterator[None]:
    if not world.resume:
        return
    text, held = world.s3.get("leads"), world.lease()
    yield
    names, version = world.s3.names("verdicts/"), world.settings().version
    action = resuming.decide(DATASET, held, names, version, world.now)
    yield
    if isinstance(action, resuming.Ask):
        asked = Asked(action.holder, *world.describe(action.holder))
        action = resuming.decide(DATASET, held, names, version, world.now, asked)
        yield
    if isinstance(action, resuming.Start):
        world.start(action.name)
        yield
    if isinstance(action, resuming.Free | resuming.Start | resuming.Tell):
        written = world.s3.put("leads", action.lease.to_json(), text)
        if written and isinstance(action, resuming.Tell):
            world.messages.append(action.message)
    yield
    settings = world.settings()
    adopted = None
    if not isinstance(settings, WrongSettings):
        found = coordination.adoption(world.runs(), world.verdicts(), tuple(world.incoming), settings)
        adopted = None if isinstance(found, coordination.Refuse) else found
    for name, upload in resuming.overdue(world.incoming, names, version, world.now, adopted):
        yield
        world.start(name, upload=upload)
