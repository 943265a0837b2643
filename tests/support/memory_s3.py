"""S3 as a dict, for tests that send whole files down the path: moto takes milliseconds for each call."""

import datetime
import hashlib
import io
import types

from botocore.exceptions import ClientError


class S3:
    """The calls that the steps make, each with AWS's own names; every object has one version."""

    exceptions = types.SimpleNamespace(NoSuchKey=type("NoSuchKey", (ClientError,), {}), ClientError=ClientError)

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}

    def put_object(self, Bucket, Key, Body, IfNoneMatch=None, IfMatch=None, **_):
        standing = self.objects.get((Bucket, Key))
        if (IfNoneMatch and standing is not None) or (IfMatch and (standing is None or tag(standing) != IfMatch)):
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")
        self.objects[Bucket, Key] = Body.encode() if isinstance(Body, str) else bytes(Body)
        return {"VersionId": "1", "ETag": tag(self.objects[Bucket, Key])}

    def get_object(self, Bucket, Key, **_):
        if (Bucket, Key) not in self.objects:
            raise self.exceptions.NoSuchKey({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        body = self.objects[Bucket, Key]
        return {"Body": io.BytesIO(body), "ETag": tag(body), "LastModified": datetime.datetime.now(datetime.UTC)}

    def delete_object(self, Bucket, Key):
        self.objects.pop((Bucket, Key), None)

    def list_objects_v2(self, Bucket, Prefix="", MaxKeys=1000):
        keys = sorted(key for bucket, key in self.objects if bucket == Bucket and key.startswith(Prefix))[:MaxKeys]
        return {"Contents": [{"Key": key} for key in keys]} if keys else {}

    def get_paginator(self, call):
        return types.SimpleNamespace(paginate=lambda **asked: [getattr(self, call)(**asked)])


def tag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
