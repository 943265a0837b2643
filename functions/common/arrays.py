"""Arrays as one .npz, labelled: each file says what it is, and reading raises ValueError where that is another."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

type Label = Mapping[str, str | int]


def pack(arrays: Mapping[str, np.ndarray], label: Label, compress: bool = True) -> bytes:
    import numpy as np

    body = io.BytesIO()
    save: Callable[..., None] = np.savez_compressed if compress else np.savez
    save(body, **arrays, **{name: np.array(value) for name, value in label.items()})
    return body.getvalue()


def unpack(body: bytes, label: Label, key: str) -> dict[str, np.ndarray]:
    """The arrays by name; never unpickles. key names the file in the error."""
    import numpy as np

    with np.load(io.BytesIO(body), allow_pickle=False) as file:
        arrays = dict(file)
    check(key, {name: arrays.pop(name).item() for name in label if name in arrays}, label)
    return arrays


def check(key: str, said: Label, expected: Label) -> None:
    if said != expected:
        what = ", ".join(f"{name} {value}" for name, value in said.items()) or "nothing of what it is"
        raise ValueError(f"the file {key} says {what}; start the execution again with the same input")
