"""The guard of MiniStack: its keys are MiniStack's, and it refuses in the words of the service that was asked."""

import functools
import os
from urllib.parse import unquote

from local import ministack, paths
from local.guard import pages
from local.guard.app import Guard
from local.guard.health import proof
from local.guard.request import Refused, Request
from local.ministack import Response

_ROOT = paths.LAPTOP_KEY


def guarded(port: int) -> Guard:
    """MiniStack behind the guard. The root key's secret is in the environment, as MiniStack wants it."""
    says = functools.partial(proof, os.environ["AWS_SECRET_ACCESS_KEY"], port)
    return Guard(ministack.asgi, pages.hosts(port), says, secret_of, refusal)


def secret_of(key: str, token: str) -> str:
    """The secret of the root key or of one that this cloud's IAM or STS gave. Raises Refused for any other."""
    if key != _ROOT and ministack.is_root_key(key):  # MiniStack takes every account's number, and more, for a root key
        raise Refused("InvalidClientTokenId", "The security token included in the request is invalid.")
    found = ministack.resolve_credential(key, paths.ACCOUNT, token)
    if isinstance(found, ministack.CredentialError):
        raise Refused(found.code, found.message)
    return found.secret_access_key


def refusal(request: Request, refused: Refused) -> Response:
    """Status, headers and body, in the format that the request's client reads."""
    asked = dict(request.headers)
    query = {unquote(name): [unquote(value)] for name, value in request.query}
    service = ministack.service_of(request.method, request.path, asked, query)
    status, headers, body = ministack.denial(
        service, "", "", ministack.new_uuid(), error_code=refused.code, message=refused.message, headers=asked
    )
    ministack.fix_error_content_type(service, status, headers)
    return status, headers, body
