"""What `sam build` makes: small enough for Lambda, of the right processor, importable and compiled."""

import json
import os
import re
import subprocess
import zipfile
import zlib
from pathlib import Path

import pytest

from local import builds
from tests.support.template import ROOT, functions, template

BUILD = builds.folder()
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
    """The build that laptop clouds deploy; nobody builds meanwhile."""
    with builds.ready(print):
        yield


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
    environment = {"PYTHONPATH": str(BUILD / name / "python"), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
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


@pytest.mark.parametrize("name", USES)
def test_a_packed_layer_holds_the_files_of_its_folder(name):
    folder = BUILD / name
    with zipfile.ZipFile(BUILD / f"{name}.zip") as packed:
        entries = {entry.filename: entry for entry in packed.infolist()}
        found = {file: str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
        assert sorted(entries) == sorted(found.values())
        for file, entry in found.items():
            assert entries[entry].external_attr >> 16 == file.stat().st_mode
            assert zlib.crc32(file.read_bytes()) == entries[entry].CRC


def test_the_packed_template_differs_in_the_places_of_its_layers_only():
    """As SAM itself reads both."""
    code = "import json, sys; from samcli.yamlhelper import yaml_parse; print(json.dumps(yaml_parse(sys.stdin.read())))"
    python = ROOT / ".venv-sam" / "bin" / "python"
    built, packed = (
        json.loads(subprocess.run([python, "-c", code], stdin=file.open(), capture_output=True, check=True).stdout)
        for file in (BUILD / "template.yaml", BUILD / builds.PACKED)
    )
    for name in USES:
        assert packed["Resources"][name]["Properties"].pop("ContentUri") == f"{name}.zip"
        assert built["Resources"][name]["Properties"].pop("ContentUri") == name
    assert packed == built
