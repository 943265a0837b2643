"""What stockcast says to words that people type: sentences, and never a traceback."""

import argparse
import os
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError, PartialCredentialsError

from local import cloud, paths
from stockcast import __main__ as program
from stockcast import console, failures, parser, query, saved
from stockcast.numbers import dataset, whole
from tests.support.template import ROOT
from tools.aws import Problem


def refused(capsys, *words) -> str:
    """What is said of words that mean nothing; the exit code is 2."""
    with pytest.raises(SystemExit) as ended:
        parser.read(list(words))
    assert ended.value.code == parser.USAGE
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["qurey"], "there is no command 'qurey'; did you mean query?"),
        (["Delete"], "there is no command 'Delete'; did you mean delete-dataset?"),
        ([""], "there is no command '' (see"),
        (["\udcff"], r"'\udcff' is no UTF-8"),
        (["check", "a\udc80.csv"], r"'a\udc80.csv' is no UTF-8"),
        (["query", "select 1", "--limit", "-1"], "'-1' is no whole number from 1 to 1,000,000,000"),
        (["query", "select 1", "--limit", "9" * 2000], f"'{'9' * 20}...' is no whole number"),
        (["query", "select 1", "--limit", "٣"], "'٣' is no whole number"),
        (["query", "select 1", "--limit"], "expected one argument"),
        (["query", "select 1", "--csv", "--json"], "not allowed with argument --csv"),
        (["query", "select 1", "--lim", "3"], "unrecognized arguments: --lim"),
        (["up", "--port", "65536"], "'65536' is no whole number from 1 to 65,535"),
        (["up", "--port", "0"], "'0' is no whole number"),
        (["up", "--stack", "s"], "unrecognized arguments: --stack s"),
        (["run"], "the following arguments are required: FILE"),
        (["run", ""], "an empty name"),
        (["run", "a.csv", "--dataset", "Übersee"], "'Übersee' names no dataset: a letter, then up to 39"),
        (["dataset", "a" * 41], "names no dataset"),
        (["check", "a.csv", "b.csv"], "unrecognized arguments: b.csv (see stockcast check --help)"),
        (["check", "-dash.csv"], "is read as an option, since it begins with a hyphen; give it as ./-dash.csv"),
        (["run", "-.CSV.gz"], "give it as ./-.CSV.gz"),
        (["runs", "--region", "eu-west-1"], "--profile and --region go with --stack"),
        (["status", "--stack", " "], "an empty name"),
    ],
)
def test_words_that_mean_nothing_are_refused_with_one_sentence(capsys, words, said):
    assert said in refused(capsys, *words)


@pytest.mark.parametrize(
    "words", [["check", "--", "-dash.csv"], ["check", "./-dash.csv"], ["run", "--out=-a.csv", "b.csv"]]
)
def test_a_file_whose_name_begins_with_a_hyphen_can_be_named(words):
    assert parser.read(words).command == words[0]


def test_no_words_show_the_commands(capsys):
    with pytest.raises(SystemExit) as ended:
        parser.read([])
    assert ended.value.code == parser.USAGE
    shown = re.findall(r"^    ([a-z-]+) ", capsys.readouterr().out, re.MULTILINE)
    assert shown == list(parser.COMMANDS)
    assert set(parser.COMMANDS) == {
        "up", "run", "check", "query", "status", "runs", "follow", "logs", "open", "env", "dataset", "replay",
        "delete-dataset", "down",
    }  # fmt: skip


@pytest.mark.parametrize("name", parser.COMMANDS)
def test_every_help_has_examples_that_the_parser_takes(capsys, name):
    with pytest.raises(SystemExit) as ended:
        parser.read([name, "--help"])
    assert ended.value.code == 0
    examples = capsys.readouterr().out.partition("examples:\n")[2].strip().splitlines()
    assert len(examples) == len(parser.COMMANDS[name].examples)
    for example in examples:
        words = re.search(r"stockcast ([^|>)]+)", example)
        assert words, example
        split = [text or quoted for quoted, text in re.findall(r'"([^"]*)"|(\S+)', words[1].rstrip('" '))]
        assert parser.read(split).command == name


