"""What stockcast shows while things go on: the prompt, the progress of SAM, tables too wide, states between."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from rich.console import Console
from rich.table import Table

from local import cloud, deploy, paths, progress
from stockcast import console, dataset, follow, prompt, results, run
from stockcast.target import Target
from tests.support.template import ROOT
from tools.aws import Problem

COLUMN = [{"Name": "_col0", "Type": "integer"}]


@pytest.fixture(autouse=True)
def logs(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "LOGS", tmp_path / "logs")


def typing(*lines):
    """A reader that gives these lines, raises those that are exceptions, and then ends as Ctrl-D does."""
    waiting = iter(lines)

    def read(_prompt: str) -> str:
        line = next(waiting, EOFError())
        if isinstance(line, BaseException):
            raise line
        return line

    return read


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        (["select 1;"], ["select 1"]),
        (["select", "  1 ", ";"], ["select\n1"]),
        (["select 1;;"], ["select 1"]),
        (["", ";", "select 1;"], ["select 1"]),
        (["select", KeyboardInterrupt(), "select 2;"], ["select 2"]),
        (["select 1"], []),
        (["exit", "select 1;"], []),
        (["QUIT;", "select 1;"], []),
        (["select", "exit", ";"], ["select\nexit"]),
        (["next_day"], ["next_day"]),
        (["Next-Day;"], ["next-day"]),
        (["help"], ["help"]),
    ],
)
def test_statements_end_with_a_semicolon(lines, asked):
    assert list(prompt.statements(typing(*lines))) == asked


def test_the_prompt_goes_on_after_an_error_and_keeps_what_was_typed(capsys):
    asked = []

    def ask(sql: str) -> None:
        asked.append(sql)
        if sql == "selec":
            raise Problem("line 1:1: mismatched input")
        if sql == "select 2":
            raise KeyboardInterrupt

    prompt.run(ask, typing("selec;", "select 2;", "next_day", "help"))
    assert asked[:2] == ["selec", "select 2"]
    assert "latest_forecast" in asked[2]
    said = capsys.readouterr()
    assert "error: line 1:1: mismatched input\ninterrupted\n" in said.err
    assert "The saved queries: next_day, " in said.out
    assert (paths.LOGS / "query-history").read_text().splitlines()[-3:] == ["selec;", "select 2;", "next_day"]
    assert (paths.LOGS / "query-history").stat().st_mode & 0o77 == 0


def test_a_mistake_of_ours_ends_the_prompt():
    def ask(_sql: str) -> None:
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        prompt.run(ask, typing("select 1;"))


def test_a_table_that_a_terminal_would_cut_does_not_fit(monkeypatch):
    table = Table()
    for title in ("dataset", "expected_move_pct", "last_price"):
        table.add_column(title)
    for width, fits in ((60, True), (30, False)):
        monkeypatch.setattr(console, "console", Console(width=width, force_terminal=True, soft_wrap=True))
        assert console.fits(table) is fits
    monkeypatch.setattr(console, "console", Console(width=30, force_terminal=False))
    assert console.fits(table)  # a pipe takes any width


@pytest.mark.parametrize("width", [40, 80])
def test_a_table_that_a_terminal_would_cut_is_printed_a_line_for_each_cell(monkeypatch, capsys, width):
    shown = console.Grid("dataset", "newest run", title="Files of us")
    shown.add("us", "us-0123456789ab-" * 3)
    monkeypatch.setattr(console, "console", console.Terminal(width=width, force_terminal=True, color_system=None))
    console.print_table(shown)
    printed = capsys.readouterr().out
    assert "us-0123456789ab-" * 3 in printed
    assert printed.startswith("Files of us\n-- row 1\n") is (width == 40)


def test_the_executions_of_all_files_are_asked_for_at_once(monkeypatch):
    sources = [{"bucket": "b", "key": key, "version_id": "1"} for key in ("a.csv", "b.csv", "c.csv")]
    stack = Target(lambda service: None, {}, 0.0)
    monkeypatch.setattr(follow.runs, "find_executions", lambda *_: ["arn:0", "arn:1", "arn:2"])
    assert follow.find_executions(stack, sources) == ["arn:0", "arn:1", "arn:2"]
    monkeypatch.setattr(follow.runs, "find_executions", lambda *_: ["arn:0", "", ""])
    with pytest.raises(Problem, match=r"no execution started within 30 s for b\.csv and 1 more \(see .*cloud\.log\)"):
        follow.find_executions(stack, sources)


BUILT = """Building layer 'ArrowLayer'
Valid cache found, copying previously built resources for following layers (ReportLayer)
Building codeuri: /x runtime: python3.13 architecture: x86_64 functions: SplitFunction, GatherFunction
"""
CHANGES = "".join(f"+ Add  Resource{number}  AWS::X  N/A\n" for number in range(41))
DONE = "".join(f"CREATE_COMPLETE  AWS::X  Resource{number}  -\n" for number in range(41))
DEPLOYED = f"""\tUploading to 1  10 / 10
\tFile with same data already exists at 2, skipping upload
Initiating deployment
CloudFormation stack changeset
{CHANGES}
CloudFormation events from stack operations
{DONE}"""


def test_the_build_names_layers_and_counts_functions():
    assert progress.lines("build", BUILT) == [
        "builds ArrowLayer",
        "has ReportLayer from last time",
        "builds 2 functions",
    ]
    assert progress.lines("build", BUILT.rstrip("\n")) == ["builds ArrowLayer", "has ReportLayer from last time"]


def test_the_deployment_counts_bundles_and_resources():
    said = ["uploaded 2 bundles of code", "41 resources to make or change", "40 of 41 done, Resource39 the last"]
    assert progress.lines("deploy", DEPLOYED) == said
    assert progress.lines("deploy", "") == []


@pytest.mark.parametrize("command", ["build", "deploy"])
def test_more_of_the_same_output_only_adds_lines(command):
    whole = BUILT if command == "build" else DEPLOYED
    said = progress.lines(command, whole)
    for end in range(len(whole)):
        before = progress.lines(command, whole[:end])
        assert before == said[: len(before)]


class Stacks:
    def __init__(self, **described):
        self.described = described

    class exceptions:
        ClientError = ClientError

    def describe_stacks(self, **_named):
        return {"Stacks": [self.described]}


@pytest.mark.parametrize(
    ("status", "said"),
    [("CREATE_IN_PROGRESS", "is being deployed"), ("ROLLBACK_COMPLETE", "stockcast down, then stockcast up")],
)
def test_a_stack_without_outputs_is_said_with_what_to_do(monkeypatch, status, said):
    monkeypatch.setattr(cloud, "client", lambda service: Stacks(StackStatus=status))
    with pytest.raises(cloud.CloudError, match=said):
        deploy.outputs()


def test_files_are_those_that_were_named_and_those_of_folders(tmp_path):
    for name in ("b.CSV", "a.csv.gz", "c.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "empty").mkdir()
    assert [file.name for file in run.expand([tmp_path / "c.txt", tmp_path])] == ["c.txt", "a.csv.gz", "b.CSV"]
    with pytest.raises(Problem, match=r"there is no file .*none\.csv"):
        list(run.expand([tmp_path / "none.csv"]))
    with pytest.raises(Problem, match="empty has no file whose name ends in"):
        list(run.expand([tmp_path / "empty"]))
    with pytest.raises(Problem, match="a run takes no standard input"):
        list(run.expand([Path("-")]))
    os.mkfifo(tmp_path / "fifo.csv")
    with pytest.raises(Problem, match=r"fifo\.csv is neither a file nor a folder; save its content as a file"):
        list(run.expand([tmp_path / "fifo.csv"]))


def test_a_folder_that_cannot_be_made_is_said_with_what_to_do(tmp_path):
    (tmp_path / "c.txt").write_text("")
    stack = Target(lambda service: None, {}, 0.0)
    for make in (lambda out: run.folder(str(out), []), lambda out: results.fetch_report(stack, "us", "us-0", out)):
        with pytest.raises(Problem, match=r"c\.txt is a file; give --out the name of a folder"):
            make(tmp_path / "c.txt")
        with pytest.raises(Problem, match=r"x cannot be made \(Not a directory\); give --out another one"):
            make(tmp_path / "c.txt" / "x")


class Glue:
    class exceptions:
        class EntityNotFoundException(Exception):
            pass

    def __init__(self, tables=()):
        self.tables = tables

    def get_table(self, *, Name, **_database):
        if Name not in self.tables:
            raise self.exceptions.EntityNotFoundException


@pytest.mark.parametrize(("tables", "crawled"), [((), False), (("runs",), True)])
def test_before_the_first_crawl_no_verdict_is_asked_for(tables, crawled):
    stack = Target(lambda service: Glue(tables), {"DatabaseName": "d"}, 0.0)
    assert dataset.is_crawled(stack) is crawled


@pytest.mark.parametrize(
    ("described", "lines"),
    [
        ({}, ["ended"]),
        ({"status": "SUCCEEDED", "output": '{"status": "unchanged", "reason": "as before"}'}, ["unchanged as before"]),
        (
            {"status": "FAILED", "error": "TrainingFailed", "cause": '{"errorMessage": "no space"}'},
            ["error: TrainingFailed", "cause: no space"],
        ),
        ({"status": "ABORTED"}, ["error: ABORTED", "cause: "]),
    ],
)
def test_the_end_of_an_execution_is_said(described, lines):
    assert list(follow.ended(described)) == lines


@pytest.mark.parametrize("place", ["prices", "rejected"])
def test_results_replace_no_files_of_the_users(tmp_path, place):
    own = tmp_path / place / "mine.parquet"
    own.parent.mkdir()
    own.write_text("mine")
    with pytest.raises(Problem, match="holds files that no run has written"):
        run.folder(str(tmp_path), [])
    assert own.read_text() == "mine"


@pytest.mark.parametrize("written", [".stockcast", "report.html"])
def test_a_folder_of_results_takes_the_next_ones_and_loses_the_old_rejected_rows(tmp_path, written):
    (tmp_path / written).touch()
    for name in ("rejected/00001.csv", "prices/0.parquet"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    assert run.folder(str(tmp_path), [tmp_path / "mine.csv"]) == tmp_path
    assert not any((tmp_path / "rejected").iterdir())


def test_rows_that_were_rejected_may_not_be_dropped_from_where_they_lie(tmp_path):
    mended = run.folder(str(tmp_path), []) / "rejected" / "00001.csv"
    mended.write_text("mended")
    with pytest.raises(Problem, match="lies where results go and would be deleted"):
        run.folder(str(tmp_path), [mended])
    assert mended.read_text() == "mended"


def test_ctrl_c_while_a_command_loads_ends_it_without_a_traceback(tmp_path):
    (tmp_path / "difflib.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    command = [sys.executable, "-P", str(ROOT / "stockcast" / "__main__.py"), "--version"]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")  # which a shell calls 130
