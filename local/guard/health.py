"""What a cloud says of itself to who has no signature: which one it is, and that it is up."""

import hashlib
import hmac
import re
import secrets
from urllib.parse import urlsplit

from local.guard.request import Refused, Request

HEALTH = "/_local/health"
_NONCE = re.compile("[0-9a-f]{32}")


def nonce() -> str:
    """What to ask a cloud with, another one each time: who has heard the answer to one cannot repeat it later."""
    return secrets.token_hex(16)


def asked(request: Request) -> str:
    """The nonce of a question. Raises Refused where it has none."""
    given = request.parameters("nonce")
    if len(given) != 1 or not _NONCE.fullmatch(given[0]):
        raise Refused("AccessDenied", "Health is said to who asks with a nonce of 32 hex digits")
    return given[0]


def proof(secret: str, port: int, nonce: str) -> str:
    """Only the cloud at this port and those who know its secret can say it, and only after the question.

    With the port, so that nobody passes the question on to a cloud at another one.
    """
    return hmac.new(secret.encode(), f"laptop cloud\n{port}\n{nonce}".encode(), hashlib.sha256).hexdigest()


def port_of(endpoint: str) -> int:
    port = urlsplit(endpoint).port
    assert port, endpoint
    return port
