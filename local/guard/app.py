"""The ASGI application before MiniStack's."""

import collections
import datetime
import hashlib
import re
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

from local.guard import health, pages, signature
from local.guard.request import Refused, Request, Scope

# CloudFormation's ResponseURL of a custom resource, which AWS signs beforehand and MiniStack ends with a random token.
CUSTOM_RESOURCE = re.compile("/_ministack/cfn-response/[0-9a-f-]{36}")

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Scope, Receive, Send], Awaitable[None]]
type Answer = tuple[int, dict[str, str], bytes]


class Guard:
    """Lets programs through that sign with a key of this cloud, and nothing that a web page can send."""

    def __init__(
        self,
        app: App,
        hosts: Collection[str],
        proof: Callable[[str], str],
        secret_of: Callable[[str, str], str],
        answer: Callable[[Request, Refused], Answer],
    ):
        """proof answers a nonce; secret_of takes key and session token and raises Refused; answer puts a refusal into a
        service's format."""
        self._app, self._hosts, self._proof = app, frozenset(hosts), proof
        self._secret_of, self._answer = secret_of, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close"})  # before it is accepted, so the answer is 403
        else:
            request = Request.of(scope)
            try:
                await self._judge(request, scope, receive, send)
            except Refused as refused:
                await _respond(send, *self._answer(request, refused))

    async def _judge(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        pages.refuse(request, self._hosts)
        if request.path == health.HEALTH:
            await _respond(send, 200, {"Content-Type": "text/plain"}, self._proof(health.asked(request)).encode())
            return
        if not request.raw_path.startswith("/"):  # a whole address, as one says it to a proxy
            raise Refused("AccessDenied", "The laptop cloud is no proxy")
        if request.method == "PUT" and CUSTOM_RESOURCE.fullmatch(request.raw_path):
            await self._app(scope, receive, send)
            return
        if request.path.startswith("/_"):  # no bucket and no path of AWS's APIs begins so
            raise Refused("AccessDenied", "The emulator's own paths are closed")
        claimed = signature.claim(request)
        signature.check_time(claimed, datetime.datetime.now(datetime.UTC))
        secret, body_hash = self._secret_of(claimed.key, claimed.token), signature.declared_hash(request, claimed)
        body = _Body(receive)
        if body_hash is None:
            await body.read()
            signature.check(request, claimed, secret, body.hash())
        else:
            signature.check(request, claimed, secret, body_hash)
            body.must_be = "" if body_hash in signature.STREAMED else body_hash
        await self._app(scope, body.receive, send)
        if body.wrong:
            raise Refused("SignatureDoesNotMatch", f"The body is not the one that {signature.HASH} says")


class _Body:
    """A body on its way to the application: hashed as it goes by, and held in its parts only if it must be read first.

    The application reads all of a body before it acts. One that turns out not to be the signed one ends for it as if
    the client had left.
    """

    def __init__(self, receive: Receive):
        self.must_be, self.wrong = "", False
        self._receive, self._hash = receive, hashlib.sha256()
        self._held: collections.deque[Message] = collections.deque()

    async def read(self) -> None:
        more = True
        while more:
            message = await self._receive()
            self._held.append(message)
            self._hash.update(message.get("body", b""))
            more = message.get("more_body", False)

    def hash(self) -> str:
        return self._hash.hexdigest()

    async def receive(self) -> Message:
        if self._held:
            return self._held.popleft()
        message = await self._receive()
        if self.must_be and message["type"] == "http.request":
            self._hash.update(message.get("body", b""))
            if not message.get("more_body", False) and self.hash() != self.must_be:
                self.wrong = True
                return {"type": "http.disconnect"}
        return message


async def _respond(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    named = {**headers, "Content-Length": str(len(body))}
    lines = [(name.lower().encode(), value.encode()) for name, value in named.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
