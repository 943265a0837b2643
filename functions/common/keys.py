"""Names and S3 keys of a run; docs/architecture.md lists them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stocks.dataset.documents import digest

if TYPE_CHECKING:
    from common.events import NamedRun, Upload


def dataset(key: str) -> str:
    """The dataset whose folder a dropped object lies in, or an empty string where its key names none."""
    folder = re.fullmatch(r"[^/]+/([^/]+)/[^/]*", key)
    name = folder[1].lower() if folder else ""
    return name if re.fullmatch(r"[a-z][a-z0-9-]{0,39}", name) else ""


def run_id(dataset: str, bucket: str, key: str, version_id: str) -> str:
    """The run of one version of one object: the same event gives the same run."""
    return f"{dataset}-{digest(bucket, key, version_id)}"


def run_of(source: Upload | None) -> NamedRun | None:
    """The run of an upload; None without one, or where its key names no dataset."""
    name = dataset(source["key"]) if source else ""
    return {"run_id": run_id(name, **source), "dataset": name} if source and name else None


def resource_name(stack: str, run: NamedRun, execution_name: str) -> str:
    """The SageMaker name of this run and execution, at most 63 characters of [a-zA-Z0-9-].

    A retried call finds what it created before; two executions never share a resource.
    """
    hashed = digest(run["run_id"], execution_name)
    room = 63 - len(stack) - len(hashed) - 2
    if room < 1:
        raise ValueError(f"stack name {stack!r} is longer than 48 characters; SageMaker's names hold 63")
    return f"{stack}-{run['dataset'][:room].strip('-')}-{hashed}"


def work(run_id: str, name: str) -> str:
    """Key in the work bucket, such as work(r, "claim.json")."""
    return f"runs/{run_id}/{name}"


def shard(run_id: str, kind: str, number: int, suffix: str = "npz") -> str:
    """Key of one shard's working file in the work bucket."""
    return work(run_id, f"{kind}/{number:05d}.{suffix}")


def lake(table: str, run: NamedRun, name: str = "") -> str:
    """Key, or the partition's prefix without a name, in the lake bucket."""
    return f"{table}/dataset={run['dataset']}/run_id={run['run_id']}/{name}"


def part(number: int) -> str:
    """File name of one shard's part of a table."""
    return f"{number:05d}.parquet"
