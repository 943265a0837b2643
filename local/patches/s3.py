"""S3 where MiniStack is laxer than AWS, or wrong."""

import re
from urllib.parse import unquote

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.responses import get_region
from ministack.core.router import extract_access_key_id


def install() -> None:
    """Loopback counts as TLS, a missing key is 403 for who may not list the bucket, a version can be read in ranges."""
    app.pin_request_origin = lambda address, _secure: iam_evaluator.pin_request_origin(address, True)
    ministack_s3 = app.SERVICE_HANDLERS["s3"]

    async def s3(method, path, headers, body, query):
        response = await ministack_s3(method, path, headers, body, query)
        missing = response[0] == 404 and method in ("GET", "HEAD") and path.count("/") > 1
        if missing and not _may_list(path, headers, query):
            return (
                403,
                {"Content-Type": "application/xml"},
                b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
            )
        if method == "GET" and response[0] == 200 and "versionId" in query and "range" in headers:
            return _range(headers["range"], *response)
        return response

    app.SERVICE_HANDLERS["s3"] = s3


def _range(wanted: str, status: int, headers: dict, body: bytes) -> tuple[int, dict, bytes]:
    """The part of a whole object that a Range header asks for; MiniStack sends all of a version."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted)
    if match is None or match.group(0) == "bytes=-" or not isinstance(body, bytes):
        return status, headers, body
    first, last, size = match.group(1), match.group(2), len(body)
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start >= size:
        return 416, {"Content-Type": "application/xml"}, b"<Error><Code>InvalidRange</Code></Error>"
    part = body[start : end + 1]
    whole = ("content-length", "content-range", "x-amz-checksum-")  # headers about all of the object
    kept = {name: value for name, value in headers.items() if not name.lower().startswith(whole)}
    return 206, {**kept, "Content-Range": f"bytes {start}-{end}/{size}", "Content-Length": str(len(part))}, part


def _may_list(path: str, headers: dict, query: dict) -> bool:
    """Whether the caller may list the bucket; a condition on prefixes is held against the key."""
    _, bucket, key = path.split("/", 2)
    who, arn, context = extract_access_key_id(headers, query), f"arn:aws:s3:::{bucket}", {"s3:prefix": unquote(key)}
    return not iam_evaluator.enforce(who, "s3:ListBucket", "s3", get_region(), arn, context)
