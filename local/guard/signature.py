"""Signature Version 4 of a request that came, held against what botocore's own signers make of it.

AWS: "Create a signed AWS API request", /IAM/latest/UserGuide/reference_sigv-create-signed-request.html, and
"Authenticating Requests: Using Query Parameters", /AmazonS3/latest/API/sigv4-query-string-auth.html.
"""

import dataclasses
import datetime
import hmac
import re
from typing import Any
from urllib.parse import unquote

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.guard.request import Refused, Request, escaped

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW = datetime.timedelta(minutes=15)
LONGEST = 7 * 24 * 3600  # seconds that a link may be valid
HASH = "x-amz-content-sha256"
# What S3 takes in the place of a body's hash; the parts of a streamed body have signatures or checksums of their own.
STREAMED = {
    "UNSIGNED-PAYLOAD",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
}
_IN_LINKS = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature", "Security-Token")
_OLDER = ("AWSAccessKeyId", "Signature")  # of Signature Version 2
_WRONG = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method: stockcast env prints this cloud's key."
)


@dataclasses.dataclass(frozen=True)
class Claim:
    """What a request says of its signature; nothing of it is proven."""

    key: str
    day: str  # YYYYMMDD
    region: str
    service: str
    headers: frozenset[str]  # those that are signed, in lower case
    signature: str
    time: str  # YYYYMMDDTHHMMSSZ
    token: str
    expires: int | None = None  # seconds from then on, of a link

    @property
    def signs_no_body(self) -> bool:
        """S3's links are made before anybody knows the body."""
        return self.expires is not None and self.service == "s3"


def claim(request: Request) -> Claim:
    """The one signature of the request. Raises Refused where there is none, more than one, or one of another kind."""
    signed, linked = request.values("authorization"), any(request.parameters(f"X-Amz-{name}") for name in _IN_LINKS[:2])
    if not signed and not linked and not request.parameters("X-Amz-Signature"):
        if any(request.parameters(name) for name in _OLDER):
            raise Refused("UnsupportedSignature", f"The signature is none of {ALGORITHM}")
        raise Refused("MissingAuthenticationToken", "Request is missing Authentication Token")
    if len(signed) > 1 or (signed and (linked or any(request.parameters(name) for name in _OLDER))):
        raise Refused("UnsupportedSignature", "The request has more than one signature")
    found = _in_header(request, signed[0]) if signed else _in_link(request)
    if found.day != found.time[:8]:
        raise Refused("CredentialDateMismatch", "The credential's date is not that of X-Amz-Date")
    there = {name for name, _ in request.headers}
    if unsigned := {name for name in there if name.startswith("x-amz-") or name == "host"} - found.headers:
        raise Refused("SignatureDoesNotMatch", f"Headers that are not signed: {', '.join(sorted(unsigned))}")
    if found.headers - there:  # such a name could be a second credential, which MiniStack would find first
        raise Refused("SignatureDoesNotMatch", "Headers are signed that are not there")
    return found


def _in_header(request: Request, text: str) -> Claim:
    algorithm, _, rest = text.partition(" ")
    if algorithm != ALGORITHM:
        raise Refused("UnsupportedSignature", f"The signature is none of {ALGORITHM}")
    parts = [part.strip().partition("=") for part in rest.split(",")]
    fields = {name: value for name, _, value in parts}
    if sorted(name for name, _, _ in parts) != ["Credential", "Signature", "SignedHeaders"]:
        raise Refused("IncompleteSignature", "Authorization needs Credential, SignedHeaders and Signature, once each")
    return Claim(
        *_scope(fields["Credential"]),
        headers=frozenset(fields["SignedHeaders"].lower().split(";")),
        signature=fields["Signature"],
        time=_only(request.values("x-amz-date"), "X-Amz-Date"),
        token=next(iter(request.values("x-amz-security-token")), ""),
    )


