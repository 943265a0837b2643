"""Arrays as one .npz, labelled: each file says what it is, and reading raises ValueError where that is another."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

type Label = Mapping[str, str | int]

ZSTD, MAGIC = "zstd", b"\x28\xb5\x2f\xfd"
LEVEL = 2  # as small as zlib's level 6 and nine times as fast, on prices


def pack(arrays: Mapping[str, np.ndarray], label: Label) -> bytes:
    """Uncompressed: what is read once or twice and expires is not worth the time."""
    import numpy as np

    body = io.BytesIO()
    np.savez(body, allow_pickle=False, **arrays, **{name: np.array(value) for name, value in label.items()})
    return body.getvalue()


def pack_to_keep(arrays: Mapping[str, np.ndarray], label: Label) -> bytes:
    """Compressed as a whole, for what the lake keeps for ever; it takes pyarrow to write and to read it."""
    import pyarrow as pa

    return pa.Codec(ZSTD, LEVEL).compress(pack(arrays, label), asbytes=True)


def unpack(body: bytes, label: Label, key: str) -> dict[str, np.ndarray]:
    """The arrays by name; never unpickles. key names the file in the error.

    Reads what `pack` and `pack_to_keep` wrote, and the parts of uploads up to version 0.2, which zlib compressed.
    """
    import numpy as np

    if body.startswith(MAGIC):
        import pyarrow as pa

        with pa.CompressedInputStream(pa.BufferReader(body), ZSTD) as stream:
            body = stream.read()
    with np.load(io.BytesIO(body), allow_pickle=False) as file:
        arrays = dict(file)
    check(key, {name: arrays.pop(name).item() for name in label if name in arrays}, label)
    return arrays


def chosen(file: IO[bytes], names: tuple[str, ...], label: Label, key: str) -> dict[str, np.ndarray]:
    """Some arrays of an .npz that is not compressed, as `unpack` gives all."""
    import numpy as np

    with np.load(file, allow_pickle=False) as stored:
        check(key, {name: stored[name].item() for name in label if name in stored}, label)
        return {name: stored[name] for name in names}


def check(key: str, said: Label, expected: Label) -> None:
    if said != expected:
        what = ", ".join(f"{name} {value}" for name, value in said.items()) or "nothing of what it is"
        raise ValueError(f"the file {key} says {what}; start the execution again with the same input")