def test_the_version_is_that_of_the_project(capsys):
    with pytest.raises(SystemExit):
        parser.read(["--version"])
    assert capsys.readouterr().out == f"stockcast {parser.version()}\n"
    assert f'version = "{parser.version()}"' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("007", 7), ("+5", 5), ("10", 10)])
def test_whole_numbers_are_read(text, number):
    assert whole(1, 10)(text) == number


@pytest.mark.parametrize("text", ["", " 1", "1.0", "1e3", "11", "-0", "0x1", "1_0", "nan"])
def test_other_numbers_are_not(text):
    with pytest.raises(argparse.ArgumentTypeError):
        whole(1, 10)(text)


def test_names_of_datasets_lose_their_capitals():
    assert dataset("US-daily") == "us-daily"


def failed(response) -> ClientError:
    return ClientError({"Error": response}, "Operation")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Problem("words"), "words"),
        (cloud.CloudError("words"), "words"),
        (NoCredentialsError(), "no AWS credentials were found"),
        (NoRegionError(), "no region is chosen: give --region"),
        (PartialCredentialsError(provider="env", cred_var="x"), "half of the AWS credentials is missing: set both"),
        (failed({"Code": "ExpiredToken", "Message": "it has expired"}), "ExpiredToken: it has expired"),
        (FileNotFoundError(2, "No such file or directory", "x.csv"), "x.csv: No such file or directory"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (KeyError("holder"), ""),
    ],
)
def test_what_a_person_can_cause_is_said_in_words(error, said):
    assert failures.sentence(error).startswith(said)
    assert bool(failures.sentence(error)) == bool(said)


def told(error: BaseException) -> int:
    def work() -> int:
        raise error

    return failures.told(work)


def test_a_mistake_of_ours_leaves_its_traceback_in_a_log(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "LOGS", tmp_path / "logs")
    assert told(KeyError("holder")) == failures.UNEXPECTED
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"error: this should not happen: KeyError: 'holder' (the traceback is in {tmp_path}/logs/stockcast.log)\n"
    )
    assert "Traceback" in (tmp_path / "logs" / "stockcast.log").read_text()


def test_a_mistake_is_shown_where_no_log_can_be_written(capsys, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(paths, "LOGS", tmp_path / "file" / "logs")
    assert told(KeyError("holder")) == failures.UNEXPECTED
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_says_what_goes_on(capsys):
    assert told(failures.Interrupted("the run goes on")) == failures.INTERRUPTED
    assert told(KeyboardInterrupt()) == failures.INTERRUPTED
    assert capsys.readouterr().err == "interrupted: the run goes on\ninterrupted\n"


@pytest.mark.parametrize("name", ["query", "status", "runs", "follow", "dataset us", "replay us-0123456789ab", "open"])
def test_without_a_cloud_every_command_says_how_to_start_one(capsys, monkeypatch, tmp_path, name):
    before = paths.STATE
    paths.use(tmp_path)
    monkeypatch.setattr(sys, "stdin", None)
    try:
        words = name.split() + (["select 1"] if name == "query" else [])
        assert program.main(words) in (1, 2)
    finally:
        paths.use(before)
    said = capsys.readouterr()
    assert "stockcast up" in said.out + said.err
    assert (said.out + said.err).count("\n") == 1


@pytest.mark.parametrize("port", ["x", "70000", "-1", "٣", "1.5"])
def test_a_port_of_the_environment_that_is_none_is_said(monkeypatch, tmp_path, port):
    before = paths.STATE
    paths.use(tmp_path)
    monkeypatch.setenv("LOCAL_PORT", port)
    try:
        with pytest.raises(cloud.CloudError, match=r"LOCAL_PORT is .*: set it to a number from 1 to 65535"):
            cloud.start()
    finally:
        paths.use(before)


def test_a_second_port_of_a_cloud_that_is_up_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(cloud, "settings", lambda: {"port": 4566})
    monkeypatch.setattr(paths, "STATE", tmp_path)
    with pytest.raises(cloud.CloudError, match="cloud is up on port 4566 already: end it first with stockcast down"):
        cloud.start(4567)
    assert cloud.start(4566) == {"port": 4566} == cloud.start()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "no SQL was given"),
        (" \t", "no SQL was given"),
        ("next_dya", "there is no saved query next_dya; did you mean next_day?"),
        ("zzz", "there is no saved query zzz; `stockcast query --list` names them"),
        ("{folder}", "{folder} is a folder; name one file of SQL in it"),
        ("{folder}/none.sql", "{folder}/none.sql cannot be read: No such file or directory"),
        ("mine.sql", "mine.sql cannot be read: No such file or directory"),
        ("{folder}/empty.sql", "{folder}/empty.sql is empty"),
        ("{folder}/latin.sql", "{folder}/latin.sql is no text in UTF-8"),
        ("{folder}/null.sql", "{folder}/null.sql is no text"),
        ("{folder}/long.sql", "{folder}/long.sql is longer than the 262,144 bytes that Athena takes"),
        ("/dev/zero", "/dev/zero is longer than the 262,144 bytes"),
        ("select '" + "x" * saved.MOST_BYTES + "'", "the SQL is longer than the 262,144 bytes"),
    ],
)
def test_what_is_no_sql_is_said(tmp_path, given, said):
    files = {"empty": b"\n ", "latin": b"select '\xe9'", "null": b"select 1\0", "long": b"-" * (saved.MOST_BYTES + 1)}
    for name, body in files.items():
        (tmp_path / f"{name}.sql").write_bytes(body)
    with pytest.raises(Problem) as problem:
        saved.sql_of(given.format(folder=tmp_path) if "{" in given else given)
    assert str(problem.value).startswith(said.format(folder=tmp_path))


