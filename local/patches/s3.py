"""S3: a missing key is 403 for who may not list the bucket, a version can be read in ranges, and aws:kms needs no key.

AWS: "GetObject" and "HeadObject" of the S3 API Reference, /AmazonS3/latest/API/API_GetObject.html and
/AmazonS3/latest/API/API_HeadObject.html: without s3:ListBucket an object that does not exist is 403, and Range goes
with any version. MiniStack answers 404 to everybody and sends all of a version. Whether a right to list counts that a
condition on s3:prefix narrows, AWS does not say, and people report both. Here it does not: what works then works on AWS
in either case.

AWS: "Using server-side encryption with AWS KMS keys", /AmazonS3/latest/userguide/UsingKMSEncryption.html: without a key
S3 uses the account's own, aws/s3. MiniStack refuses the request; the SageMaker Python SDK uploads so.
"""

import re

from local import ministack
from local.ministack import Response

_NOT_ALLOWED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
_NO_SUCH_RANGE = b"<Error><Code>InvalidRange</Code></Error>"
_ENCRYPTION, _KEY = "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"
_OWN_KEY = "key/00000000-0000-4000-8000-000000000053"  # AWS makes one for each account and region
_XML = {"Content-Type": "application/xml"}


def install() -> None:
    ministack_s3 = ministack.handlers["s3"]

    async def s3(method: str, path: str, headers: dict, body: bytes, query: dict) -> Response:
        if headers.get(_ENCRYPTION) == "aws:kms" and not headers.get(_KEY):
            headers = {**headers, _KEY: f"arn:aws:kms:{ministack.get_region()}:{ministack.get_account_id()}:{_OWN_KEY}"}
        response = await ministack_s3(method, path, headers, body, query)
        missing = response[0] == 404 and method in ("GET", "HEAD") and path.count("/") > 1
        if missing and not _may_list(path, headers, query):
            return 403, _XML, _NOT_ALLOWED
        if method == "GET" and response[0] == 200 and "versionId" in query and "range" in headers:
            return _range(headers["range"], *response)
        return response

    ministack.handlers["s3"] = s3


def _range(wanted: str, status: int, headers: dict, body: bytes) -> Response:
    """The part of a whole object that a Range header asks for."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted)
    if match is None or match.group(0) == "bytes=-" or not isinstance(body, bytes):
        return status, headers, body
    first, last, size = match.group(1), match.group(2), len(body)
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start >= size:
        return 416, _XML, _NO_SUCH_RANGE
    part = body[start : end + 1]
    whole = ("content-length", "content-range", "x-amz-checksum-")  # headers about all of the object
    kept = {name: value for name, value in headers.items() if not name.lower().startswith(whole)}
    return 206, {**kept, "Content-Range": f"bytes {start}-{end}/{size}", "Content-Length": str(len(part))}, part


def _may_list(path: str, headers: dict, query: dict) -> bool:
    """Whether the caller may list the whole bucket."""
    caller, arn = ministack.extract_access_key_id(headers, query), f"arn:aws:s3:::{path.split('/', 2)[1]}"
    return not ministack.enforce(caller, "s3:ListBucket", "s3", ministack.get_region(), arn, {})
