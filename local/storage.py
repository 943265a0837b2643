"""S3 where MiniStack is laxer than AWS."""

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.responses import get_region
from ministack.core.router import extract_access_key_id

from local import children, faults


def install() -> None:
    """Loopback counts as TLS, and a missing key is 403 for a caller who may not list the bucket."""
    app.pin_request_origin = lambda address, _secure: iam_evaluator.pin_request_origin(address, True)
    ministack_s3 = app.SERVICE_HANDLERS["s3"]

    async def s3(method, path, headers, body, query):
        response = await ministack_s3(method, path, headers, body, query)
        if method == "PUT" and response[0] == 200 and (fault := faults.take("function_dies", path)):
            children.kill(f"lambda {fault['function']}")
        missing = response[0] == 404 and method in ("GET", "HEAD") and path.count("/") > 1
        if missing and not _may_list(path.split("/")[1], headers, query):
            return (
                403,
                {"Content-Type": "application/xml"},
                b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
            )
        return response

    app.SERVICE_HANDLERS["s3"] = s3


def _may_list(bucket: str, headers: dict, query: dict) -> bool:
    key = extract_access_key_id(headers, query)
    return not iam_evaluator.enforce(key, "s3:ListBucket", "s3", get_region(), resource_arn=f"arn:aws:s3:::{bucket}")
