"""A run made again: what differs of it, and what is the same."""

import functools
import io
import os
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from common import keys, storage
from common.events import NamedRun
from common.settings import settings
from local.replay import compare, kept, stack, steps
from local.replay.compare import Compared, Files
from local.replay.kept import Card
from local.replay.scratch import Place, Scratch
from local.replay.stack import Stack
from local.replay.steps import Say, Steps

SERVICES = ("logs", "sagemaker", "sagemaker-runtime", "service-quotas")  # that the steps ask, beside S3


def replay(of: Stack, run_id: str, say: Say, anyway: bool = False) -> Compared:
    """Make the run again and compare. Where its code is not that of here, only that is said, unless it is to go anyway.

    Raises NotReplayed. What is published stays as it is, and so does the lease.
    """
    with stack.environment({**os.environ, **of.variables}), stack.clients({"s3": of.client("s3")}):
        card = kept.card(run_id)
        with stack.environment({**os.environ, **card.variables()}):
            code = kept.changed_code(card.plan)
            differs = [f"code: {card.plan.code} in the run, {code} here"] if code else []
            if code and not anyway:
                return Compared(differs, [], [])
            drawn = card.as_made(kept.foldable(card.plan))
            files = "1 file" if len(drawn.uploads) == 1 else f"{len(drawn.uploads):,} files"
            say(f"{run_id}: {files}{f', on the prices of {drawn.base}' if drawn.base else ''}")
            found = _made(of, card, steps.steps(drawn, uuid.uuid4().hex, say))
            return Compared(differs + found.differs, found.same, found.gone)


def _made(of: Stack, card: Card, again: Steps) -> Compared:
    """Make the run in a folder that goes afterwards, as does what SageMaker had to read and write in the stack."""
    s3, lake = of.client("s3"), settings().lake_bucket
    try:
        with tempfile.TemporaryDirectory() as folder:
            own = Place(settings().work_bucket, keys.work(again.run["run_id"], ""))
            scratch = Scratch(s3, Path(folder), own)
            with stack.clients({"s3": scratch, **{name: of.client(name) for name in SERVICES}}):
                if reason := again.replay():
                    return Compared([f"it would publish nothing now: {reason}"], [], [])
            found = compare.files(_parts(s3, card.run), _parts(scratch, again.run))
            row = _get(scratch, lake, keys.lake("runs", again.run, keys.part(0)))
            now: Mapping[str, Any] = pq.read_table(io.BytesIO(row)).to_pylist()[0]
            return Compared([*compare.rows(card.row, now), *found.differs], found.same, found.gone)
    finally:
        for place in steps.own_keys(again.run):
            for listed in list(storage.listed(*place)):
                s3.delete_object(Bucket=place[0], Key=listed["Key"])


def _parts(s3: Any, run: NamedRun) -> dict[str, Files]:
    """The files of each part that is compared, by their names without folders."""
    lake, found = settings().lake_bucket, {}
    for part, (table, beginning) in compare.PARTS.items():
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=lake, Prefix=keys.lake(table, run, beginning))
        names = [listed["Key"] for page in pages for listed in page.get("Contents", [])]
        files: Files = {name.rpartition("/")[2]: functools.partial(_get, s3, lake, name) for name in names}
        found[part] = files
    return found


def _get(s3: Any, bucket: str, key: str) -> bytes:
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
