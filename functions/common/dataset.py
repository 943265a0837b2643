"""What S3 knows of a dataset: its lease, its verdicts, its plans and published runs, and what lies in its folders.

`stocks.dataset` decides; this module reads for it, and writes on S3's conditions what it decided.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from common import aws, keys, storage, telemetry
from common.errors import RejectedSettings, Transient
from common.events import NamedRun
from common.settings import settings as of_stack
from stocks.dataset import coordination
from stocks.dataset import latest as shown
from stocks.dataset import plan as plans
from stocks.dataset.latest import Latest
from stocks.dataset.lease import Asked, Lease
from stocks.dataset.plan import Plan, Run
from stocks.dataset.settings import Settings, WrongSettings, parse, version_of, where
from stocks.dataset.uploads import INCOMING, SETTINGS, Upload, Verdict, place

MOST_SETTINGS = 65_536  # bytes of settings.json
ROUNDS = 20  # of reading a lease again that others have written meanwhile
RECENT_RUNS = 8  # published ones that may be a base


class Held(NamedTuple):
    """A lease, the ETag that a write in its place names, and S3's clock."""

    lease: Lease
    etag: str
    now: datetime.datetime


def names() -> list[str]:
    """The datasets that have a folder, a verdict or a lease."""
    lake, incoming = of_stack().lake_bucket, of_stack().incoming_bucket
    led = (one["Key"].removeprefix("leads/").removesuffix(".json") for one in storage.listed(lake, "leads/"))
    folders = (place(folder).dataset for folder in storage.folders(incoming, f"{INCOMING}/"))
    judged = (folder.partition("=")[2].rstrip("/") for folder in storage.folders(lake, "verdicts/"))
    return sorted({*led, *folders, *judged} - {""})


def each(work: Callable[[str], Iterable[str]]) -> tuple[list[str], str]:
    """Do this for every dataset: what it gave, and which datasets failed and why, empty where none did.

    One that fails does not keep the others waiting until somebody has mended it.
    """
    done: list[str] = []
    failed = []
    for name in names():
        try:
            done.extend(work(name))
        except Exception as error:
            telemetry.logger.exception("a dataset could not be worked on", dataset=name)
            failed.append(f"{name}: {error}")
    return done, "; ".join(failed)


def lease(dataset: str) -> Held:
    body, etag, now = storage.find(of_stack().lake_bucket, keys.lease(dataset))
    return Held(Lease() if body is None else Lease.from_json(body), etag, now)


def write_lease(dataset: str, written: Lease, etag: str) -> bool:
    """Whether nobody else wrote it since it was read."""
    return storage.put_if(of_stack().lake_bucket, keys.lease(dataset), written.to_json(), etag)


def change_lease(dataset: str, change: Callable[[Held], Lease | None]) -> None:
    """Write what change makes of the lease, None for nothing; again with what others have written meanwhile."""

    def stands() -> bool:
        held = lease(dataset)
        changed = change(held)
        return changed is None or write_lease(dataset, changed, held.etag)

    _try_until(stands, f"the lease of {dataset}")


def latest(dataset: str) -> Latest | None:
    """The run that the views show, None where they show none."""
    body = storage.find(of_stack().lake_bucket, keys.latest(dataset)).body
    return None if body is None else Latest.from_json(body)


def show_newest(dataset: str, crawled: int) -> None:
    """Have the views show the newest published run that a crawl has seen, which has seen all up to this term."""
    lake, key = of_stack().lake_bucket, keys.latest(dataset)
    by_term = {keys.term_of(left): left for left, _ in published_keys(dataset)}
    term = shown.newest(by_term, crawled)
    if not term:
        return
    run = published_run(by_term[term])

    def stands() -> bool:
        body, etag, _ = storage.find(lake, key)
        changed = shown.successor(None if body is None else Latest.from_json(body), dataset, run)
        return changed is None or storage.put_if(lake, key, changed.to_json(), etag)

    _try_until(stands, key)


def _try_until(stands: Callable[[], bool], what: str) -> None:
    """Try to write an object until nobody else has written it between the reading and the writing."""
    if not any(stands() for _ in range(ROUNDS)):
        raise Transient(f"{what} keeps changing")


