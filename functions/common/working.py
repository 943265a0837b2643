"""The working files of a run, in the work bucket: arrays and JSON, for the whole run or for one shard of it.

Each file says which run, kind and shard it is, and reading raises ValueError where that is not what was asked for.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from common import keys, storage
from common.events import NamedRun
from common.settings import settings

if TYPE_CHECKING:
    import numpy as np

LABEL = ("run_id", "kind", "shard")


def get_arrays(run: NamedRun, kind: str, shard: int | None = None) -> dict[str, np.ndarray]:
    """The arrays of an .npz by name; never unpickles."""
    import numpy as np

    key = _key(run, kind, shard, "npz")
    with np.load(io.BytesIO(storage.get(settings().work_bucket, key)), allow_pickle=False) as file:
        arrays = dict(file)
    said = {name: arrays.pop(name).item() for name in LABEL if name in arrays}
    _check(key, said, _label(run, kind, shard))
    return arrays


def put_arrays(
    run: NamedRun, kind: str, arrays: Mapping[str, np.ndarray], shard: int | None = None, compress: bool = True
) -> None:
    import numpy as np

    body = io.BytesIO()
    label = {name: np.array(value) for name, value in _label(run, kind, shard).items()}
    save: Callable[..., None] = np.savez_compressed if compress else np.savez
    save(body, **arrays, **label)
    storage.put(settings().work_bucket, _key(run, kind, shard, "npz"), body.getvalue())


def get_json(run: NamedRun, kind: str, shard: int | None = None) -> dict:
    key = _key(run, kind, shard, "json")
    value = json.loads(storage.get(settings().work_bucket, key))
    _check(key, {name: value.pop(name) for name in LABEL if name in value}, _label(run, kind, shard))
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


def _check(key: str, said: dict, expected: dict) -> None:
    if said != expected:
        what = ", ".join(f"{name} {value}" for name, value in said.items()) or "nothing of what it is"
        raise ValueError(f"the working file {key} says {what}; start the execution again with the same input")
