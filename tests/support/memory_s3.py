"""S3 as a dict, for tests that send whole files down the path: moto takes milliseconds for each call."""

import dataclasses
import datetime
import email.utils
import hashlib
import io
import types

from botocore.exceptions import ClientError

START = datetime.datetime(2026, 11, 23, 3, 40, tzinfo=datetime.UTC)


@dataclasses.dataclass(frozen=True)
class Version:
    id: str
    body: bytes
    modified: datetime.datetime


class S3:
    """The calls that the steps make, each with AWS's own names; every bucket keeps versions.

    `objects` are the newest bodies. `now` is S3's clock, which a test may move; it stands still by itself. `calls` are
    the names of the calls with their keys or prefixes.
    """

    exceptions = types.SimpleNamespace(NoSuchKey=type("NoSuchKey", (ClientError,), {}), ClientError=ClientError)

    def __init__(self, now: datetime.datetime = START) -> None:
        self.now = now
        self.objects: dict[tuple[str, str], bytes] = {}
        self.versions: dict[tuple[str, str], list[Version]] = {}
        self.calls: list[tuple[str, str]] = []

    def put_object(self, Bucket, Key, Body, IfNoneMatch=None, IfMatch=None, **_):
        self.calls.append(("put_object", Key))
        standing = self.objects.get((Bucket, Key))
        if (IfNoneMatch and standing is not None) or (IfMatch and (standing is None or tag(standing) != IfMatch)):
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")
        body = Body.encode() if isinstance(Body, str) else bytes(Body)
        kept = self.versions.setdefault((Bucket, Key), [])
        kept.append(Version(str(len(kept) + 1), body, self.now.replace(microsecond=0)))
        self.objects[Bucket, Key] = body
        return {"VersionId": kept[-1].id, "ETag": tag(body)}

    def get_object(self, Bucket, Key, VersionId=None, Range="", **_):
        self.calls.append(("get_object", Key))
        version = self._version(Bucket, Key, VersionId)
        if version is None:
            code = "NoSuchVersion" if VersionId else "NoSuchKey"
            raise self.exceptions.NoSuchKey({"Error": {"Code": code}}, "GetObject")
        body = version.body
        return {"ETag": tag(body), "LastModified": version.modified} | ranged(body, Range)

    def head_object(self, Bucket, Key, VersionId=None):
        self.calls.append(("head_object", Key))
        version = self._version(Bucket, Key, VersionId)
        if version is None:  # HEAD has no body, so its error has no name
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")
        return {"LastModified": version.modified, "ContentLength": len(version.body), "ETag": tag(version.body)}

    def delete_object(self, Bucket, Key, VersionId=None):
        """Without a version only the newest body is hidden, as by a delete marker."""
        if VersionId:
            kept = [version for version in self.versions.get((Bucket, Key), []) if version.id != VersionId]
            self.versions[Bucket, Key] = kept
            if (Bucket, Key) in self.objects and kept:
                self.objects[Bucket, Key] = kept[-1].body
                return
        self.objects.pop((Bucket, Key), None)

    def list_objects_v2(self, Bucket, Prefix="", MaxKeys=1000, Delimiter=""):
        """The first page, which is all there is of pages."""
        self.calls.append(("list_objects_v2", Prefix))
        every = sorted(key for bucket, key in self.objects if bucket == Bucket and key.startswith(Prefix))
        keys, folders = _grouped(every, Prefix, Delimiter)
        dated = {"ResponseMetadata": {"HTTPHeaders": {"date": email.utils.format_datetime(self.now, usegmt=True)}}}
        contents = [
            {
                "Key": key,
                "LastModified": self.versions[Bucket, key][-1].modified,
                "ETag": tag(self.objects[Bucket, key]),
            }
            for key in keys[:MaxKeys]
        ]
        return dated | _given(Contents=contents, CommonPrefixes=[{"Prefix": folder} for folder in folders])

    def list_object_versions(self, Bucket, Prefix="", Delimiter=""):
        self.calls.append(("list_object_versions", Prefix))
        every = sorted(key for bucket, key in self.versions if bucket == Bucket and key.startswith(Prefix))
        keys, folders = _grouped(every, Prefix, Delimiter)
        versions = [
            {"Key": key, "VersionId": version.id, "LastModified": version.modified}
            for key in keys
            for version in reversed(self.versions[Bucket, key])
        ]
        return _given(Versions=versions, CommonPrefixes=[{"Prefix": folder} for folder in folders])

    def get_paginator(self, call):
        return types.SimpleNamespace(paginate=lambda **asked: [getattr(self, call)(**asked)])

    def _version(self, bucket: str, key: str, version: str | None) -> Version | None:
        kept = self.versions.get((bucket, key), [])
        if version:
            return next((one for one in kept if one.id == version), None)
        return kept[-1] if (bucket, key) in self.objects else None


def ranged(body: bytes, asked: str) -> dict:
    """The body of an answer, or the part of it that a Range names: `bytes=-3` is its end, `bytes=0-2` its beginning."""
    if not asked:
        return {"Body": io.BytesIO(body)}
    first, _, last = asked.removeprefix("bytes=").partition("-")
    begin = int(first) if first else max(0, len(body) - int(last))
    end = min(int(last) + 1, len(body)) if first else len(body)
    return {"Body": io.BytesIO(body[begin:end]), "ContentRange": f"bytes {begin}-{end - 1}/{len(body)}"}


def _grouped(keys: list[str], prefix: str, delimiter: str) -> tuple[list[str], list[str]]:
    """The keys directly below the prefix, and the folders that hold the others."""
    if not delimiter:
        return keys, []
    rests = {key: key.removeprefix(prefix).partition(delimiter) for key in keys}
    folders = {prefix + first + delimiter for first, found, _ in rests.values() if found}
    return [key for key, (_, found, _) in rests.items() if not found], sorted(folders)


def _given(**answers: list) -> dict[str, list]:
    """AWS leaves out what is empty."""
    return {name: found for name, found in answers.items() if found}


def tag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