def ask(holder: str) -> Asked:
    """What Step Functions says of the execution that holds a lease; AWS forgets executions after 90 days."""
    states = aws.states()
    try:
        described = states.describe_execution(executionArn=holder)
    except states.exceptions.ExecutionDoesNotExist:
        return Asked(holder, "")
    return Asked(holder, described["status"], described.get("error", ""))


def must_lead(drawn: Plan) -> None:
    """Raise RuntimeError where another execution leads by now: this one was stopped, and its function works on."""
    if not coordination.may_publish(lease(drawn.dataset).lease, drawn):
        raise RuntimeError(f"{drawn.execution} no longer leads {drawn.dataset}, so {drawn.run_id} goes no further")


def verdict_ids(dataset: str) -> tuple[str, ...]:
    """The ids of the uploads that have a verdict."""
    found = storage.listed(of_stack().lake_bucket, keys.verdicts(dataset))
    return tuple(one["Key"].rpartition("/")[2].removesuffix(".json") for one in found)


def seen(dataset: str, spellings: list[str] | None = None) -> str:
    """What there is to settle now, as `plan.seen` says it; the folders are listed unless they are given."""
    found = settings(folders(dataset) if spellings is None else spellings)
    return plans.seen(verdict_ids(dataset), found.version)


def verdict(dataset: str, upload: str) -> Verdict | None:
    """The verdict on an upload, None as long as there is none."""
    body = storage.find(of_stack().lake_bucket, keys.verdict(dataset, upload)).body
    return None if body is None else Verdict.from_json(body)


def verdicts(dataset: str, ids: Iterable[str]) -> tuple[Verdict, ...]:
    """The verdicts of these names, in their order."""
    return tuple(map(Verdict.from_json, _lake([keys.verdict(dataset, name) for name in ids])))


def plan(run: NamedRun) -> Plan | None:
    """The plan of a run, None as long as there is none."""
    body = storage.find(of_stack().lake_bucket, keys.lake("plans", run, "plan.json")).body
    return None if body is None else Plan.from_json(body)


def planned(run: NamedRun) -> Plan:
    """The plan of a run that has one."""
    return Plan.from_json(storage.get(of_stack().lake_bucket, keys.lake("plans", run, "plan.json")))


def write_plan(run: NamedRun, drawn: Plan) -> Plan:
    """The plan that stands: this one, unless another attempt of the step wrote its own first."""
    storage.put_if(of_stack().lake_bucket, keys.lake("plans", run, "plan.json"), drawn.to_json(), "")
    return planned(run)


def folders(dataset: str) -> list[str]:
    """The spellings of the dataset's folder in the incoming bucket: US/ and us/ are one dataset."""
    found = storage.folders(of_stack().incoming_bucket, f"{INCOMING}/")
    return [folder for folder in found if place(folder).dataset == dataset]


def uploads(spellings: list[str]) -> tuple[Upload, ...]:
    """Every version of every file in the dataset's folders, which `folders` found."""
    found = []
    for folder in spellings:
        pages = aws.s3().get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=of_stack().incoming_bucket, Prefix=folder, Delimiter="/"):
            for version in page.get("Versions", []):
                if place(version["Key"]).kind == "file":
                    bucket, key = of_stack().incoming_bucket, version["Key"]
                    found.append(Upload(bucket, key, version["VersionId"], version["LastModified"]))
    return tuple(found)


def settings(spellings: list[str]) -> Settings | WrongSettings:
    """What is in force: the newest settings.json over the folder's spellings, over the stack's parameters."""
    stack = of_stack()
    defaults = Settings(stack.test_fraction, stack.bad_row_tolerance)
    return in_force(aws.s3(), stack.incoming_bucket, spellings, defaults)


