"""What a run was made of, and whether it is all kept: its row, its plan, its uploads' parts or its base, its code."""

import dataclasses
import inspect
import io
import json
import re
from collections.abc import Mapping
from typing import Any

import pyarrow.parquet as pq

from common import code, dataset, keys, storage
from common.events import NamedRun
from common.settings import settings
from stocks.dataset.plan import Plan

RUN_ID = re.compile(r"([a-z][a-z0-9-]{0,39})-[0-9a-f]{12}")
SHOWN = 5  # missing files by name
# What a run's row says of the stack, by the variable that a function reads it from.
COLUMNS = ("training_image", "inference_image", "training_instance_type", "endpoint_instance_type")
PARAMETERS = ("endpoint_instance_count", "retrain_after_sessions", "shard_kilobytes", "training_instance_count")


class NotReplayed(Exception):
    """The run cannot be made again; the message says why."""


@dataclasses.dataclass(frozen=True)
class Card:
    """What says of a published run how it was made: the columns of its row, and its plan."""

    run: NamedRun
    row: Mapping[str, Any]
    plan: Plan

    def as_made(self, drawn: Plan) -> Plan:
        """The plan with the model that the run took, and without one where it trained its own."""
        if self.row.get("model_run") in (None, self.run["run_id"]):
            return dataclasses.replace(drawn, model=None, trains=self.row.get("model_reason") or "")
        return drawn

    def variables(self) -> dict[str, str]:
        """A function's variables as they were when the run was made, as far as they shape its figures.

        Rows that are older than these columns say less: then the stack's own variables stand.
        """
        said = {name: self.row.get(name) for name in COLUMNS}
        shaping = json.loads(self.row.get("parameters") or "{}")
        said |= {name: shaping.get(name) for name in PARAMETERS}
        return {name.upper(): str(value) for name, value in said.items() if value}


def card(run_id: str) -> Card:
    """Raises NotReplayed where no such run was published, or no plan of it is kept."""
    matched = RUN_ID.fullmatch(run_id)
    if not matched:
        raise NotReplayed(f"{run_id!r} is no run's id; run_history lists them")
    run: NamedRun = {"run_id": run_id, "dataset": matched[1]}
    row = storage.find(settings().lake_bucket, keys.lake("runs", run, keys.part(0))).body
    if row is None:
        raise NotReplayed(f"no run {run_id} was published; run_history lists those that were")
    drawn = dataset.plan(run)
    if drawn is None:
        raise NotReplayed(f"no plan of {run_id} is kept: the first version left none")
    return Card(run, pq.read_table(io.BytesIO(row)).to_pylist()[0], drawn)


def changed_code(drawn: Plan) -> str:
    """The hash of the code that is here and of the run's containers; empty where it is that of the run."""
    ours = inspect.unwrap(code.hashes)().all  # without its cache: each run names containers of its own
    return "" if ours == drawn.code else ours


def foldable(drawn: Plan) -> Plan:
    """The plan that folds all uploads from history; if parts are gone, onto the base as the run did.

    A base gives the same bits as none, and without one nothing is taken on trust. Raises NotReplayed where neither is
    whole.
    """
    whole = dataclasses.replace(drawn, base="", base_uploads=0)
    gone = missing_parts(whole)
    if not gone:
        return whole
    base: NamedRun = {"run_id": drawn.base, "dataset": drawn.dataset}
    if not drawn.base or missing_parts(drawn) or missing_base(base):
        raise NotReplayed(f"what it was made of is gone: {_listed(gone)}")
    return drawn


def missing_parts(drawn: Plan) -> list[str]:
    """The parts of the plan's uploads after its base that history lacks."""
    needed = [
        [f"{upload.folder}{part:05d}.npz" for part in range(1 << upload.bits)]
        for upload in drawn.uploads[drawn.base_uploads :]
    ]
    return [key for names in needed for key in _missing(names)]


def missing_base(base: NamedRun) -> list[str]:
    """What the base lacks of prices and facts."""
    drawn = dataset.plan(base)
    if drawn is None:
        return [keys.lake("plans", base, "plan.json")]
    numbers = range(drawn.shards)
    prices = [keys.lake("prices", base, keys.part(number)) for number in numbers]
    return _missing(prices) + _missing([keys.lake("facts", base, f"{number:05d}.json") for number in numbers])


def _missing(names: list[str]) -> list[str]:
    """Those of the lake's keys, all of one folder, under which nothing stands."""
    folder = names[0].rpartition("/")[0]
    standing = {found["Key"] for found in storage.listed(settings().lake_bucket, f"{folder}/")}
    return [name for name in names if name not in standing]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
