"""The working files of a run, in the work bucket: arrays and JSON, for the whole run or for one shard of it.

Each file says which run, kind and shard it is, and reading raises ValueError where that is not what was asked for.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from common import arrays, aws, keys, storage
from common.events import NamedRun, Run
from common.settings import settings

if TYPE_CHECKING:
    import numpy as np

LABEL = ("run_id", "kind", "shard")


def get_arrays(run: NamedRun, kind: str, shard: int | None = None) -> dict[str, np.ndarray]:
    """The arrays of an .npz by name; never unpickles."""
    key = _key(run, kind, shard, "npz")
    return arrays.unpack(storage.get(settings().work_bucket, key), _label(run, kind, shard), key)


def get_some(run: NamedRun, kind: str, shard: int, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Some arrays of an .npz by name; of a large one the others are not fetched."""
    from common import sparse  # zipfile is not for steps without numpy

    key = _key(run, kind, shard, "npz")
    return sparse.unpack(settings().work_bucket, key, names, _label(run, kind, shard))


def of_shards[Read](run: Run, read: Callable[[int], Read]) -> Iterator[Read]:
    """What `read` gives for each shard's number, in order. Some are read at once, and no more than that are held."""
    aws.s3()  # made here, because the threads that ask would each make one
    with ThreadPoolExecutor(aws.CONNECTIONS) as pool:
        for numbers in itertools.batched(range(run["shards"]), aws.CONNECTIONS, strict=False):
            yield from pool.map(read, numbers)


def put_arrays(run: NamedRun, kind: str, values: Mapping[str, np.ndarray], shard: int | None = None) -> None:
    body = arrays.pack(values, _label(run, kind, shard))
    storage.put(settings().work_bucket, _key(run, kind, shard, "npz"), body)


def get_parquet(run: NamedRun, kind: str, shard: int) -> bytes:
    return storage.get(settings().work_bucket, _key(run, kind, shard, "parquet"))


def put_parquet(run: NamedRun, kind: str, body: bytes, shard: int) -> None:
    storage.put(settings().work_bucket, _key(run, kind, shard, "parquet"), body)


def get_json(run: NamedRun, kind: str, shard: int | None = None) -> dict:
    key = _key(run, kind, shard, "json")
    value = json.loads(storage.get(settings().work_bucket, key))
    arrays.check(key, {name: value.pop(name) for name in LABEL if name in value}, _label(run, kind, shard))
    return value


def put_json(run: NamedRun, kind: str, value: Mapping[str, object], shard: int | None = None) -> None:
    body = json.dumps({**_label(run, kind, shard), **value}, sort_keys=True)
    storage.put(settings().work_bucket, _key(run, kind, shard, "json"), body, "application/json")


def _key(run: NamedRun, kind: str, shard: int | None, suffix: str) -> str:
    if shard is None:
        return keys.work(run["run_id"], f"{kind}.{suffix}")
    return keys.shard(run["run_id"], kind, shard, suffix)


def _label(run: NamedRun, kind: str, shard: int | None) -> dict[str, str | int]:
    return {"run_id": run["run_id"], "kind": kind} | ({} if shard is None else {"shard": shard})