def test_sql_is_text_or_a_file_or_a_saved_query(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my query.sql").write_text("\ufeffselect 2")
    (tmp_path / "noend").write_text("select 3")
    assert saved.sql_of("select 1") == "select 1"
    assert saved.sql_of("values(1)") == "values(1)"
    assert saved.sql_of("select 4/2") == "select 4/2"
    assert saved.sql_of("my query.sql") == "select 2"
    assert saved.sql_of("noend") == "select 3"
    assert saved.sql_of("next_day") == saved.sql_of("01_next_day") == saved.sql_of("Next-Day.SQL")
    assert "latest_forecast" in saved.sql_of("next_day")


def test_standard_input_is_read_where_a_minus_says_so(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=SimpleNamespace(read=lambda most: b"select 5")))
    assert saved.sql_of("-") == "select 5"
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(Problem, match="standard input is closed"):
        saved.sql_of("-")


COLUMNS = [{"Name": "ticker", "Type": "varchar"}, {"Name": "p10", "Type": "double"}]


@pytest.mark.parametrize(
    ("count", "more", "words"),
    [
        (0, False, "0 rows"),
        (1, False, "1 row"),
        (1000, True, "1,000 rows and more: --limit N shows so many, --csv all"),
    ],
)
def test_rows_are_counted(count, more, words):
    assert query.counted_rows(count, more) == words


def test_the_vertical_form_has_a_line_for_each_column():
    rows: query.Rows = [["A", "1.23456789"], ["B", None]]
    lines = list(console.vertical(query.table(COLUMNS, rows)))
    assert lines == ["-- row 1", "ticker  A", "p10     1.2346", "-- row 2", "ticker  B", "p10"]


def test_a_command_of_any_folder_loads_the_checkouts_own_packages(tmp_path):
    """Whose own csv.py, or local.py, is none of its business."""
    for name in ("csv.py", "local.py", "stockcast.py"):
        (tmp_path / name).write_text("raise SystemExit('shadowed')")
    (tmp_path / "my folder" / "bin").mkdir(parents=True)
    checkout = tmp_path / "my folder" / "checkout"
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / "stockcast").symlink_to(ROOT / "stockcast")
    launcher = checkout / ".venv" / "bin" / "stockcast"
    launcher.write_bytes((ROOT / "stockcast" / "launcher.sh").read_bytes())
    launcher.chmod(0o755)
    python = checkout / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    link = tmp_path / "my folder" / "bin" / "stockcast"
    link.symlink_to("../checkout/.venv/bin/stockcast")
    for command in (launcher, link):
        done = subprocess.run([command, "--version"], cwd=tmp_path, capture_output=True, text=True, env=os.environ)
        assert (done.stdout, done.stderr) == (f"stockcast {parser.version()}\n", "")
