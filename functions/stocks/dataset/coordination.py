"""Who leads a dataset, for how long it waits, what it plans, and how it hands over. Rules 6 to 11, 13 and 18.

Pure functions over what was read; handlers read, call, and carry out conditional writes. A write whose condition does
not hold, or whose answer is lost, is no error: read again and call again. **Gather**, one poll:

    while True:
        lease, etag = read the lease                           # Lease() and no ETag where none stands
        approach(lease, execution, now, asked):
            "folded": end green as `folded`, naming lease.holder
            "ask":    asked = DescribeExecution of lease.holder; continue
            "take":   put lease.take(lease, execution, now, plan.seen(names of verdicts, version)) if etag; continue
            "ours":
        plan = read the plan of this run, else gather(situation):
            Wait:   answer `wait`: the machine calls again in 15 seconds
            Read:   read the verdicts of situation.judged; gather(situation with them)
            Refuse: raise the error of this name
            Plan:   put it if none stands; plan = read it back
        put announce(lease, plan) if etag, unless it is None; where the condition fails: continue
        answer plan.outcome: `fold` goes on to Merge, else by needs_crawl to the crawl or to Hand over

**Summarize** checks may_publish before the row, **Check data** asks is_unchanged. **Hand over**:

    show the newest run that a crawl has seen: `latest.successor`
    while release(lease, plan, published) is not None: put it if etag, else read again
    list the names of verdicts and read the version of settings  # only now: see `release`
    if successor(plan, seen): start the execution of this name as a nudge
"""

import dataclasses
import datetime
from typing import Literal, NamedTuple

from stocks.dataset import documents, plan, retraining, sizes
from stocks.dataset.lease import Asked, Lease, standing
from stocks.dataset.plan import Plan, Planned, Run, Stack
from stocks.dataset.settings import Settings, WrongSettings
from stocks.dataset.uploads import Upload, Verdict
from stocks.reading.rejected import visible

STRAGGLER = datetime.timedelta(hours=1)  # an upload that is younger is waited for until it has a verdict
PATIENCE = datetime.timedelta(minutes=30)  # from taking the lease; then the plan is made without


@dataclasses.dataclass(frozen=True)
class Situation:
    """What Gather has read, in any order after the lease.

    judged: the ids of all verdicts. uploads: the versions in the dataset's folders of every spelling that are files.
    runs: those published, of which the newest must be among them; one that is left out is only lost as a base. now:
    S3's clock. force: a person wants the run though nothing changed. verdicts: those of judged; None as long as they
    are not read, since a dataset may have thousands, and most polls only wait.
    """

    dataset: str
    execution: str
    now: datetime.datetime
    lease: Lease
    judged: tuple[str, ...]
    uploads: tuple[Upload, ...]
    settings: Settings | WrongSettings
    runs: tuple[Run, ...]
    stack: Stack
    force: bool = False
    verdicts: tuple[Verdict, ...] | None = None


class Wait(NamedTuple):
    reason: str


class Read(NamedTuple):
    """The verdicts have to be read; then ask again."""


class Refuse(NamedTuple):
    """The run fails with this error, which only a person can mend."""

    error: Literal["RejectedSettings", "NotAdopted"]
    cause: str


def approach(
    lease: Lease, execution: str, now: datetime.datetime, asked: Asked | None = None
) -> Literal["ours", "take", "folded", "ask"]:
    """What an execution does that comes to the lease, whatever brought it."""
    if execution and lease.holder == execution:
        return "ours"
    found = standing(lease, now, asked)
    if found == "ask":
        return "ask"
    return "folded" if found == "held" else "take"


def gather(situation: Situation) -> Wait | Refuse | Read | Plan:
    """What the holder of the lease does that has no plan yet."""
    settings = situation.settings
    if isinstance(settings, WrongSettings):
        return Refuse("RejectedSettings", str(settings))
    verdicts = situation.verdicts
    if verdicts is None and _of_first_version(situation.runs):
        return Read()
    adopted = adoption(situation.runs, verdicts or (), situation.uploads, settings)
    if isinstance(adopted, Refuse):
        return adopted
    reason = _waits(situation, adopted)
    if reason:
        return Wait(reason)
    if adopted:  # a run without its rows would hide it for ever, since the newest run would not name it any more
        return Refuse(
            "NotAdopted", f"{visible(adopted.key)}, the file of the newest run, could not be read again in time"
        )
    return Read() if verdicts is None else _draw(situation, verdicts, settings)


def adoption(
    runs: tuple[Run, ...], verdicts: tuple[Verdict, ...], uploads: tuple[Upload, ...], settings: Settings
) -> Upload | Refuse | None:
    """The file of the newest run, if that is of the first version and its file has no verdict yet.

    It is waited for, and started by Resume, whatever its age. Who has it no more can exclude it by settings.json.
    """
    run = _of_first_version(runs)
    if run is None:
        return None
    if any((verdict.upload.key, verdict.upload.version_id) == (run.key, run.version_id) for verdict in verdicts):
        return None
    for upload in uploads:
        if (upload.key, upload.version_id) == (run.key, run.version_id):
            return None if settings.excludes(upload) else upload
    gone = Upload("", run.key, run.version_id, run.finished)
    if settings.excludes(gone):
        return None
    return Refuse(
        "NotAdopted",
        f"run {run.run_id} was made of {visible(run.key)}, version {run.version_id}, which is gone, so the table would "
        f'lose its rows; upload its history again and write "exclude": ["{visible(gone.name)}@{run.version_id}"] into '
        "settings.json",
    )


