"""What users write does nothing to the terminal, whichever command prints it, and a line stays one."""

import ast
import datetime
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from local import cloud, paths
from stockcast import (
    check,
    console,
    dataset,
    delete_dataset,
    failures,
    follow,
    logs,
    parser,
    query,
    replay,
    results,
    run,
    runs,
    status,
)
from stockcast import open as report
from tests.support.stockcast import HOSTILE, SHOWN, States, arguments, stack
from tests.support.template import ROOT
from tools.aws import Problem, forget

COLUMN = [{"Name": HOSTILE, "Type": "varchar"}]


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "LOGS", tmp_path / "logs")
    (tmp_path / "logs").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def said(capsys):
    """said(n) is what was printed: every sign can be seen, and the name stands there in n lines, whole."""

    def take(lines: int = 1) -> str:
        both = "".join(capsys.readouterr())
        assert all(line.isprintable() for line in both.split("\n")), repr(both)
        assert sum(SHOWN in line for line in both.split("\n")) == lines, both
        return both

    return take


def test_lines_errors_and_tables_are_of_plain_text(said):
    console.print_lines([HOSTILE])
    console.say_error(HOSTILE)
    console.console.print(HOSTILE)
    shown = console.Grid(HOSTILE, title=HOSTILE)
    shown.add(HOSTILE)
    console.print_table(shown)
    lines = said(6).splitlines()
    assert len({len(line) for line in lines[4:]} - {0}) <= 2  # no frame is moved by what cannot be seen


def test_what_is_followed_prints_through_the_same_terminal(said):
    console.console.print(f"    {HOSTILE}", markup=False, highlight=False)
    said()


def test_nothing_is_printed_past_it():
    """json.dumps escapes by itself, `env` prints what a shell reads, and an empty line holds nothing."""
    for file in sorted((ROOT / "stockcast").glob("*.py")):
        tree = ast.parse(file.read_text())
        imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        imported += [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
        assert file.stem == "console" or not any(name.split(".")[0] == "rich" for name in imported), file.name
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "print"]
        printed = [ast.unparse(one) for node in calls for one in node.args]
        assert file.stem == "env" or all(text.startswith("json.dumps(") for text in printed), file.name


@pytest.mark.parametrize("form", ["lines", "json"])
def test_check(folder, said, form):
    (folder / HOSTILE).write_text("date,close\n")
    assert check.command(arguments(file=HOSTILE, json=form == "json")) == 1
    if form == "lines":
        assert said(1).startswith(f"{SHOWN}: refused: the name ")
    else:
        said(0)


def test_run(folder, said, monkeypatch):
    made = stack(monkeypatch)
    monkeypatch.setattr(run.rules, "of_stack", lambda *_: check.by_parameters({}))
    with pytest.raises(Problem) as problem:
        run.command(arguments(csv=[HOSTILE], dataset="us", out=None))
    assert failures.told(lambda: failing(problem.value)) == 1
    assert said() == f"error: there is no file {SHOWN}\n"
    (folder / HOSTILE).write_text("date,close\n")
    assert run.command(arguments(csv=[HOSTILE], dataset="us", out=str(folder / "out"))) == 1
    said()
    console.print_lines(run.next_steps(made, "us"))


def failing(error: Exception) -> int:
    raise error


@pytest.mark.parametrize(
    "error",
    [
        Problem(HOSTILE),
        FileNotFoundError(2, "No such file", HOSTILE),
        ClientError({"Error": {"Code": "AccessDenied", "Message": HOSTILE}}, "GetObject"),
        KeyError(HOSTILE),
        KeyboardInterrupt(HOSTILE),
    ],
)
def test_errors(said, error):
    def work() -> int:
        raise error

    assert failures.told(work) > 0
    assert said().count("\n") == 1


def test_what_a_program_said_before_it_failed_keeps_its_lines(said):
    assert failures.told(lambda: failing(cloud.CloudError("sam deploy failed:\none\n\x1b[2Jtwo"))) == 1
    assert said(0) == "error: sam deploy failed:\none\n\\x1b[2Jtwo\n"


def test_wrong_words(said):
    for words in (["up", HOSTILE], ["check", "a", HOSTILE], ["run", "a", "--dataset", HOSTILE], [HOSTILE]):
        with pytest.raises(SystemExit):
            parser.read(words)
        assert said().count("\n") == 1


@pytest.mark.parametrize("form", [{}, {"vertical": True}, {"csv": True}])
def test_query(said, monkeypatch, form):
    monkeypatch.setattr(query, "run", lambda stack, sql, most: (COLUMN, [[HOSTILE], [None]]))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    query.answer(
        stack(monkeypatch), "select 1", arguments(**{"csv": False, "json": False, "vertical": False, "limit": 9} | form)
    )
    said(2)


def test_csv_for_another_program_is_as_it_is(capsys):
    query.print_csv(COLUMN, [[HOSTILE]])
    assert capsys.readouterr().out == f'"{HOSTILE}"\n' * 2


