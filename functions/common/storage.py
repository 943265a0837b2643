"""What the steps read from and write to S3."""

from __future__ import annotations

import datetime
import email.utils
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from common import aws
from common.errors import Transient

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, ObjectTypeDef


def get(bucket: str, key: str) -> bytes:
    """The object, which must stand: a role that may not list the whole bucket is told of none that is missing.

    Where it does not, the error says which object it is: S3 calls a missing one "Access Denied".
    """
    return _standing(bucket, key)["Body"].read()


def tail(bucket: str, key: str, count: int) -> tuple[bytes, int]:
    """The last bytes of an object that must stand, so many or all, and its size."""
    answer = _standing(bucket, key, Range=f"bytes=-{count}")
    return answer["Body"].read(), int(answer["ContentRange"].rpartition("/")[2])


def span(bucket: str, key: str, begin: int, end: int) -> bytes:
    """The bytes from begin up to end of an object that must stand."""
    return _standing(bucket, key, Range=f"bytes={begin}-{end - 1}")["Body"].read()


def tagged(bucket: str, key: str) -> tuple[bytes, str]:
    """The object, which must stand, and its ETag."""
    found = _standing(bucket, key)
    return found["Body"].read(), found["ETag"]


def _standing(bucket: str, key: str, **asked: Any) -> GetObjectOutputTypeDef:
    try:
        return aws.s3().get_object(Bucket=bucket, Key=key, **asked)
    except ClientError as error:
        about = error.response["Error"]
        if about["Code"] not in ("AccessDenied", "NoSuchKey"):
            raise
        about["Message"] = f"s3://{bucket}/{key} was deleted, or this function may not read it: {about['Message']}"
        raise type(error)(error.response, error.operation_name) from error


class Found(NamedTuple):
    """An object's bytes and ETag, None and empty where nothing stands under the key; and S3's clock."""

    body: bytes | None
    etag: str
    now: datetime.datetime


def find(bucket: str, key: str) -> Found:
    """The object, if it stands.

    A listing asks for it, since GetObject says that a key is missing only to who may list the whole bucket.
    """
    listing = aws.s3().list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
    now = email.utils.parsedate_to_datetime(listing["ResponseMetadata"]["HTTPHeaders"]["date"])
    if not any(found["Key"] == key for found in listing.get("Contents", [])):
        return Found(None, "", now)
    standing = _standing(bucket, key)
    return Found(standing["Body"].read(), standing["ETag"], now)


def put(bucket: str, key: str, body: bytes | str, content_type: str = "application/octet-stream") -> str:
    """Write the object whole and return its URI."""
    aws.s3().put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)
    return f"s3://{bucket}/{key}"


def put_if(bucket: str, key: str, body: bytes | str, etag: str, content_type: str = "application/json") -> bool:
    """Write the object in place of what has this ETag, or where nothing stands if it is empty; whether that held.

    Raises Transient while another request writes the object.
    """
    condition: Any = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
    try:
        aws.s3().put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type, **condition)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ("PreconditionFailed", "NoSuchKey"):
            return False
        if code == "ConditionalRequestConflict":
            raise Transient(f"another request is writing {key}") from error
        raise
    return True


def listed(bucket: str, prefix: str) -> Iterator[ObjectTypeDef]:
    """The objects below a prefix, by key."""
    for page in aws.s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from page.get("Contents", [])


def delete(bucket: str, prefix: str) -> None:
    """Delete the objects below a prefix, several at once: a run of many shards has hundreds."""
    client, every = aws.s3(), listed(bucket, prefix)
    with ThreadPoolExecutor(aws.CONNECTIONS) as pool:
        for _ in pool.map(lambda found: client.delete_object(Bucket=bucket, Key=found["Key"]), every):
            pass  # which raises what S3 refused


def holds(bucket: str, prefix: str) -> bool:
    """Whether any object is below the prefix."""
    return bool(aws.s3().list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1).get("Contents"))


def folders(bucket: str, prefix: str) -> list[str]:
    """The prefixes one level below a prefix, each with its slash."""
    pages = aws.s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    return [found["Prefix"] for page in pages for found in page.get("CommonPrefixes", [])]


def link(uri: str, hours: int) -> str:
    """An https address that opens the object for whoever has it, until it expires or its signer's credentials do."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    target = {"Bucket": bucket, "Key": key}
    return aws.s3().generate_presigned_url("get_object", Params=target, ExpiresIn=hours * 3600)
