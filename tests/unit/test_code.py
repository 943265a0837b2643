"""The hashes of code: they change with what a run depends on, and with nothing else."""

import re
import shutil
from pathlib import Path

import pytest

from common import code

FUNCTIONS, TRAINING = Path(__file__).parents[2] / "functions", Path(__file__).parents[2] / "training"


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of all code; found() gives the hashes of what is there now."""
    for folder in (FUNCTIONS, TRAINING):
        shutil.copytree(folder, tmp_path / folder.name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "ROOT", tmp_path / "functions")
    monkeypatch.setattr("sys.path", [str(tmp_path / "training")])
    return tmp_path


def found() -> code.Hashes:
    code.hashes.cache_clear()
    return code.hashes()


@pytest.fixture(autouse=True)
def forgotten():
    yield
    code.hashes.cache_clear()


def add(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def test_hashes_are_short_and_the_same_each_time(copied):
    first = found()
    assert [len(one) for one in first] == [12, 12]
    assert found() == first


@pytest.mark.parametrize("name", ["fold.py", "seams.py", "basis.py", "steps.py", "parts.py", "table.py"])
def test_what_folds_changes_both(copied, name):
    before = found()
    add(copied / "functions/stocks/dataset" / name)
    assert found().fold != before.fold
    assert found().all != before.all


@pytest.mark.parametrize(
    "name",
    ["functions/publish.py", "functions/stocks/dataset/calendars.csv", "functions/stocks/reporting/page.py",
     "training/train.py", "training/priors.json"],
)  # fmt: skip
def test_what_does_not_fold_changes_the_hash_of_all_alone(copied, name):
    before = found()
    add(next(copied.rglob(name)))
    assert found().fold == before.fold
    assert found().all != before.all


@pytest.mark.parametrize("name", ["TRAINING_IMAGE", "INFERENCE_IMAGE"])
def test_another_image_changes_the_hash_of_all_alone(copied, monkeypatch, name):
    before = found()
    monkeypatch.setenv(name, "another:1")
    assert found().fold == before.fold
    assert found().all != before.all


def test_moving_text_between_files_is_a_change(copied):
    one, other = (copied / "functions/stocks/dataset" / name for name in ("basis.py", "fold.py"))
    before, text = found(), other.read_bytes()
    one.write_bytes(one.read_bytes() + text[:10])
    other.write_bytes(text[10:])
    assert found().fold != before.fold


@pytest.mark.parametrize("name", ["functions/__pycache__/x.pyc", "training/notes.md", "functions/notes.txt"])
def test_what_does_not_run_changes_nothing(copied, name):
    before = found()
    (copied / name).parent.mkdir(exist_ok=True)
    (copied / name).write_text("x")
    assert found() == before


def test_what_folds_imports_nothing_of_ours_that_is_not_hashed_as_fold():
    """Else a change there would leave a wrong base in use."""
    hashed = {".".join(path.with_suffix("").parts) for path in code.FOLD}
    pure = {"stocks.reading.rejected"}  # names an exception and messages
    for path in code.FOLD:
        text = (FUNCTIONS / path).read_text()
        modules = set(re.findall(r"^from (stocks[\w.]*) import", text, re.M))
        for module in modules:
            names = re.search(rf"^from {re.escape(module)} import \(?([^)]*?)(?:\n\S|\)|$)", text, re.M)
            assert names
            imported = {f"{module}.{name.strip()}" for name in names[1].split(",")}
            assert module in hashed | pure or imported <= hashed | pure, f"{path} imports {module}"


def test_every_file_that_folds_exists():
    assert all((FUNCTIONS / path).is_file() for path in code.FOLD)


def test_a_missing_training_layer_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    with pytest.raises(FileNotFoundError, match="training layer is missing"):
        code.training_folder()


def test_training_files_are_those_that_the_job_runs(copied):
    (copied / "training/notes.md").write_text("x")
    (copied / "training/folder").mkdir()
    names = [path.name for path in code.training_files()]
    assert {"train.py", "model.py", "data.py", "priors.json"} <= set(names)
    assert "notes.md" not in names
    assert names == sorted(names)