def _of_first_version(runs: tuple[Run, ...]) -> Run | None:
    """The newest run, if it is of the first version."""
    run = plan.newest(runs)
    return run if run and not run.term and run.key else None


def _waits(situation: Situation, adopted: Upload | None) -> str:
    """Why the plan has to wait, or an empty string."""
    now, taken = situation.now, situation.lease.taken
    if not situation.uploads or taken is None or now - taken >= PATIENCE:
        return ""
    judged = set(situation.judged)
    if adopted:
        return f"{visible(adopted.key)}, the file of the newest run, has no verdict yet"
    late = [upload for upload in situation.uploads if upload.id not in judged and now - upload.modified < STRAGGLER]
    if late:
        return f"{len(late)} uploads have no verdict yet, one is {visible(late[0].key)}"
    youngest = max(upload.modified for upload in situation.uploads)
    if now - youngest < datetime.timedelta(seconds=situation.stack.quiet_seconds):
        return f"the newest upload is younger than {situation.stack.quiet_seconds} seconds"
    return ""


def _draw(situation: Situation, every: tuple[Verdict, ...], settings: Settings) -> Plan:
    verdicts, stack, runs = plan.folded(every, settings), situation.stack, situation.runs
    ids, judged = [verdict.upload.id for verdict in verdicts], set(situation.judged)
    last, base = plan.newest(runs), plan.base(runs, ids, stack, situation.now)
    used = len(base.uploads) if base else 0
    rows = (base.rows if base else 0) + sum(verdict.rows for verdict in verdicts[used:])
    inputs, published = plan.inputs(ids, settings), {*last.uploads, *last.earlier} if last else set()
    newest = last.term if last else 0
    insist = situation.force or situation.lease.unpublished > newest
    model, trains = retraining.candidate(last, base, stack, settings, situation.force)
    same = last is not None and (last.inputs, last.code) == (inputs, stack.code)
    return Plan(
        dataset=situation.dataset,
        run_id=plan.run_id(situation.dataset, situation.execution),
        term=situation.lease.term,
        execution=situation.execution,
        outcome="empty" if not ids else "current" if same and not insist else "fold",
        uploads=tuple(_planned(verdict) for verdict in verdicts),
        settings=settings,
        base=base.run_id if base else "",
        base_uploads=used,
        shards=1 << sizes.run_bits(rows, stack.shard_kilobytes),
        inputs=inputs,
        seen=plan.seen(judged, settings.version),
        fold=stack.fold,
        code=stack.code,
        missing=plan.missing(situation.uploads, judged, situation.now),
        new_files=tuple(name for name in ids if name not in published),
        earlier=tuple(sorted(published - set(ids))),
        newest=newest,
        force=situation.force,
        insist=insist,
        unmatched=plan.unmatched(every, settings),
        late=plan.late(every, settings),
        model=model,
        trains=trains,
    )


def _planned(verdict: Verdict) -> Planned:
    upload = verdict.upload
    counts = verdict.rows, verdict.rejected_rows
    return Planned(upload.id, upload.key, upload.version_id, verdict.folder, verdict.bits, *counts)


def announce(lease: Lease, drawn: Plan) -> Lease | None:
    """The lease that says what its holder plans, to write before the run goes on; None where it says so."""
    unpublished = max(lease.unpublished, drawn.term if drawn.outcome == "fold" else 0)
    announced = dataclasses.replace(lease, planned=drawn.seen, unpublished=unpublished)
    return None if announced == lease else announced


def may_publish(lease: Lease, drawn: Plan) -> bool:
    """Whether the run still leads: it was stopped otherwise, and its function works on."""
    return (lease.holder, lease.term) == (drawn.execution, drawn.term)


def is_unchanged(drawn: Plan, run: Run | None, table_hash: str) -> bool:
    """Whether a run would publish what the newest run, as the plan knew it, has published: it ends as `unchanged`."""
    if run is None or run.term != drawn.newest or drawn.insist:
        return False
    return (run.table_hash, run.settings, run.code) == (table_hash, drawn.settings.effective, drawn.code)


def needs_crawl(lease: Lease, drawn: Plan) -> bool:
    """Whether a run that ends green without publishing goes through the crawl first: the newest run's failed."""
    return drawn.newest > lease.crawled


def crawled(drawn: Plan, published: bool) -> int:
    """The newest term that the crawl has seen of a run that comes to its end: its own, or that of the newest run."""
    return drawn.term if published else drawn.newest


def release(lease: Lease, drawn: Plan, published: bool) -> Lease | None:
    """The lease in nobody's hands and settled, after the crawl; None where it is not this run's any more.

    Verdicts are listed after this is written, never before: who brings a verdict writes it and then reads the lease.
    So either its execution finds the lease free, or the listing finds its verdict. A run that ends without publishing
    leaves `unpublished` if it had to keep a dead run's row from being the newest, and could not (`too_short`).
    """
    if not may_publish(lease, drawn):
        return None
    return Lease(
        term=lease.term,
        taken=lease.taken,
        planned=drawn.seen,
        settled=drawn.seen,
        crawled=max(lease.crawled, crawled(drawn, published)),
        unpublished=lease.unpublished if drawn.insist and not published else 0,
    )


def successor(drawn: Plan, seen: str) -> str:
    """The name of the execution that Hand over starts, empty where nothing came since the plan.

    A step that is tried again starts the same name, which Step Functions does once.
    """
    return "" if seen == drawn.seen else f"{drawn.dataset}-after-{documents.digest(drawn.run_id)}"
