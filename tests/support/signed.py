"""Requests signed by botocore and sent as they are, so that a test can change one thing between the two."""

import dataclasses
import datetime
import http.client
import re
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "us-east-1"
BUCKET = "guarded"
REFUSED = (403, "AccessDenied")
WRONG = (403, "SignatureDoesNotMatch")
JSON = {"content_type": "application/x-amz-json-1.0", "x_amz_target": "AWSStepFunctions.ListStateMachines"}


@dataclasses.dataclass(frozen=True)
class Call:
    """A request on the wire."""

    endpoint: str
    method: str
    target: str  # path and query
    headers: dict[str, str]
    body: bytes = b""

    def but(self, body: bytes | None = None, target: str | None = None, **headers: str) -> "Call":
        """With another body, path or headers, which nobody has signed."""
        renamed = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in self.headers.items() if name.lower() not in renamed}
        return dataclasses.replace(
            self,
            body=self.body if body is None else body,
            target=self.target if target is None else target,
            headers=kept | renamed,
        )

    def send(self) -> tuple[int, str]:
        """Status, and AWS's code if there is one."""
        connection = http.client.HTTPConnection(urlsplit(self.endpoint).netloc, timeout=20)
        try:
            connection.putrequest(self.method, self.target, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(self.body)))
            connection.endheaders(self.body)
            answer = connection.getresponse()
            assert not [name for name, _ in answer.getheaders() if name.lower().startswith("access-control-")] or (
                answer.status < 400
            ), "a refusal invites no page"
            return answer.status, code(answer.read())
        finally:
            connection.close()


def code(body: bytes) -> str:
    found = re.search(rb"<Code>(\w+)</Code>|\"__type\": ?\"(\w+)\"", body)
    return (found[1] or found[2]).decode() if found else ""


def fetch(link: str, method: str = "GET", body: bytes | None = None, **headers: str) -> bytes:
    """What a program without keys gets that has only the link."""
    asked = urllib.request.Request(link, data=body, method=method, headers=headers)  # noqa: S310
    with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310
        return answer.read()


@dataclasses.dataclass(frozen=True)
class Signer:
    endpoint: str
    key: str
    secret: str
    token: str | None = None

    def call(self, service: str, method: str, target: str, body: bytes = b"", **headers: str) -> Call:
        """Signed in headers. A header's name has _ for -."""
        kind: Any = auth.S3SigV4Auth if service == "s3" else auth.SigV4Auth
        signer = kind(self._credentials(), service, REGION)
        if said := headers.get("x_amz_content_sha256"):
            signer.payload = lambda _request: said  # S3's signer writes the header itself
        return self._signed(signer, method, target, body, headers)

    def link(
        self, service: str, method: str, target: str, expires: int = 60, body: bytes = b"", **headers: str
    ) -> Call:
        """Signed in the query."""
        kind = auth.S3SigV4QueryAuth if service == "s3" else auth.SigV4QueryAuth
        return self._signed(kind(self._credentials(), service, REGION, expires=expires), method, target, body, headers)

    def _credentials(self) -> Credentials:
        return Credentials(self.key, self.secret, self.token)

    def _signed(self, signer, method: str, target: str, body: bytes, headers: dict[str, str]) -> Call:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("host", urlsplit(self.endpoint).netloc)
        request = AWSRequest(method=method, url=f"{self.endpoint}{target}", data=body, headers=named)
        signer.add_auth(request)
        parts = urlsplit(str(request.url))
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return Call(self.endpoint, method, path, dict(request.headers.items()), body)


def signed_at(monkeypatch, moved: datetime.timedelta) -> None:
    """Move the clock of what botocore signs from now on."""
    now = datetime.datetime.now(datetime.UTC)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_: now + moved)


def exists(laptop) -> bool:
    """Whether the object is there that the tests sign a PutObject for."""
    return "Contents" in laptop("s3").list_objects_v2(Bucket=BUCKET, Prefix="a.txt")
