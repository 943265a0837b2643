"""The table of the steps in docs/architecture.md, from functions/common/events.py and the machines' definitions.

Each handler's annotations name the classes of what it takes and returns; a comment on a field stands behind its name.
Nothing is imported, since the steps need packages of several layers.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FUNCTIONS = ROOT / "functions"
EVENTS = FUNCTIONS / "common" / "events.py"
MACHINES = ("forecast", "clean_up")


class Field(NamedTuple):
    name: str
    required: bool
    words: tuple[str, ...]  # the values it may have, where they are listed
    note: str


class Step(NamedTuple):
    """Fields of what a handler takes, in each of its forms, and of what it returns; a remark where it takes none."""

    takes: list[list[Field]]
    returns: list[list[Field]]
    remark: str


def steps_table() -> str:
    """The Markdown table, a row for each handler: first the steps in the machines' order, then the others."""
    known = steps()
    rows = ["| step | takes | returns |", "|---|---|---|"]
    for name in dict.fromkeys([*in_machines(), *sorted(known)]):
        takes, returns = _cell(known[name].takes) or known[name].remark, _cell(known[name].returns)
        rows.append(f"| {name} | {takes} | {returns} |")
    return "\n".join(rows) + "\n"


def steps() -> dict[str, Step]:
    """Every handler of functions/ by the name of its module."""
    events = _Events()
    known = {}
    for path in sorted(FUNCTIONS.glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name == "handler":
                known[path.stem] = events.step(node)
    return known


def fields_of(name: str) -> list[Field]:
    """The fields of one class of events.py."""
    return _Events().fields(name)


def in_machines() -> Iterator[str]:
    """The modules that the machines' tasks call, in order, some of them several times."""
    for machine in MACHINES:
        definition = (ROOT / "statemachine" / f"{machine}.asl.json").read_text()
        yield from map(module_of, re.findall(r"\$\{(\w+)FunctionArn\}", definition))


def module_of(function: str) -> str:
    """check_training of CheckTraining."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", function).lower()


def _cell(forms: list[list[Field]]) -> str:
    return "; or ".join(", ".join(map(_written, fields)) for fields in forms)


def _written(field: Field) -> str:
    words = ", ".join(f"`{word}`" for word in field.words)
    remark = "; ".join(filter(None, (words, field.note)))
    return f"{field.name}{'' if field.required else '?'}{f' ({remark})' if remark else ''}"


class _Events:
    """The classes of events.py as they are written, with their comments."""

    def __init__(self) -> None:
        source = EVENTS.read_text()
        self.lines = source.splitlines()
        tree = ast.parse(source)
        self.classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        self.aliases = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}

    def step(self, handler: ast.FunctionDef) -> Step:
        takes, returns = handler.args.args[0].annotation, handler.returns
        if takes is None or returns is None:
            raise ValueError(f"the handler in line {handler.lineno} does not say what it takes and returns")
        forms = ast.unparse(takes).split(" | ")
        remark = ast.get_docstring(self.classes[forms[0]]) or ""
        return Step([self.fields(form) for form in forms], [self.fields(ast.unparse(returns))], remark)

    def fields(self, name: str) -> list[Field]:
        """The fields of a class, those of its bases first."""
        inherited = [field for base in self.classes[name].bases for field in self._of_base(ast.unparse(base))]
        own = [self._field(node) for node in self.classes[name].body if isinstance(node, ast.AnnAssign)]
        return [*inherited, *own]

    def _of_base(self, base: str) -> list[Field]:
        return self.fields(base) if base in self.classes else []

    def _field(self, node: ast.AnnAssign) -> Field:
        kind = ast.unparse(node.annotation)
        values = self.aliases.get(kind, node.annotation)
        words = re.findall(r"'(\w+)'", ast.unparse(values)) if ast.unparse(values).startswith("Literal[") else []
        return Field(ast.unparse(node.target), not kind.startswith("NotRequired["), tuple(words), self._note(node))

    def _note(self, node: ast.AnnAssign) -> str:
        """The comment behind a field or in the line above it."""
        beside = self.lines[node.lineno - 1].partition("  # ")[2]
        above = self.lines[node.lineno - 2].strip()
        return beside or (above.removeprefix("# ") if above.startswith("# ") else "")


if __name__ == "__main__":
    print(steps_table(), end="")
