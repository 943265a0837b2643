"""The plan of a run, `plans/dataset=<d>/run_id=<r>/plan.json`: what it folds, on which base, into how many shards.

Written once (If-None-Match) and read back, so that a step that is tried again goes on with the same one; nothing later
lists anything. Rules 1, 8 to 10 and 15 to 17 of the contract.
"""

import dataclasses
import datetime
from collections.abc import Collection, Iterable
from typing import Literal

from stocks.dataset import documents
from stocks.dataset.documents import Document
from stocks.dataset.settings import Settings
from stocks.dataset.uploads import Upload, Verdict
from stocks.reading.tickers import composed

BASE_MARGIN = datetime.timedelta(days=2)  # before a run's retention ends it is no base any more


@dataclasses.dataclass(frozen=True)
class Model:
    """A trained model, which later runs may take: the run that trained it, and where it lies with which ETag.

    made_by is the hash of what trained it. Days count from 1970: newest_day is the last one of the table that it was
    trained with, and it learnt from the days before test_from. rows are those of that table.
    """

    run_id: str
    uri: str
    etag: str
    made_by: str
    newest_day: int
    test_from: int
    rows: int


@dataclasses.dataclass(frozen=True)
class Run(Document):
    """A published run, as its row and its plan tell it.

    Runs of the first version have term 0, only they need `uploaded` and the `key` and `version_id` of their file.
    `uploads` are the ids it folded, in order; `earlier` those that runs before it folded and it does not. `fold` is the
    hash of the code that folds, `code` that of all code and images, `settings` is Settings.effective. `schema` is that
    of its tables. `model` is the one that made its forecasts, None of runs that did not say so yet. `light_live` is the
    traffic light of the live record, empty where there is none.
    """

    run_id: str
    term: int
    finished: datetime.datetime
    uploaded: datetime.datetime | None = None
    key: str = ""
    version_id: str = ""
    uploads: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()
    rows: int = 0
    inputs: str = ""
    settings: str = ""
    table_hash: str = ""
    fold: str = ""
    code: str = ""
    schema: int = 2  # of runs that did not say so yet
    model: Model | None = None
    light_live: str = ""


@dataclasses.dataclass(frozen=True)
class Stack:
    """What a plan takes from the stack: its parameters, and the hashes of its code as in Run.

    training_hosts are the instances that train. A model is taken while it is younger than retrain_after sessions; 1
    trains in every run.
    """

    quiet_seconds: int
    shard_kilobytes: int
    retention_days: int
    fold: str
    code: str
    training_hosts: int = 1
    retrain_after: int = 1


@dataclasses.dataclass(frozen=True)
class Planned:
    """An upload as Merge needs it; the fields are those of Upload and Verdict."""

    id: str
    key: str
    version_id: str
    folder: str
    bits: int
    rows: int
    rejected_rows: int = 0


@dataclasses.dataclass(frozen=True)
class Plan(Document):
    """What a run does. `settings` are those in force, `missing` keys of uploads that had no verdict in time.

    Merge folds `uploads[base_uploads:]` onto the prices of the run `base`, or all of them onto nothing. `new_files` are
    the ids that no run has published before, `earlier` as in Run. `newest` is the term of the newest run at this
    time, 0 without one. `insist`: the run must publish though nothing may have changed, because a person wants it
    (`force`) or because a dead run's row may still come. `model` is the one that the run takes if the table fits it;
    without one `trains` says why.

    `unmatched` are names in `exclude` that no upload with a verdict has: a slip of the pen leaves its file in. `late`
    are those that leave out an upload which came after settings.json: a corrected file under the wrong one's name.

    outcome: fold, or nothing to do: current (inputs and code are those of the newest run) or empty (no upload is left).
    """

    dataset: str
    run_id: str
    term: int
    execution: str
    outcome: Literal["fold", "current", "empty"]
    uploads: tuple[Planned, ...]
    settings: Settings
    base: str
    base_uploads: int
    shards: int
    inputs: str
    seen: str
    fold: str
    code: str
    missing: tuple[str, ...]
    new_files: tuple[str, ...]
    earlier: tuple[str, ...]
    newest: int
    force: bool
    insist: bool
    unmatched: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    model: Model | None = None
    trains: str = ""


def run_id(dataset: str, execution: str) -> str:
    """The run of an execution, by its ARN: two attempts never share a partition."""
    return f"{dataset}-{documents.digest(execution)}"


def seen(ids: Iterable[str], settings_version: str) -> str:
    """Hash of the names of all verdicts, without `.json`, and the version of settings.json: what there is to settle."""
    return documents.digest(*sorted(ids), "", settings_version)


def inputs(ids: Iterable[str], settings: Settings) -> str:
    """Hash of the ordered uploads and what else the run depends on: equal inputs are the same fold."""
    return documents.digest(*ids, "", settings.effective)


def folded(verdicts: Iterable[Verdict], settings: Settings) -> list[Verdict]:
    """The accepted uploads that the settings leave in, in the order of the fold."""
    accepted = [verdict for verdict in verdicts if verdict.accepted and not settings.excludes(verdict.upload)]
    ordered = sorted(accepted, key=lambda verdict: verdict.upload.order)
    return ordered[-1:] if settings.mode == "replace" else ordered


def unmatched(verdicts: Iterable[Verdict], settings: Settings) -> tuple[str, ...]:
    """The names in `exclude` that no upload has, whatever its verdict; a version may be one that is gone."""
    known = {composed(one.upload.name) for one in verdicts}
    return tuple(name for name in settings.exclude if composed(name) not in known and "@" not in name)


def late(verdicts: Iterable[Verdict], settings: Settings) -> tuple[str, ...]:
    """The names of accepted uploads that came after settings.json, which leaves them out by their names."""
    if not settings.since:
        return ()
    since = datetime.datetime.fromisoformat(settings.since)
    after = (one.upload for one in verdicts if one.accepted and one.upload.modified > since)
    return tuple(sorted({upload.name for upload in after if settings.names(upload)}))


def newest(runs: Iterable[Run]) -> Run | None:
    """By term; among runs of the first version by their file's upload. No clock of ours decides."""
    zero = datetime.datetime.min.replace(tzinfo=datetime.UTC)
    return max(runs, key=lambda run: (run.term, run.uploaded or zero), default=None)


def base(runs: Collection[Run], ids: list[str], stack: Stack, now: datetime.datetime) -> Run | None:
    """The run with the longest list of uploads that is the beginning of this one; any, or none, gives the same bits.

    A run that retention may delete while it is read is none; the newest is never deleted.
    """
    until = datetime.timedelta(days=stack.retention_days) - BASE_MARGIN
    last = newest(runs)
    fit = [
        run
        for run in runs
        if run.fold == stack.fold
        if run.uploads and run.uploads == tuple(ids[: len(run.uploads)])
        if run is last or now - run.finished < until
    ]
    return max(fit, key=lambda run: (len(run.uploads), run.term), default=None)


def missing(uploads: Iterable[Upload], ids: Collection[str], now: datetime.datetime) -> tuple[str, ...]:
    """Keys of the day's uploads that have no verdict; an older one gets none any more, unless a person sends it."""
    day = datetime.timedelta(days=1)
    late = [upload for upload in uploads if upload.id not in ids and now - upload.modified <= day]
    return tuple(upload.key for upload in sorted(late, key=lambda upload: upload.order))
