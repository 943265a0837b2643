"""Some arrays of a large .npz in S3: nothing in it is compressed, so what is not asked for need not be fetched.

The object's end lists its members and their places. What is fetched goes to its place in a mapping of the object's
size, of which the rest takes no memory.
"""

from __future__ import annotations

import mmap
import zipfile
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, cast

from common import arrays, storage
from common.arrays import Label

if TYPE_CHECKING:
    import numpy as np

TAIL = 64 << 10  # bytes at the end, which hold the list of members and small ones before it
GAP = 64 << 10  # bytes between two members that are fetched along


def unpack(bucket: str, key: str, names: tuple[str, ...], label: Label) -> dict[str, np.ndarray]:
    """These arrays by name, held against the label as `arrays.unpack` does. Raises KeyError for one that is missing."""
    tail, size = storage.tail(bucket, key, TAIL)
    with mmap.mmap(-1, size) as whole:
        whole[size - len(tail) :] = tail
        with zipfile.ZipFile(cast(IO[bytes], whole)) as listed:
            spans = list(_spans(listed, {f"{name}.npy" for name in (*names, *label)}))
        for begin, end in _joined(spans):
            until = min(end, size - len(tail))
            if begin < until:
                whole[begin:until] = storage.span(bucket, key, begin, until)
        return arrays.chosen(cast(IO[bytes], whole), names, label, key)


def _spans(listed: zipfile.ZipFile, wanted: set[str]) -> Iterator[tuple[int, int]]:
    """Where each wanted member begins and ends."""
    members = sorted(listed.infolist(), key=lambda member: member.header_offset)
    ends = [*(member.header_offset for member in members[1:]), listed.start_dir]
    for member, end in zip(members, ends, strict=True):
        if member.filename in wanted:
            yield member.header_offset, end


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans, of which those that are near each other are one."""
    joined: list[tuple[int, int]] = []
    for begin, end in spans:
        if joined and begin - joined[-1][1] <= GAP:
            joined[-1] = joined[-1][0], end
        else:
            joined.append((begin, end))
    return joined
