"""A dataset's documents as runs leave them: verdicts with their parts, a plan, the lease, a published run."""

import dataclasses
import datetime
from typing import Any

import numpy as np

from common import arrays, dataset, keys, storage
from stocks.dataset import coordination, parts, plan
from stocks.dataset.lease import Lease
from stocks.dataset.plan import Plan, Planned, Run
from stocks.dataset.settings import Settings
from stocks.dataset.uploads import Upload, Verdict, folder
from tests.support import folding, memory_s3

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:stocks:"
OURS = f"{EXECUTION}ours"
NOON = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)
SETTINGS = Settings(test_fraction=0.2, bad_row_tolerance=0.01)


def run_of(execution: str = OURS, shards: int = 1) -> Any:
    return {"run_id": plan.run_id("us", execution), "dataset": "us", "shards": shards}


def put_verdict(rows: dict, name: str = "a.csv", second: int = 0, bits: int = 0, accepted: bool = True) -> Verdict:
    """An upload with its parts, as Split leaves it; rows have the form of `folding.rows` with `filled`."""
    upload = Upload("incoming", f"incoming/us/{name}", "v1", NOON + datetime.timedelta(seconds=second))
    where = folder(upload, OURS)
    for number in range(1 << bits):
        part = parts.of_shard([rows], number, bits)
        body = arrays.pack_to_keep(part, {"upload": upload.id, "part": number})
        storage.put("lake", f"{where}{number:05d}.npz", body)
    counts = {"rows": len(rows["day"]), "tickers": len(rows["tickers"])}
    given = {"folder": where, "bits": bits, **counts} if accepted else {"reason": "line 1: it is bad"}
    judged = Verdict(upload, OURS, "", accepted, **given)
    storage.put("lake", keys.verdict("us", upload.id), judged.to_json())
    return judged


def draw(*verdicts: Verdict, execution: str = OURS, shards: int = 1, base: Plan | None = None, **changed) -> Plan:
    """A plan that folds these uploads, written for the run of the execution."""
    ids = [verdict.upload.id for verdict in verdicts]
    planned = [
        Planned(v.upload.id, v.upload.key, v.upload.version_id, v.folder, v.bits, v.rows, v.rejected_rows)
        for v in verdicts
    ]
    drawn = Plan(
        dataset="us", run_id=plan.run_id("us", execution), term=2 if base else 1, execution=execution, outcome="fold",
        uploads=tuple(planned), settings=SETTINGS, base=base.run_id if base else "",
        base_uploads=len(base.uploads) if base else 0, shards=shards, inputs=plan.inputs(ids, SETTINGS),
        seen=plan.seen(ids, ""), fold="fold", code="code", missing=(), new_files=tuple(ids), earlier=(),
        newest=base.term if base else 0, force=False, insist=False,
    )  # fmt: skip
    drawn = dataclasses.replace(drawn, **changed)
    storage.put("lake", keys.lake("plans", {"run_id": drawn.run_id, "dataset": "us"}, "plan.json"), drawn.to_json())
    return drawn


def lead(drawn: Plan, **changed) -> Lease:
    """The lease in the hands of the plan's execution, as Gather leaves it."""
    held = coordination.announce(Lease(term=drawn.term, holder=drawn.execution, taken=NOON), drawn)
    assert held is not None
    held = dataclasses.replace(held, **changed)
    storage.put("lake", keys.lease("us"), held.to_json())
    return held


def published(drawn: Plan, **changed) -> Run:
    """A published run: what later plans read of it, and its row."""
    run = Run(
        run_id=drawn.run_id, term=drawn.term, finished=NOON, uploads=tuple(one.id for one in drawn.uploads),
        rows=sum(one.rows for one in drawn.uploads), inputs=drawn.inputs, settings=drawn.settings.effective,
        fold=drawn.fold, code=drawn.code,
    )  # fmt: skip
    run = dataclasses.replace(run, **changed)
    named: Any = {"run_id": run.run_id, "dataset": "us"}
    dataset.publish(named, run)
    storage.put("lake", keys.lake("runs", named, keys.part(0)), b"row")
    return run


def standing(s3: memory_s3.S3) -> Lease:
    return Lease.from_json(s3.objects["lake", keys.lease("us")])


def upload_rows(filled: bool = False, **tickers) -> dict[str, np.ndarray]:
    """The rows of an upload, of {ticker: columns}."""
    return dict(folding.upload("", filled, **tickers).rows)
