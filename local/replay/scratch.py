"""S3 as the steps of a replay get it: they read what the stack has, and what they publish goes into a folder."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple


class Place(NamedTuple):
    """What is below a prefix of a bucket."""

    bucket: str
    prefix: str


class Scratch:
    """The S3 calls that the steps make.

    Only below the replay's own place, which SageMaker reads, is anything written into a bucket, and only there on
    conditions. Nothing is deleted, so no step can change a lease, a table or a verdict.
    """

    def __init__(self, s3: Any, folder: Path, own: Place):
        self.stack, self._folder, self._own = s3, folder, own
        self.exceptions = s3.exceptions

    def put_object(self, Bucket: str, Key: str, Body: bytes | str, ContentType: str, **condition: str) -> dict:
        if Bucket == self._own.bucket and Key.startswith(self._own.prefix):
            return self.stack.put_object(Bucket=Bucket, Key=Key, Body=Body, ContentType=ContentType, **condition)
        if condition:
            raise NotImplementedError(f"no step of a replay writes {Key} on a condition")
        file = self._folder / Bucket / Key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(Body.encode() if isinstance(Body, str) else Body)
        return {}

    def get_object(self, Bucket: str, Key: str, **asked: str) -> dict:
        """Of a file of ours the whole or, by Range, its end (`bytes=-3`) or a part (`bytes=0-2`)."""
        file = self._folder / Bucket / Key
        if not file.is_file():
            return self.stack.get_object(Bucket=Bucket, Key=Key, **asked)
        body = file.read_bytes()
        first, _, last = asked.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        begin = int(first) if first else max(0, len(body) - int(last))
        end = min(int(last) + 1, len(body)) if first and last else len(body)
        return {"Body": io.BytesIO(body[begin:end]), "ContentRange": f"bytes {begin}-{end - 1}/{len(body)}", "ETag": ""}

    def list_objects_v2(self, Bucket: str, Prefix: str, **more: Any) -> dict:
        return self._with_ours(self.stack.list_objects_v2(Bucket=Bucket, Prefix=Prefix, **more), Bucket, Prefix)

    def get_paginator(self, call: str) -> "Scratch":
        if call != "list_objects_v2":
            raise NotImplementedError(f"no step of a replay pages through {call}")
        return self

    def paginate(self, Bucket: str, Prefix: str, **more: Any) -> Iterator[dict]:
        yield from self.stack.get_paginator("list_objects_v2").paginate(Bucket=Bucket, Prefix=Prefix, **more)
        yield self._with_ours({}, Bucket, Prefix)

    def _with_ours(self, page: dict, bucket: str, prefix: str) -> dict:
        ours = [{"Key": key} for key in self._ours(bucket, prefix)]
        return page | ({"Contents": [*page.get("Contents", []), *ours]} if ours else {})

    def _ours(self, bucket: str, prefix: str) -> list[str]:
        top = self._folder / bucket
        keys = (file.relative_to(top).as_posix() for file in top.rglob("*") if file.is_file())
        return sorted(key for key in keys if key.startswith(prefix))