@pytest.fixture
def states():
    made = States()
    made.add("us", HOSTILE, "RUNNING")
    made.add("us", HOSTILE, "FAILED", error=HOSTILE, cause=json.dumps({"errorMessage": HOSTILE}))
    return made


def test_runs_and_status(said, monkeypatch, states, buckets):
    made = stack(monkeypatch, stepfunctions=states, s3=buckets)
    assert runs.command(arguments(dataset=None, limit=20)) == 0
    said(2)
    console.print_lines(status.lines(made))
    assert "started by " + SHOWN in said()
    console.print_table(status.table([("us", HOSTILE, True)]))
    said()


def test_follow(said, monkeypatch, states):
    console.print_lines(follow.ended(states.known[1]))
    assert r"cause: a\x1b[31m:b:[red]x" in said()  # a cause may have lines
    del states.known[0]
    stack(monkeypatch, stepfunctions=states)
    assert follow.command(arguments(dataset="us")) == 0
    said()


def test_dataset(said, monkeypatch, buckets):
    verdict = dict.fromkeys(("rows", "first_day", "last_day", "run_id"))
    verdict |= {"uploaded": "2026-11-29 00:00:00.000", "verdict": "rejected", "reason": HOSTILE}
    verdict |= {"source_key": f"incoming/us/{HOSTILE}", "source_version": "1"}
    stack(monkeypatch, s3=buckets)
    monkeypatch.setattr(dataset, "uploads", lambda _: {"us": [(f"incoming/us/{HOSTILE}", "2")]})
    monkeypatch.setattr(dataset, "is_crawled", lambda _: True)
    monkeypatch.setattr(dataset, "judged", lambda *_: [verdict])
    assert dataset.command(arguments(name="us")) == 0
    assert f"waits for its verdict: incoming/us/{SHOWN}" in said(2)


def test_logs(folder, said, monkeypatch):
    (folder / "logs" / "cloud.log").write_text("one\t\x1b[2Jtwo\n")
    assert logs.command(arguments(name="cloud", lines=5, stack=None)) == 0
    assert said(0) == "one     \\x1b[2Jtwo\n"
    console.print_lines(logs.listed({"cloud": folder / HOSTILE}, {}))
    said()


class Logs:
    def describe_log_streams(self, **_: object):
        return {"logStreams": [{"logStreamName": "1"}]}

    def get_log_events(self, **_: object):
        return {"events": [{"timestamp": 0, "message": "Traceback:\n\tat\x1b[2J\n"}]}


def test_events_of_a_log_keep_their_lines(said, monkeypatch):
    console.print_lines(logs.events(stack(monkeypatch, logs=Logs()), "group", 5))
    assert said(0) == "1970-01-01 00:00:00  Traceback:\n        at\\x1b[2J\n"


def test_open(folder, said, monkeypatch):
    stack(monkeypatch)
    monkeypatch.setattr(report, "newest", lambda *_: ("us", "us-0"))
    monkeypatch.setattr(results, "fetch_report", lambda stack, dataset, run_id, out: out / "report.html")
    assert report.command(arguments(dataset=None, out=str(folder / HOSTILE), no_browser=True)) == 0
    said()


def test_replay(said):
    console.print_lines(replay.in_words([HOSTILE], [HOSTILE], [HOSTILE]))
    said(3)


def test_delete_dataset(said, monkeypatch, buckets):
    def refuse(**_: object):
        return {"Errors": [{"Key": "k", "Code": "AccessDenied", "Message": HOSTILE}]}

    monkeypatch.setattr(buckets, "delete_objects", refuse)
    stack(monkeypatch, s3=buckets, stepfunctions=States())
    monkeypatch.setattr(delete_dataset, "uploads", lambda _: {"us": []})
    part = lambda: forget.deleted(buckets, "lake", iter([{"Key": "k"}]))  # noqa: E731
    monkeypatch.setattr(forget, "held", lambda *_: [("files", part)])
    assert failures.told(lambda: delete_dataset.command(arguments(name="us", yes=True))) == 1
    said()


def test_results(folder, said):
    """A ticker's name is an analyst's text, too."""
    day = datetime.date(2026, 11, 29)
    row = {"split": "future", "ticker": HOSTILE[:20], "horizon": 1, "target_date": day, "expected_move": 0.1}
    row |= dict.fromkeys(("naive", "forecast", "p10", "p90"), 1.0)
    tickers = [{"ticker": HOSTILE, "status": "ended", "reason": HOSTILE}]
    for name, rows in (("predictions", [row]), ("tickers", tickers)):
        (folder / name).mkdir()
        pq.write_table(pa.Table.from_pylist(rows), folder / name / "0.parquet")
    console.console.print(results.forecasts_table(folder))
    console.print_lines([results.left_out(folder)])
    assert r"a\x1b[31m:b:[red]x\n\u202ez\r\u200f" in said(1)
