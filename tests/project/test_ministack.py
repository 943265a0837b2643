"""local/ministack.py is the only door to MiniStack, and the pinned version has every name that it takes."""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.template import ROOT

LOCAL = ROOT / "local"
DOOR = LOCAL / "ministack.py"
OTHERS = [file for file in sorted(LOCAL.rglob("*.py")) if file != DOOR]
PYTHONS_OWN = {"_asdict", "_exit"}
PINNED = re.search(r"^ministack\S*==(\S+)", (ROOT / "requirements" / "ministack.in").read_text(), re.MULTILINE)

# Prints what of [[module, name], ...] the environment lacks, and its version of MiniStack.
LOOK = """
import importlib.metadata, importlib.util, json, sys
def has(module, name):
    holder = importlib.import_module(module)
    return hasattr(holder, name) or hasattr(holder, "__path__") and importlib.util.find_spec(f"{module}.{name}")
lacking = [pair for pair in json.load(sys.stdin) if not has(*pair)]
print(json.dumps([importlib.metadata.version("ministack"), lacking]))
"""


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__") and name not in PYTHONS_OWN


def trespasses(source: str) -> Iterator[str]:
    """How a module goes past the door: imports of MiniStack, and private names of anything but `self`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            yield from (f"{node.lineno}: import {name}" for name in names if name.split(".")[0] == "ministack")
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if module.split(".")[0] == "ministack" and not node.level:
                yield f"{node.lineno}: from {module} import"
            if module == "local.ministack":
                yield from (f"{node.lineno}: {alias.name}" for alias in node.names if is_private(alias.name))
        elif isinstance(node, ast.Attribute) and is_private(node.attr):
            if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                yield f"{node.lineno}: .{node.attr}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("getattr", "setattr"):
            if re.match(r"f?['\"]_[a-z{]", ast.unparse(node.args[1])):
                yield f"{node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.Constant) and re.match(r"ministack\.\w", str(node.value)):
            yield f"{node.lineno}: {node.value!r}"  # a module's name for importlib


@pytest.mark.parametrize("file", OTHERS, ids=lambda file: str(file.relative_to(ROOT)))
def test_nothing_goes_past_the_door(file: Path):
    assert list(trespasses(file.read_text())) == []


@pytest.mark.parametrize(
    "source",
    [
        "import ministack.app",
        "def f():\n    from ministack.services import glue",
        "from local.ministack import _crawlers",
        "from local import ministack\nministack.s3._buckets",
        "from local.ministack import glue\nglue._crawlers['a'] = 1",
        "getattr(glue, f'_{name}')",
        "setattr(glue, '_start_crawler', print)",
        "importlib.import_module('ministack.services.glue')",
    ],
)
def test_a_way_past_the_door_is_seen(source):
    assert list(trespasses(source))


def taken() -> set[tuple[str, str]]:
    """Module and name of everything that the door takes from MiniStack."""
    tree = ast.parse(DOOR.read_text())
    modules: dict[str, str] = {}
    names: set[tuple[str, str]] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("ministack"):
            for alias in node.names:
                modules[alias.name] = f"{node.module}.{alias.name}"
                names.add((str(node.module), alias.name))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            names.add((modules[node.value.id], node.attr))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Seam":
            module, name = node.args
            names.add((modules[ast.unparse(module)], ast.literal_eval(name)))
    return names


def test_the_pinned_version_has_every_name():
    names = sorted(taken())
    assert sum(is_private(name) for _, name in names) > 40, "the door is read wrongly"
    done = subprocess.run(
        [ROOT / ".venv-ministack" / "bin" / "python", "-c", LOOK],
        input=json.dumps(names), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    version, lacking = json.loads(done.stdout)
    assert lacking == []
    assert PINNED
    assert version == PINNED[1]


def test_every_name_is_used():
    """A name that nothing takes through the door any more goes."""
    offered = {
        target.id
        for node in ast.parse(DOOR.read_text()).body
        for target in (node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)])
        if isinstance(target, ast.Name) and not target.id.startswith("__")
    }
    text = "\n".join(file.read_text() for file in OTHERS)
    assert {name for name in offered if not re.search(rf"\b{name}\b", text)} == set()


@pytest.mark.parametrize("file", sorted((LOCAL / "patches").glob("[a-z]*.py")), ids=lambda file: file.stem)
def test_every_patch_names_its_page_of_aws(file: Path):
    words = str(ast.get_docstring(ast.parse(file.read_text())))
    assert re.search(r'^AWS: "[^"]+"', words, re.MULTILINE), "the page's title"
    assert re.search(r"/[A-Za-z0-9-]+/latest/[\w/.-]+\.html", words), "the page's path"
