"""The template and the definition as the tests read them."""

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path

from tools.template import template

ROOT = Path(__file__).resolve().parents[2]


CUT = r"{% \$max\(\[1, \$min\(\[(\d+), \$floor\(\$states\.input\.until - \$millis\(\) / 1000\)\]\)\]\) %}"
MACHINES = {"ForecastMachine": "forecast", "CleanUpMachine": "clean_up"}  # each with its definition


@functools.cache
def definition(name: str = "forecast") -> dict:
    return json.loads((ROOT / "statemachine" / f"{name}.asl.json").read_text())


def resources(kind: str) -> dict[str, dict]:
    """Name and properties of the template's resources of one type."""
    found = template()["Resources"].items()
    return {name: resource["Properties"] for name, resource in found if resource["Type"] == kind}


def functions() -> dict[str, dict]:
    """Each function by logical name, with what Globals gives it."""
    shared = template()["Globals"]["Function"]
    return {name: {**shared, **own} for name, own in resources("AWS::Serverless::Function").items()}


def statements(name: str) -> list[dict]:
    """The policy statements of a role."""
    policies = template()["Resources"][name]["Properties"]["Policies"]
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def principals() -> list[str]:
    """Every role of the template: its name is what `statements` takes."""
    return list(resources("AWS::IAM::Role"))


def listed(value) -> list:
    """Policies may hold one or several of most things."""
    return value if isinstance(value, list) else [value]


def text(value) -> str:
    """An intrinsic function as the string it is made of: !Sub "${A}/x" is ${A}/x, !GetAtt A.Arn is ${A.Arn}."""
    if isinstance(value, str):
        return value
    ((name, inner),) = value.items()
    if name == "Fn::GetAtt":
        return "${" + ".".join(inner) + "}"
    return "${" + inner + "}" if name == "Ref" else listed(inner)[0]


def states(scope: dict | None = None) -> Iterator[tuple[str, dict]]:
    """Every state of a machine, the forecast machine by default, those inside branches and iterations too."""
    for name, state in (scope or definition())["States"].items():
        yield name, state
        for inner in inner_scopes(state):
            yield from states(inner)


def all_states() -> Iterator[tuple[str, str, dict]]:
    """Definition, name and state of every state of every machine."""
    for machine in MACHINES.values():
        for name, state in states(definition(machine)):
            yield machine, name, state


def inner_scopes(state: dict) -> list[dict]:
    """The machines within a Parallel or Map state."""
    return [*state.get("Branches", []), *([state["ItemProcessor"]] if "ItemProcessor" in state else [])]


def longest(state: dict) -> int:
    """Seconds that a Task may take; those of a shard's are cut where its Map has had its time."""
    said = state["TimeoutSeconds"]
    return said if isinstance(said, int) else int(re.findall(CUT, said)[0])


def own(state: dict) -> dict:
    """A state without the machines within it."""
    return {key: value for key, value in state.items() if key not in ("Branches", "ItemProcessor")}


def function_of(state: dict) -> str:
    """The logical name of the function that a Task invokes."""
    return state["Arguments"]["FunctionName"].removeprefix("${").removesuffix("Arn}")


def strings(value) -> Iterator[str]:
    """Every string within a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def reached(everywhere: dict, start: str) -> set[str]:
    """The states that may follow one, itself included; a Catch apart, since it ends the run."""
    names: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            state = everywhere[name]
            following = [state.get("Next"), state.get("Default"), *(rule["Next"] for rule in state.get("Choices", []))]
            waiting += [other for other in following if other]
    return names