def in_force(s3: Any, incoming: str, spellings: list[str], defaults: Settings) -> Settings | WrongSettings:
    """Likewise, for who is no step of the stack."""
    found = []
    for folder in spellings:
        try:
            standing = s3.get_object(Bucket=incoming, Key=f"{folder}{SETTINGS}")
        except s3.exceptions.NoSuchKey:
            continue
        found.append((standing["LastModified"], folder, standing["Body"].read(MOST_SETTINGS + 1)))
    since, _, content = max(found) if found else (None, "", None)
    if content and len(content) > MOST_SETTINGS:
        too_long = [f"it is longer than {MOST_SETTINGS:,} bytes; take out what is no setting"]
        return WrongSettings(too_long, version_of(content))
    try:
        return parse(content, dataclasses.replace(defaults, since=since.isoformat() if since else ""))
    except WrongSettings as error:
        return error


def usable_settings(dataset: str) -> Settings:
    """The settings in force. Raises RejectedSettings, which lists everything that is wrong with the file."""
    spellings = folders(dataset)
    found = settings(spellings)
    if isinstance(found, WrongSettings):
        raise RejectedSettings(f"{found} It is {where(spellings)}.")
    return found


def runs(dataset: str) -> tuple[Run, ...]:
    """The newest published runs, among them the newest of all."""
    lake, rows = of_stack().lake_bucket, _rows(dataset)
    kept = _published(dataset, rows)
    if kept:
        return tuple(map(Run.from_json, _lake([key for key, _ in kept[-RECENT_RUNS:]])))
    return tuple(_first_version(lake, run_id, key) for run_id, key in rows.items())


def last_runs(dataset: str, most: int) -> list[Run]:
    """So many published runs at most, the newest, in the order of their terms; none of the first version."""
    return [Run.from_json(body) for body in _lake([key for key, _ in published_keys(dataset)[-most:]])]


def published_keys(dataset: str) -> list[tuple[str, str]]:
    """Key and id of what every published run left for later plans, by term; none of the first version."""
    return _published(dataset, _rows(dataset))


def published_run(key: str) -> Run:
    return Run.from_json(storage.get(of_stack().lake_bucket, key))


def _rows(dataset: str) -> dict[str, str]:
    """The key of each row in the table of runs, by run."""
    prefix = f"runs/dataset={dataset}/"
    return {keys.run_of(row["Key"]): row["Key"] for row in storage.listed(of_stack().lake_bucket, prefix)}


def _published(dataset: str, rows: Collection[str]) -> list[tuple[str, str]]:
    """A run is published once its row stands; one that died between what it leaves and the row is none."""
    listed = (kept["Key"] for kept in storage.listed(of_stack().lake_bucket, keys.published(dataset)))
    left = ((key, key.rpartition("/")[2].partition("-")[2].removesuffix(".json")) for key in listed)
    return [(key, run_id) for key, run_id in left if run_id in rows]


def with_folder(table: str, dataset: str) -> set[str]:
    """The dataset's runs of which something stands in this folder of the lake."""
    return set(map(keys.run_of, storage.folders(of_stack().lake_bucket, f"{table}/dataset={dataset}/")))


def has_published(dataset: str) -> bool:
    """Whether a run of the present version was published."""
    return storage.holds(of_stack().lake_bucket, keys.published(dataset))


def is_published(run: NamedRun) -> bool:
    """Whether the run's row stands in the table of runs: whatever happened since, it is published."""
    return storage.holds(of_stack().lake_bucket, keys.lake("runs", run))


def publish(run: NamedRun, facts: Run) -> None:
    """Leave what later plans read of a run, before its row."""
    key = keys.published_run(run["dataset"], facts.term, run["run_id"])
    storage.put(of_stack().lake_bucket, key, facts.to_json(), "application/json")


def _first_version(lake: str, run_id: str, key: str) -> Run:
    """A run of the first version, which its row alone tells of."""
    import io

    import pyarrow.parquet as pq

    row = pq.read_table(io.BytesIO(storage.get(lake, key))).to_pylist()[0]
    instants = {name: row[name].replace(tzinfo=datetime.UTC) for name in ("finished", "uploaded")}
    return Run(run_id=run_id, term=0, key=row["source_key"], version_id=row["source_version"], **instants)


def _lake(names: list[str]) -> Iterator[bytes]:
    """Small objects of the lake, many at once."""
    read = functools.partial(storage.get, of_stack().lake_bucket)
    with ThreadPoolExecutor(aws.CONNECTIONS) as pool:
        yield from pool.map(read, names)
