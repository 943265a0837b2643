"""What is committed and written by a program: as its source says, and found out where it is not."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.template import ROOT, definition, inner_scopes, states
from tools import sections
from tools.generate import __main__ as generate
from tools.generate import machines, picture

PAGE = """\
Costs.

<!-- costs: written by make generate -->
old
<!-- end of costs -->

# costs are above
"""
MAPPING = """\
Mappings:
  # images: written by make generate
  Old: {}
  # end of images
"""
# A machine that has what the generator must undo: an anchor, a merge, and fields in an order of their own.
SOURCE = """\
StartAt: A
Shared:
  Task: &task {Retry: [{ErrorEquals: [Transient]}], Type: Task}
States:
  A: {<<: *task, End: true, TimeoutSeconds: 5}
"""


def test_everything_generated_is_what_its_source_says():
    done = subprocess.run([sys.executable, "-m", "tools.generate", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A copy of the machines that a test may edit."""
    copy = shutil.copytree(ROOT / "statemachine", tmp_path / "statemachine")
    monkeypatch.setattr(machines, "FOLDER", copy)
    monkeypatch.setattr(generate, "SECTIONS", {})
    monkeypatch.setattr(generate, "FILES", {})
    return copy


@pytest.mark.parametrize("edited", ["forecast.yaml", "forecast.asl.json"])
def test_an_edit_of_a_machine_on_one_side_only_is_told_with_the_command(folder, capsys, edited):
    text = (folder / edited).read_text()
    assert text.count("172800") == 1
    (folder / edited).write_text(text.replace("172800", "172801"))
    assert generate.compare() == 1
    assert capsys.readouterr().err == "statemachine/forecast.asl.json is not what its source says: run make generate\n"


def test_a_machine_without_its_json_is_told(folder, capsys):
    (folder / "clean_up.asl.json").unlink()
    assert generate.compare() == 1
    assert "statemachine/clean_up.asl.json" in capsys.readouterr().err


def test_writing_makes_it_right_and_touches_nothing_else(folder, capsys):
    (folder / "forecast.asl.json").write_text("{}")
    before = (folder / "clean_up.asl.json").stat().st_mtime_ns
    assert (generate.write(), generate.compare()) == (0, 0)
    assert capsys.readouterr().out == "wrote statemachine/forecast.asl.json\n"
    assert (folder / "clean_up.asl.json").stat().st_mtime_ns == before


@pytest.mark.parametrize("path", generate.SECTIONS)
def test_an_edit_of_a_generated_section_is_told_with_the_command(tmp_path, monkeypatch, capsys, path):
    name = next(iter(generate.SECTIONS[path]))
    monkeypatch.setattr(generate, "SECTIONS", {path: {name: generate.SECTIONS[path][name]}})
    monkeypatch.setattr(generate, "FILES", {})
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    (tmp_path / path).parent.mkdir(exist_ok=True)
    shutil.copy(ROOT / path, tmp_path / path)
    assert generate.compare() == 0
    sections.write(tmp_path / path, name, "edited\n")
    assert generate.compare() == 1
    assert capsys.readouterr().err == f"{path} ({name}) is not what its source says: run make generate\n"


