"""Requests held against botocore's service model: required members, types, patterns, lengths, ranges and enums."""

import functools
import re
from collections.abc import Iterator
from typing import Any

import botocore.session
from botocore.model import OperationModel

from local.sagemaker.errors import ServiceError, invalid


@functools.cache
def operation(service: str, name: str) -> OperationModel:
    return botocore.session.get_session().get_service_model(service).operation_model(name)


def validate(operation: OperationModel, request: dict) -> None:
    """Raise what SageMaker raises for a request that does not fit its model."""
    problems = list(_problems(operation.input_shape, request, "")) if operation.input_shape else []
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
        raise invalid(count + "; ".join(problems))


def _problems(shape: Any, value: Any, path: str) -> Iterator[str]:
    if value is None:
        return
    fits = isinstance(value, _TYPES[shape.type_name]) and (isinstance(value, bool) == (shape.type_name == "boolean"))
    if not fits:
        raise ServiceError("SerializationException", f"Unexpected type at '{path}': {type(value).__name__}")
    yield from _constraints(shape, value, path)
    if shape.type_name == "structure":
        for name in shape.required_members:
            if value.get(name) is None:
                yield _failed("null", _join(path, name), "Member must not be null")
        for name, item in value.items():
            if name in shape.members:
                yield from _problems(shape.members[name], item, _join(path, name))
    elif shape.type_name == "list":
        for index, item in enumerate(value, 1):
            yield from _problems(shape.member, item, f"{path}.{index}.member")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from _problems(shape.key, key, f"{path}.key")
            yield from _problems(shape.value, item, f"{path}.{key}.value")


def _constraints(shape: Any, value: Any, path: str) -> Iterator[str]:
    rules = shape.metadata
    if shape.type_name == "string":
        if "enum" in rules and value not in rules["enum"]:
            yield _failed(value, path, f"Member must satisfy enum value set: [{', '.join(rules['enum'])}]")
        if "pattern" in rules and not _pattern(rules["pattern"]).fullmatch(value):
            yield _failed(value, path, f"Member must satisfy regular expression pattern: {rules['pattern']}")
    sized = shape.type_name in ("string", "list", "map", "blob")
    size = len(value) if sized else value
    noun = "have length" if sized else "have value"
    if "max" in rules and size > rules["max"]:
        yield _failed(value, path, f"Member must {noun} less than or equal to {rules['max']}")
    if "min" in rules and size < rules["min"]:
        yield _failed(value, path, f"Member must {noun} greater than or equal to {rules['min']}")


@functools.cache
def _pattern(text: str) -> re.Pattern:
    """The model's Java pattern as Python's: Unicode classes become ranges that cover what names and tags hold."""
    for java, ours in (
        ("\\p{L}", "a-zA-Z\\u00c0-\\uffff"),
        ("\\p{N}", "0-9"),
        ("\\p{Z}", "\\s"),
        ("\\p{M}", ""),
        ("\\p{P}", "!-/:-@"),
    ):
        text = text.replace(java, ours)
    return re.compile(text)


def _failed(value: Any, path: str, constraint: str) -> str:
    shown = value if value == "null" else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def _join(path: str, name: str) -> str:
    lower = name[0].lower() + name[1:]
    return f"{path}.{lower}" if path else lower


_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "blob": (bytes, str),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str),
}
