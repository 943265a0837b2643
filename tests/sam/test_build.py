"""What `sam build` makes: small enough for Lambda, of the right processor, importable and compiled."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.template import ROOT, functions, template

BUILD = ROOT / ".aws-sam" / "tests" / "build"  # apart, so that a deployment meanwhile does not interfere
LIMIT = 250 * 2**20  # a function and its layers, unzipped
MACHINES = {"x86_64": 0x3E, "arm64": 0xB7}  # e_machine of an ELF header
ARCHITECTURE = template()["Parameters"]["Architecture"]["Default"]
# Parquet is read without threads: one that is still at work aborts a process that ends right after.
USES = {
    "ControlLayer": "from aws_lambda_powertools import Logger, Metrics",
    "ArrowLayer": """
import io, numpy, orjson, pyarrow.csv, pyarrow.compute, pyarrow.parquet
table, file = pyarrow.csv.read_csv(io.BytesIO(b"ticker,day\\nA,2024-01-02\\n")), io.BytesIO()
pyarrow.parquet.write_table(table, file, compression="zstd")
assert pyarrow.parquet.read_table(file, use_threads=False, pre_buffer=False).equals(table)
assert orjson.dumps(numpy.float32([87.1211, 1]), option=orjson.OPT_SERIALIZE_NUMPY) == b"[87.1211,1.0]"
assert pyarrow.compute.count(table["ticker"]).as_py() == 1
""",
    "SklearnLayer": """
import numpy
from sklearn.ensemble import RandomForestRegressor
forest = RandomForestRegressor(5, random_state=0).fit(numpy.eye(6), numpy.eye(6)[:, :3])
assert forest.predict(numpy.eye(6)).shape == (6, 3)
""",
    "ReportLayer": """
import jinja2, markupsafe._speedups
assert jinja2.Environment(autoescape=True).from_string("{{ name }}").render(name="<b>") == "&lt;b&gt;"
""",
}


@pytest.fixture(scope="module", autouse=True)
def build():
    """Build if something is newer than the last build; the layers come from SAM's cache unless they changed."""
    if is_stale():
        path = os.pathsep.join([str(ROOT / ".venv" / "bin"), os.environ["PATH"]])
        environment = os.environ | {"PATH": path, "SAM_CLI_TELEMETRY": "0"}
        sam = ROOT / ".venv-sam" / "bin" / "sam"
        folders: list[str | Path] = ["--build-dir", BUILD, "--cache-dir", BUILD.with_name("cache")]
        done = subprocess.run([sam, "build", *folders], cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return BUILD


def is_stale() -> bool:
    built = BUILD / "template.yaml"
    if not built.exists():
        return True
    folders = [ROOT / name for name in ("functions", "layers", "training", "statemachine")]
    sources = [file for folder in folders for file in folder.rglob("*") if "__pycache__" not in file.parts]
    return max(file.stat().st_mtime for file in [*sources, ROOT / "template.yaml"]) > built.stat().st_mtime


def layers(function: dict) -> list[str]:
    """A function's layers: those of Globals come first."""
    names = template()["Globals"]["Function"]["Layers"] + function.get("Layers", [])
    return sorted({name["Ref"] for name in names})


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("name", functions())
def test_a_function_fits_into_lambda_with_its_layers(name):
    folders = [
        ROOT / "training" if layer == "TrainingCodeLayer" else BUILD / layer for layer in layers(functions()[name])
    ]
    assert size(BUILD / name) + sum(map(size, folders)) < LIMIT


@pytest.mark.parametrize("name", functions())
def test_a_function_ships_all_its_code(name):
    assert (BUILD / name / f"{functions()[name]['Handler'].removesuffix('.handler')}.py").exists()
    assert {file.name for file in (ROOT / "functions").rglob("*.*") if "__pycache__" not in file.parts} == {
        file.name for file in (BUILD / name).rglob("*.*")
    }


@pytest.mark.parametrize("name", USES)
def test_a_layer_is_for_the_processor_of_the_functions(name):
    processors = {
        file: header[18] for file in libraries(BUILD / name) if (header := file.read_bytes()[:20])[:4] == b"\x7fELF"
    }
    assert set(processors.values()) <= {MACHINES[ARCHITECTURE]}
    assert len(processors) >= {"ControlLayer": 0, "ReportLayer": 1}.get(name, 11)


def libraries(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if re.search(r"\.so(\.|$)", file.name)]


@pytest.mark.parametrize("name", USES)
def test_a_layer_is_compiled_for_the_runtime_and_trusted_unchecked(name):
    """A cold start in Lambda's read-only folders compiles everything again where this is missing."""
    sources = list((BUILD / name / "python").rglob("*.py"))
    for source in sources:
        compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
        assert compiled.read_bytes()[4:8] == b"\x01\0\0\0", f"{compiled} is not an unchecked-hash file"
    assert len(sources) > (20 if name == "ReportLayer" else 50)


@pytest.mark.parametrize("name", USES)
def test_a_layer_holds_no_tests_and_headers(name):
    files = [file.relative_to(BUILD) for file in (BUILD / name).rglob("*")]
    assert [file for file in files if file.suffix in (".h", ".pyi", ".pxd", ".a") or "tests" in file.parts] == []


@pytest.mark.parametrize("name", USES)
def test_a_pruned_layer_still_works(name):
    """In a process that has nothing else than Lambda's own packages."""
    python = ROOT / ".venv-lambda" / "bin" / "python"
    code = ["-c", USES[name]]
    environment = {"PYTHONPATH": str(BUILD / name / "python"), "PATH": ""}
    done = subprocess.run([python, *code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


SAME_LAYERS: dict[tuple[str, ...], list[str]] = {}
for each in functions().values():
    SAME_LAYERS.setdefault(tuple(layers(each)), []).append(each["Handler"].removesuffix(".handler"))


@pytest.mark.parametrize("own", SAME_LAYERS)
def test_every_function_finds_what_it_imports_in_its_own_layers(own):
    folders = [ROOT / "functions", *(BUILD / layer / "python" for layer in own if layer in USES)]
    environment = {"PYTHONPATH": os.pathsep.join(map(str, folders)), "PATH": "", "AWS_DEFAULT_REGION": "us-east-1"}
    code = "\n".join(f"import {module}" for module in SAME_LAYERS[own])
    python = ROOT / ".venv-lambda" / "bin" / "python"
    done = subprocess.run([python, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sorted(file.stem for file in (ROOT / "layers").glob("*.txt")))
def test_the_layers_and_the_laptop_use_the_same_versions(name):
    pinned = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "requirements" / "dev.txt").read_text(), re.MULTILINE))
    layer = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "layers" / f"{name}.txt").read_text(), re.MULTILINE))
    assert layer == {package: pinned[package] for package in layer}