def test_an_edit_of_a_generated_file_is_told_with_the_command(folder, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(generate, "FILES", {"table.csv": lambda: "a,b\n"})
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    assert (generate.write(), generate.compare()) == (0, 0)
    (tmp_path / "table.csv").write_text("a,c\n")
    assert generate.compare() == 1
    assert capsys.readouterr().err == "table.csv is not what its source says: run make generate\n"


@pytest.mark.parametrize("name", machines.names())
def test_the_json_holds_nothing_but_the_definition(name):
    written = machines.file(name).read_text()
    assert json.loads(written) == machines.definition(name) == definition(name)
    assert "Shared" not in json.loads(written)


def test_blocks_that_states_share_are_merged_and_fields_put_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(machines, "FOLDER", tmp_path)
    (tmp_path / "small.yaml").write_text(SOURCE)
    assert machines.text("small") == (
        '{"StartAt": "A", "States": {"A": '
        '{"Type": "Task", "TimeoutSeconds": 5, "Retry": [{"ErrorEquals": ["Transient"]}], "End": true}}}\n'
    )


def test_what_does_not_fit_into_a_line_gets_one_per_field(tmp_path, monkeypatch):
    monkeypatch.setattr(machines, "FOLDER", tmp_path)
    monkeypatch.setattr(machines, "WIDTH", 40)
    (tmp_path / "small.yaml").write_text("StartAt: A\nStates:\n  A: {Type: Fail, Error: AnError, Cause: one}\n  B: {}")
    assert machines.text("small").splitlines() == [
        "{",
        '  "StartAt": "A",',
        '  "States": {',
        '    "A": {',
        '      "Type": "Fail",',
        '      "Error": "AnError",',
        '      "Cause": "one"',
        "    },",
        '    "B": {}',
        "  }",
        "}",
    ]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("End: true", "End: true, Ende: true"), "does not know the field Ende"),
        (("End: true", "End: true, End: true"), "End stands there twice"),
        (("StartAt: A", "StartAt: A\nStartAt: B"), "StartAt stands there twice"),
    ],
)
def test_a_slip_in_the_yaml_is_refused(tmp_path, monkeypatch, edit, message):
    monkeypatch.setattr(machines, "FOLDER", tmp_path)
    (tmp_path / "small.yaml").write_text(SOURCE.replace(*edit))
    with pytest.raises(ValueError, match=message):
        machines.text("small")


@pytest.mark.parametrize(("text", "name"), [(PAGE, "costs"), (MAPPING, "images")])
def test_a_section_is_what_stands_between_its_markers(tmp_path, text, name):
    file = tmp_path / "page"
    file.write_text(text)
    old = sections.read(file, name)
    assert old in ("old\n", "  Old: {}\n")
    sections.write(file, name, r"new \1" + "\n")
    assert file.read_text() == text.replace(old, r"new \1" + "\n")
    assert sections.read(file, name) == r"new \1" + "\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        PAGE.replace("<!-- end of costs -->\n", ""),
        PAGE.replace("<!-- costs: written by make generate -->\n", ""),
        PAGE + PAGE,
        "<!-- end of costs -->\n<!-- costs: written by make generate -->\n",
    ],
)
def test_a_file_without_the_markers_is_refused_and_left_as_it_is(tmp_path, text):
    file = tmp_path / "page.md"
    file.write_text(text)
    with pytest.raises(sections.MarkersMissing, match=r"page\.md needs one line `<!-- costs: written by"):
        sections.write(file, "costs", "new\n")
    assert file.read_text() == text


def test_the_command_ends_with_1_where_markers_are_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["generate", "--check"])
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    for path in generate.SECTIONS:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    assert generate.main() == 1
    assert "template.yaml needs one line" in capsys.readouterr().err


def test_the_picture_shows_every_step():
    """A Map is drawn as the step that it repeats; the way out of a failure has steps of its own.

    Left out is the step of a run that publishes nothing.
    """
    shown = picture.section()
    for name, state in states():
        if name == "Notify of too few days":
            assert name not in shown
        elif state["Type"] in ("Task", "Parallel"):
            assert f'["{name}"]' in shown or f'[["{name}<br>for each shard"]]' in shown, name
        if state["Type"] in ("Choice", "Wait", "Pass"):
            assert name not in shown
    assert sum(f'[["{scope["StartAt"]}<br>for each shard"]]' in shown for scope in iterations()) == 6


def iterations() -> list[dict]:
    return [scope for _, state in states() if state["Type"] == "Map" for scope in inner_scopes(state)]


def test_the_picture_shows_where_failures_go():
    shown = picture.section()
    assert "split -. an error .-> notify_of_failure" in shown
    assert "fit_models & clean_up_to_notify -. an error .-> clean_up_after_failure" in shown
    way_out = (
        'clean_up_after_failure["Clean up after failure"] --> notify_of_failure["Notify of failure"] --> run_failed'
    )
    assert way_out in shown
