"""Fold the uploads of the run's plan into one shard's table: onto the last run's prices, or from nothing."""

import functools
import hashlib
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pyarrow.parquet as pq

from common import arrays, aws, dataset, keys, storage, telemetry, working
from common.errors import ShardTooCrowded
from common.events import LambdaContext, NamedRun, ShardEvent, ShardResult
from common.settings import settings
from stocks import schemas
from stocks.contract import COLUMNS, FEWEST_ROWS, Arrays
from stocks.dataset import calendars, learnt, parts, sizes
from stocks.dataset.fold import fold
from stocks.dataset.plan import Plan, Planned
from stocks.dataset.table import Facts, Table, Upload
from stocks.health import alike

MOST_ROWS = 4_000_000  # of a shard, which this step and those after it can hold
DIGEST_BITS = 256


@telemetry.step
def handler(event: ShardEvent, context: LambdaContext) -> ShardResult:
    run, number = event["run"], event["shard"]
    drawn = dataset.planned(run)
    bits = drawn.shards.bit_length() - 1
    new = drawn.uploads[drawn.base_uploads :]
    base = base_table(drawn, number, bits)
    table = fold(base, read_uploads(new, number, bits))
    if len(table.rows["day"]) > MOST_ROWS:
        # where there are no more shards, smaller ones cannot be had
        lower = "" if bits == sizes.SHARD_BITS else "deploy with a lower ShardKilobytes, or "
        raise ShardTooCrowded(
            f"{table.facts[0].ticker!r} and {len(table.facts) - 1} tickers that share its shard, one of "
            f"{drawn.shards}, have more than {MOST_ROWS:,} rows; {lower}upload tickers to datasets of their own"
        )
    working.put_arrays(run, "rows", table.rows, number)
    # A replay has no base: what its run has found of the model stands in its plan.
    changed = learnt.changed(base.rows, table.rows, drawn.model.test_from) if base and drawn.model else []
    working.put_json(run, "merged", report(table) | {"changed": changed}, number)
    return {"shard": number}


def base_table(drawn: Plan, number: int, bits: int) -> Table | None:
    """The shard's part of the table that the run begins with; None without one."""
    if not drawn.base:
        return None
    base: NamedRun = {"run_id": drawn.base, "dataset": drawn.dataset}
    base_bits = dataset.planned(base).shards.bit_length() - 1
    rows, facts = [], []
    for part in parts.read_by(number, bits, base_bits):
        rows.append(read_prices(base, part))
        facts += [Facts.of(stored) for stored in read_facts(base, part)]
    return Table.of(parts.of_shard(rows, number, bits), facts)


def read_prices(run: NamedRun, part: int) -> dict[str, np.ndarray]:
    """A part of a run's prices in the form of `rows`."""
    body = storage.get(settings().lake_bucket, keys.lake("prices", run, keys.part(part)))
    return schemas.price_rows(pq.read_table(io.BytesIO(body)))


def read_facts(run: NamedRun, part: int) -> list[dict]:
    return json.loads(storage.get(settings().lake_bucket, keys.lake("facts", run, f"{part:05d}.json")))


def read_uploads(planned: tuple[Planned, ...], number: int, bits: int) -> Iterator[Upload]:
    """The shard's rows of each upload, in the plan's order."""
    with ThreadPoolExecutor(aws.CONNECTIONS) as pool:
        for at in range(0, len(planned), aws.CONNECTIONS):
            own = planned[at : at + aws.CONNECTIONS]
            read = pool.map(functools.partial(read_upload, number=number, bits=bits), own)
            yield from (Upload(upload.id, rows) for upload, rows in zip(own, read, strict=True))


def read_upload(upload: Planned, number: int, bits: int) -> dict[str, np.ndarray]:
    read = []
    for part in parts.read_by(number, bits, upload.bits):
        key = f"{upload.folder}{part:05d}.npz"
        body = storage.get(settings().lake_bucket, key)
        read.append(arrays.unpack(body, {"upload": upload.id, "part": part}, key))
    return parts.of_shard(read, number, bits)


def report(table: Table) -> dict:
    """What Check data needs of the shard, and what Publish keeps of its tickers."""
    days, counts = table.day_counts()
    edges = np.searchsorted(table.rows["ticker"], np.arange(len(table.facts) + 1)).tolist()
    own = [table.rows["day"][first:end] for first, end in pairwise(edges)]
    return {
        "days": days.tolist(),
        "counts": counts.tolist(),
        "facts": [fact.stored() for fact in table.facts],
        "corrected": dict(table.corrected),
        # the day that makes a ticker long enough, if a test period begins after it
        "long_on": [int(day[FEWEST_ROWS - 1]) if len(day) >= FEWEST_ROWS else None for day in own],
        "votes": calendars.count_votes(map(calendars.evidence, own)),
        "hash": f"{digest(table.rows, edges):x}",
        "months": alike.hashes(table.rows),
    }


def digest(rows: Arrays, edges: list[int]) -> int:
    """The sum of the tickers' hashes, whatever shards they are in: shards' sums add up to that of the whole table."""
    total = 0
    for name, (first, end) in zip(rows["tickers"].tolist(), pairwise(edges), strict=True):
        whole = hashlib.sha256(f"{name}\n".encode())
        for column in ("day", *COLUMNS):
            whole.update(rows[column][first:end].tobytes())
        total += int.from_bytes(whole.digest())
    return total % (1 << DIGEST_BITS)
