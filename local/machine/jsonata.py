"""The fields of a JSONata state, evaluated by MiniStack's library and held to what AWS accepts."""

from typing import Any

from local import ministack
from local.machine.errors import Error
from local.machine.models import Branch

_PATIENCE_MS = 20_000
_library = ministack.jsonata_library.original


class _PatientLibrary:
    """The library with a longer limit: a second of wall time is little on a laptop that trains a model meanwhile."""

    utils = _library.utils

    class Jsonata:
        @staticmethod
        def jsonata(expression: str, timeout: int = 0) -> Any:
            return _library.Jsonata.jsonata(expression, timeout=max(timeout, _PATIENCE_MS))


def install() -> None:
    ministack.jsonata_library.replace(_PatientLibrary)


def field(branch: Branch, state: dict, name: str, default: Any, data: Any, **bindings: Any) -> Any:
    """The evaluated field, or the default. Bindings are result and error_output."""
    if name not in state:
        return default
    return plain(ministack.apply_jsonata(state[name], data, branch.context, **bindings))


def typed(branch: Branch, state: dict, name: str, kind: str, data: Any) -> Any:
    """The evaluated field, which AWS requires to be of one JSON type."""
    value = field(branch, state, name, None, data)
    if ministack.json_type(value) != kind:
        raise Error(
            "States.QueryEvaluationError",
            f"The JSONata expression '{state[name]}' specified for the field '{name}' returned an unexpected "
            f"result type. "
            f"Expected '{kind}', but was '{ministack.json_type(value)}' for value: {value!r}",
        )
    return value


def assign(branch: Branch, values: dict | None) -> None:
    branch.context["variables"].update(values or {})


def plain(value: Any) -> Any:
    """The value as JSON has it: the library's list types and null become Python's, 3.0 becomes 3 as in JavaScript."""
    if value is _library.utils.Utils.NULL_VALUE:
        return None
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