def _in_link(request: Request) -> Claim:
    fields = {name: request.parameters(f"X-Amz-{name}") for name in _IN_LINKS}
    tokens = fields.pop("Security-Token")
    given = {name: unquote(_only(values, f"X-Amz-{name}")) for name, values in fields.items()}
    if given["Algorithm"] != ALGORITHM:
        raise Refused("UnsupportedSignature", f"The signature is none of {ALGORITHM}")
    if not re.fullmatch(r"\d{1,6}", given["Expires"]) or not 1 <= int(given["Expires"]) <= LONGEST:
        raise Refused("IncompleteSignature", f"X-Amz-Expires is from 1 to {LONGEST}")
    return Claim(
        *_scope(given["Credential"]),
        headers=frozenset(given["SignedHeaders"].lower().split(";")),
        signature=given["Signature"],
        time=given["Date"],
        token=unquote(_only(tokens, "X-Amz-Security-Token")) if tokens else "",
        expires=int(given["Expires"]),
    )


def _only(values: list[str], name: str) -> str:
    if len(values) != 1:
        raise Refused("IncompleteSignature", f"A signed request has {name} once")
    return values[0]


def _scope(credential: str) -> tuple[str, str, str, str]:
    parts = credential.split("/")
    if len(parts) != 5 or not all(parts) or parts[4] != "aws4_request":
        raise Refused("IncompleteSignature", "Credential is key/date/region/service/aws4_request")
    return parts[0], parts[1], parts[2], parts[3]


def check_time(claimed: Claim, now: datetime.datetime) -> None:
    """Raise Refused for a signature of another time."""
    try:
        signed = datetime.datetime.strptime(claimed.time, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
    except ValueError:
        raise Refused("IncompleteSignature", "X-Amz-Date is YYYYMMDDTHHMMSSZ") from None
    if claimed.expires is not None and now >= signed + datetime.timedelta(seconds=claimed.expires):
        raise Refused("RequestExpired", "Request has expired")
    if signed > now + SKEW or (claimed.expires is None and signed < now - SKEW):
        raise Refused("RequestTimeTooSkewed", f"The request was signed at {claimed.time}, far from this cloud's time")


def declared_hash(request: Request, claimed: Claim) -> str | None:
    """What the request says of its body: a hash, a word of STREAMED, or nothing. Raises Refused for other words."""
    if claimed.signs_no_body:
        return "UNSIGNED-PAYLOAD"
    if not (values := request.values(HASH)):
        return None
    value = _only(values, HASH)
    if not (value in STREAMED and claimed.service == "s3") and not re.fullmatch("[0-9a-f]{64}", value):
        raise Refused("SignatureDoesNotMatch", f"{HASH} must be a hash of the body")
    return value


def check(request: Request, claimed: Claim, secret: str, body_hash: str) -> None:
    """Raise Refused unless who has the secret has signed this request, with a body of this hash."""
    query = "&".join(f"{name}={value}" for name, value in request.query if name.lower() != "x-amz-signature")
    path = escaped(request.raw_path, "/") if claimed.service == "s3" else request.raw_path.replace("#", "%23")
    again = AWSRequest(method=request.method, url=f"http://host{path}?{query}")
    for name, value in request.headers:
        if name in claimed.headers:
            again.headers[name] = value  # one more line, where there is one already
    again.context.update(timestamp=claimed.time, body_hash=body_hash)
    signer: Any = _SIGNERS[claimed.service == "s3", claimed.expires is not None](
        Credentials(claimed.key, secret), claimed.service, claimed.region
    )
    expected = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
    if not hmac.compare_digest(expected.encode(), claimed.signature.encode()):
        raise Refused("SignatureDoesNotMatch", _WRONG)


class _AsItCame:
    """The headers that the request says, no choice of botocore's, and a body of which only the hash is known."""

    def headers_to_sign(self, request: Any) -> Any:
        return request.headers

    def payload(self, request: Any) -> str:
        return request.context["body_hash"]


class _Header(_AsItCame, SigV4Auth):
    pass


class _S3Header(_AsItCame, S3SigV4Auth):
    pass


class _Link(_AsItCame, SigV4QueryAuth):
    pass


class _S3Link(_AsItCame, S3SigV4QueryAuth):
    pass


_SIGNERS = {(False, False): _Header, (True, False): _S3Header, (False, True): _Link, (True, True): _S3Link}
