"""Documents of a dataset as JSON: dataclasses of text, numbers, instants, other dataclasses, and tuples of these."""

import dataclasses
import datetime
import functools
import hashlib
import json
import types
import typing
from typing import Any, Self


class Document:
    """What a dataclass that is stored inherits."""

    def to_json(self) -> str:
        """Equal documents give equal text."""
        kept: Any = self
        return json.dumps(dataclasses.asdict(kept), default=_text, sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The document of such a text. Fields that this code does not know are left out; absent ones have defaults."""
        return _built(cls, json.loads(text))


def digest(*parts: str) -> str:
    """12 hex of SHA-256 over the parts, each on a line of its own."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


@functools.cache
def _fields(kind: Any) -> dict[str, Any]:
    """The types of a dataclass's fields by name."""
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _text(value: object) -> str:
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in a document")


def _built(kind: Any, value: Any) -> Any:
    if isinstance(kind, types.UnionType):  # X | None
        return None if value is None else _built(typing.get_args(kind)[0], value)
    if dataclasses.is_dataclass(kind):
        build: Any = kind
        return build(**{name: _built(hint, value[name]) for name, hint in _fields(build).items() if name in value})
    if typing.get_origin(kind) is tuple:
        return tuple(_built(typing.get_args(kind)[0], item) for item in value)
    return datetime.datetime.fromisoformat(value) if kind is datetime.datetime else value
