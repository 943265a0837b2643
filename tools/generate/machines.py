"""The definitions that are deployed, as JSON, from statemachine/*.yaml.

YAML has the comments, and anchors for what many states share: the key `Shared` holds such blocks and is left out.
"""

import json
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import yaml

from tools import ROOT

FOLDER = ROOT / "statemachine"
WIDTH = 160
# The order in which the fields of a machine, and those of a state, are written.
OF_A_MACHINE = ("Comment", "QueryLanguage", "TimeoutSeconds", "ProcessorConfig", "StartAt", "States")
OF_A_STATE = (
    "Type", "Comment", "Resource", "Items", "MaxConcurrency", "ItemSelector", "ItemProcessor", "Branches", "Arguments",
    "TimeoutSeconds", "Seconds", "Choices", "Default", "Error", "Cause", "Assign", "Output", "Retry", "Catch",
    "Next", "End",
)  # fmt: skip

type Fields = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML without repeated keys, of which PyYAML would take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        if repeated := {key for key in keys if keys.count(key) > 1}:
            raise ValueError(f"{node.start_mark}: {', '.join(sorted(repeated))} stands there twice")
        return super().construct_mapping(node, deep)


def names() -> list[str]:
    return sorted(file.stem for file in FOLDER.glob("*.yaml"))


def file(name: str) -> Path:
    """Where the definition of that name is written."""
    return FOLDER / f"{name}.asl.json"


def definition(name: str) -> Fields:
    """What the YAML of that name says. Raises ValueError where it repeats a key or has a field that is not known."""
    machine = yaml.load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), _Loader)  # noqa: S506  a SafeLoader
    return _machine({key: value for key, value in machine.items() if key != "Shared"})


def text(name: str) -> str:
    """The JSON of that definition: what fits into a line stands in one."""
    return _written(definition(name), 0, 0) + "\n"


def states(scope: Fields) -> Iterator[tuple[str, Fields]]:
    """Name and fields of every state, those inside branches and iterations too."""
    for name, state in scope["States"].items():
        yield name, state
        for inner in inner_scopes(state):
            yield from states(inner)


def inner_scopes(state: Fields) -> list[Fields]:
    """The machines within a Parallel or Map state."""
    return [*state.get("Branches", []), *([state["ItemProcessor"]] if "ItemProcessor" in state else [])]


def _machine(scope: Fields) -> Fields:
    """A machine, or a machine within a state, in order."""
    states = {name: _state(state) for name, state in scope["States"].items()}
    return _ordered({**scope, "States": states}, OF_A_MACHINE)


def _state(state: Fields) -> Fields:
    inner: Fields = {}
    if "Branches" in state:
        inner["Branches"] = [_machine(branch) for branch in state["Branches"]]
    if "ItemProcessor" in state:
        inner["ItemProcessor"] = _machine(state["ItemProcessor"])
    return _ordered({**state, **inner}, OF_A_STATE)


def _ordered(fields: Fields, order: tuple[str, ...]) -> Fields:
    if unknown := sorted(set(fields) - set(order)):
        raise ValueError(f"tools/generate/machines.py does not know the field {', '.join(unknown)}")
    return {key: fields[key] for key in order if key in fields}


def _written(value: Any, indent: int, before: int) -> str:
    """JSON of a value that begins `before` characters into a line and whose own lines begin at `indent`."""
    line = json.dumps(value, ensure_ascii=False)
    if before + len(line) < WIDTH or not isinstance(value, dict | list) or not value:
        return line
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        keys = {f"{json.dumps(key, ensure_ascii=False)}: ": part for key, part in value.items()}
        parts = [inner + key + _written(part, indent + 2, indent + 2 + len(key)) for key, part in keys.items()]
        return "{\n" + ",\n".join(parts) + "\n" + " " * indent + "}"
    parts = [inner + _written(part, indent + 2, indent + 2) for part in value]
    return "[\n" + ",\n".join(parts) + "\n" + " " * indent + "]"
