"""A request as it came, for those who judge it, and the answer that none of it is done."""

import dataclasses
from collections.abc import Iterator, MutableMapping
from typing import Any
from urllib.parse import quote, unquote_to_bytes

type Scope = MutableMapping[str, Any]  # as ASGI has it

UNRESERVED = "-_.~"


class Refused(Exception):
    """The request is not done; a code of AWS's and a sentence say why."""

    def __init__(self, code: str, message: str):
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


@dataclasses.dataclass(frozen=True)
class Request:
    method: str
    path: str  # as services see it
    raw_path: str  # as it was sent, with its escapes
    query: tuple[tuple[str, str], ...]  # names and values, escaped as signatures have them
    headers: tuple[tuple[str, str], ...]  # names in lower case

    @classmethod
    def of(cls, scope: Scope) -> "Request":
        headers = ((name.decode("latin-1").lower(), _text(value)) for name, value in scope["headers"])
        return cls(
            method=scope.get("method", "GET"),  # a WebSocket has none
            path=scope["path"],
            raw_path=scope["raw_path"].decode("latin-1"),
            query=tuple(_pairs(scope["query_string"].decode("latin-1"))),
            headers=tuple(headers),
        )

    def values(self, header: str) -> list[str]:
        return [value for name, value in self.headers if name == header]

    def parameters(self, name: str) -> list[str]:
        """The parameter's values, in whatever case its name is written."""
        return [value for other, value in self.query if other.lower() == name.lower()]


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    """Each parameter decoded as services do it, and escaped again in the one way that signatures know."""
    for pair in query.split("&") if query else ():
        name, _, value = pair.partition("=")
        yield escaped(name.replace("+", " ")), escaped(value.replace("+", " "))


def escaped(text: str, safe: str = "") -> str:
    return quote(unquote_to_bytes(text), safe=UNRESERVED + safe)


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
