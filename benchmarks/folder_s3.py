"""S3 as a folder, for steps in processes of their own: bodies never count as a step's memory. Each call is S3's own."""

import datetime
import email.utils
import shutil
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from tests.support import memory_s3

TICK = datetime.timedelta(seconds=2)


class S3:
    """The calls that the steps make, on files of `root` by bucket and key; each object has one version."""

    exceptions = types.SimpleNamespace(NoSuchKey=type("NoSuchKey", (ClientError,), {}), ClientError=ClientError)

    def __init__(self, root: Path) -> None:
        self.root = root

    def upload(self, bucket: str, key: str, file: Path) -> None:
        place = self._place(bucket, key)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)

    def put_object(self, *, Bucket: str, Key: str, Body: bytes | str, **conditions: str) -> dict:
        place = self._place(Bucket, Key)
        if "IfNoneMatch" in conditions and place.exists():
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(Body.encode() if isinstance(Body, str) else Body)
        return {"ETag": self._tag(place)}

    def get_object(self, *, Bucket: str, Key: str, Range: str = "", **_: str) -> dict:
        place = self._place(Bucket, Key)
        if not place.exists():
            raise self.exceptions.NoSuchKey({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        answer = {"ETag": self._tag(place), "LastModified": _modified(place)}
        return answer | (memory_s3.ranged(place.read_bytes(), Range) if Range else {"Body": place.open("rb")})

    def head_object(self, *, Bucket: str, Key: str, **_: str) -> dict:
        place = self._place(Bucket, Key)
        return {"LastModified": _modified(place), "ContentLength": place.stat().st_size, "ETag": self._tag(place)}

    def list_objects_v2(self, *, Bucket: str, Prefix: str = "", Delimiter: str = "", **_: Any) -> dict:
        found = {key: place for key, place in self._below(Bucket) if key.startswith(Prefix)}
        now = email.utils.format_datetime(datetime.datetime.now(datetime.UTC) + TICK, usegmt=True)
        answer: dict = {"ResponseMetadata": {"HTTPHeaders": {"date": now}}}
        rests = {key: key.removeprefix(Prefix).partition(Delimiter) if Delimiter else (key, "", "") for key in found}
        folders = sorted({Prefix + first + Delimiter for first, cut, _ in rests.values() if cut})
        own = [key for key, (_, cut, _) in rests.items() if not cut]
        answer["Contents"] = [{"Key": key, "LastModified": _modified(found[key])} for key in own]
        return answer | {"CommonPrefixes": [{"Prefix": folder} for folder in folders]}

    def list_object_versions(self, *, Bucket: str, **asked: Any) -> dict:
        listed = self.list_objects_v2(Bucket=Bucket, **asked)
        return {"Versions": [found | {"VersionId": "1"} for found in listed["Contents"]]}

    def get_paginator(self, call: str) -> Any:
        return types.SimpleNamespace(paginate=lambda **asked: [getattr(self, call)(**asked)])

    def _below(self, bucket: str) -> Iterator[tuple[str, Path]]:
        root = self._place(bucket, "")
        for place in sorted(root.rglob("*")):
            if place.is_file():
                yield place.relative_to(root).as_posix(), place

    def _place(self, bucket: str, key: str) -> Path:
        return self.root / bucket / key

    @staticmethod
    def _tag(place: Path) -> str:
        return f'"{place.stat().st_mtime_ns:x}"'


def _modified(place: Path) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(int(place.stat().st_mtime), datetime.UTC)
