"""`stockcast check` says of a file what Split would make of it, and of its tickers what Scale would."""

import csv
import dataclasses
import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from common.errors import RejectedFile
from stockcast import check
from stocks.dataset import uploads
from tests.corpus.case import ACCEPTED, REJECTED_FILE, Case
from tests.corpus.cases import CASES
from tests.corpus.forms import FORMS
from tests.support import csv_files, pipeline

ROOT = Path(__file__).parents[3]
KEYS = {
    "accepted": bool, "reason": str, "line": int, "encoding": str, "separator": str, "layout": str, "order": str,
    "decimal": str, "columns": dict, "ignored": list, "rows": int, "rejected_rows": int, "tickers": list,
    "notes": list, "examples": list, "ticker_from": str, "model": str,
}  # fmt: skip
TICKER = {"ticker", "rows", "first_day", "last_day", "last_adjclose", "usable", "reason"}


def checked(folder: Path, body: bytes, name: str = "prices.csv") -> check.Answer:
    """The answer to a file, which always has the same keys and fits into JSON."""
    (folder / name).write_bytes(body)
    answer = check.check(str(folder / name)).answer
    assert_is_whole(answer)
    return answer


def assert_is_whole(answer: check.Answer) -> None:
    assert answer.keys() == KEYS.keys()
    wrong = {key: answer[key] for key, kind in KEYS.items() if type(answer[key]) is not kind and key != "line"}
    assert not wrong
    assert answer["line"] is None or answer["line"] > 0
    assert all(one.keys() == TICKER for one in answer["tickers"])
    assert all(row.keys() == {"line", "reason", "row"} for row in answer["examples"])
    assert bool(answer["reason"]) != answer["accepted"]
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    assert all(line.isprintable() for line in check.in_words("prices.csv", answer))


def test_a_good_file_is_described_in_full(tmp_path):
    rows = "".join(f"{day},{day},AB,{2 + number}.5,7\n" for number, day in enumerate(days(200)))
    answer = checked(tmp_path, f"Date,Last Updated,Symbol,Close,Volume\n{rows}".encode())
    assert answer == {
        "accepted": True,
        "reason": "",
        "line": None,
        "encoding": "UTF-8",
        "separator": ",",
        "layout": "long",
        "order": "year",
        "decimal": "point",
        "columns": {"date": "Date", "ticker": "Symbol", "close": "Close", "volume": "Volume"},
        "ignored": ["Last Updated"],
        "rows": 200,
        "rejected_rows": 0,
        "tickers": [
            {
                "ticker": "AB",
                "rows": 200,
                "first_day": "2020-01-01",
                "last_day": days(200)[-1],
                "last_adjclose": 201.5,
                "usable": True,
                "reason": "",
            }
        ],
        "notes": [],
        "examples": [],
        "ticker_from": "column",
        "model": "none",
    }


def days(count: int, first: str = "2020-01-01") -> list[str]:
    return np.busday_offset(first, np.arange(count), roll="forward").astype(str).tolist()


def single(count: int, begin: int = 0, first: str = "2020-01-01") -> str:
    rows = enumerate(days(count, first)[begin:])
    return "date,close\n" + "".join(f"{day},{10 + number % 7}\n" for number, day in rows)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.site)
def test_every_form_is_accepted_with_all_its_tickers(tmp_path, form):
    answer = checked(tmp_path, form.body(300), form.file)
    assert answer["accepted"], answer["reason"]
    assert not answer["rejected_rows"]
    assert len(answer["tickers"]) == len(form.tickers)
    assert all(one["usable"] for one in answer["tickers"])


@dataclasses.dataclass
class Steps:
    """What the steps made of a file: Split's message where it refused it, and the tickers that got a forecast."""

    refusal: str = ""
    forecast: tuple[str, ...] = ()


def through_the_steps(body: bytes, name: str) -> Steps:
    try:
        ran = pipeline.run(body, name, model=pipeline.stand_in)
    except RejectedFile as error:
        return Steps(str(error))
    except pipeline.Ended as ended:
        return Steps() if ended.args[0] == "too_short" else Steps(f"ended as {ended.args[0]}")
    return Steps(forecast=tuple(sorted(set(ran.table("predictions")["ticker"]))))


FILES = {
    "too few days": single(60),
    "a day": single(1),
    "no usable ticker": single(130),
    "usable": single(200),
    "a row too many": single(200) + "nonsense,1\n" * 3,
    "as many bad rows as may be": single(200) + "nonsense,1\n" * 2,
    "contradictions": single(200) + "".join(f"{day},99\n" for day in days(3)),
    "contradictions within the tolerance": single(200) + f"{days(1)[0]},99\n",
    "bad rows and contradictions": single(200) + "nonsense,1\n2020-01-01,99\n2020-01-02,99\n",
    "weekly": "date,close\n"
    + "".join(f"{day},{10 + at % 7}\n" for at, day in enumerate(days(2000, "2010-01-01")[::5])),
    "two tickers, one short": csv_files.csv(csv_files.bars("A", 1, 300), csv_files.bars("B", 2, 40)).decode(),
}


@pytest.mark.parametrize("name", FILES)
def test_the_verdict_and_its_words_are_those_of_the_steps(tmp_path, name):
    body = FILES[name].encode()
    answer = checked(tmp_path, body)
    line = f"line {answer['line']}: " if answer["line"] else ""
    said = f"{line}{answer['reason']}: s3://incoming/incoming/daily/prices.csv" if answer["reason"] else ""
    steps = through_the_steps(body, "prices.csv")
    assert said == steps.refusal
    assert [one["ticker"] for one in answer["tickers"] if one["usable"]] == list(steps.forecast)


def name_of(case: Case) -> str:
    return case.key.rpartition("/")[2]


# check does not see the folder, and S3 has longer names than a disk.
ON_DISK = [case for case in CASES if uploads.place(case.key).kind == "file" and len(name_of(case)) < 256]


@pytest.mark.parametrize("case", ON_DISK, ids=lambda case: case.name)
def test_the_corpus_is_read_as_split_reads_it(tmp_path, case):
    answer = checked(tmp_path, case.content, name_of(case))
    said = f"line {answer['line']}: {answer['reason']}" if answer["line"] else answer["reason"]
    listed = "; ".join(f"line {row['line']}: {row['reason']}" for row in answer["examples"])
    assert case.says in (said if case.outcome == REJECTED_FILE else listed)
    assert not (answer["accepted"] and case.outcome == REJECTED_FILE)
    if case.outcome == ACCEPTED and "contradict an earlier row" not in said:  # which shows once all rows are sorted
        assert answer["accepted"] or said.startswith("these are "), said
        assert not answer["rejected_rows"]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda at: at.mkdir(), "'{}' is a folder; name one CSV file in it"),
        (lambda at: None, "there is no file '{}'; check its path"),
        (lambda at: os.mkfifo(at), "'{}' is no file that can be read twice; give it as -"),
        (lambda at: at.write_bytes(b""), "the file is empty; upload it again with its rows"),
        (lambda at: at.write_text("date,close\n"), "the file has a header and no rows; upload it again with its rows"),
    ],
)
def test_what_cannot_be_read_gives_the_same_object(tmp_path, monkeypatch, make, reason):
    monkeypatch.chdir(tmp_path)
    make(Path("p.csv"))
    answer = check.check("p.csv").answer
    assert_is_whole(answer)
    assert answer["reason"].startswith(reason.format("p.csv"))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("p.xlsx", "'p.xlsx' is by its name a spreadsheet; save its sheet as CSV"),
        ("p.zip", "'p.zip' is by its name an archive; unpack it and upload the CSV"),
        ("p.parquet", "'p.parquet' is by its name binary; write it as CSV"),
        ("p.csv.xz", "'p.csv.xz' is by its name compressed in another way than gzip; upload .csv or .csv.gz"),
        (
            "p\nq.csv",
            "the name 'p\\nq.csv' holds a line break or another sign that cannot be seen (U+000A); rename the file",
        ),
    ],
)
def test_a_kind_that_is_not_read_is_named_with_its_remedy(tmp_path, name, reason):
    assert checked(tmp_path, single(200).encode(), name)["reason"] == reason


def test_a_file_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    (tmp_path / "p.csv").write_text(single(200))

    def refuse(file, *arguments, **options):
        if file.name == "p.csv":
            raise PermissionError(13, "Permission denied")
        return opened(file, *arguments, **options)

    opened = Path.open
    monkeypatch.setattr(Path, "open", refuse)
    answer = check.check(str(tmp_path / "p.csv")).answer
    assert_is_whole(answer)
    assert answer["reason"] == f"{tmp_path / 'p.csv'} cannot be read: Permission denied"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input_is_read_too(monkeypatch, pack):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(pack(single(200).encode()))))
    answer = check.check("-").answer
    assert_is_whole(answer)
    assert answer["accepted"]
    assert [one["ticker"] for one in answer["tickers"]] == ["stdin"]
    assert answer["ticker_from"] == "file name"


def test_a_file_that_is_too_short_alone_is_accepted_and_says_what_its_tickers_lack(tmp_path):
    answer = checked(tmp_path, b"date,close\n2024-01-02,3\n")
    assert (answer["accepted"], answer["reason"], answer["rejected_rows"]) == (True, "", 0)
    ((name, usable, reason),) = [(one["ticker"], one["usable"], one["reason"]) for one in answer["tickers"]]
    assert (name, usable) == ("prices", False)
    assert reason.startswith("too few days: 1 with prices")
    assert f"  1 without a forecast: prices; {reason}" in check.in_words("prices.csv", answer)


def test_a_refused_file_still_shows_what_was_understood(tmp_path):
    answer = checked(tmp_path, (single(200) + "nonsense,1\n" * 9).encode())
    assert not answer["accepted"]
    assert answer["columns"] == {"date": "date", "close": "close"}
    assert answer["rejected_rows"] == 9
    assert [row["line"] for row in answer["examples"]] == [202, 203, 204, 205, 206]
    assert [(one["ticker"], one["usable"], one["reason"]) for one in answer["tickers"]] == [
        ("prices", False, "the file is refused")
    ]


def test_a_ticker_without_enough_days_is_named_with_the_reason(tmp_path):
    answer = checked(tmp_path, FILES["two tickers, one short"].encode())
    short = answer["tickers"][1]
    assert (short["ticker"], short["usable"]) == ("B", False)
    assert "100 are needed" in short["reason"]
    assert any("1 without a forecast: B; " in line for line in check.in_words("p.csv", answer))


def local(*arguments: object, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "local", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, **options)


def test_the_command_says_it_in_words_or_as_json_and_ends_with_1_where_the_file_is_refused(tmp_path):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(single(200))
    bad.write_text("date,temperature\n2024-01-02,3\n")
    done = local("check", good)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == f"{good}: accepted"
    assert "ticker 'good' (from the file's name): 200 days, 2020-01-01 to" in done.stdout
    done = local("check", bad, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    assert_is_whole(json.loads(done.stdout))
    done = local("check", "-", "--json", input=single(200))
    assert (json.loads(done.stdout)["accepted"], done.returncode) == (True, 0)


@pytest.mark.parametrize(
    ("name", "body", "sentence"),
    [
        ("p.csv", single(200) + "nonsense,1\n" * 9, "line 202: date 'nonsense' is not a day"),
        ("p.xlsx", single(200), "'p.xlsx' is by its name a spreadsheet; save its sheet as CSV"),
    ],
)
def test_run_refuses_before_the_upload_says_it_once_and_leaves_the_rejected_rows(tmp_path, name, body, sentence):
    (tmp_path / name).write_text(body)
    state = os.environ | {"LOCAL_STATE": str(tmp_path / "state")}
    (tmp_path / "out/rejected").mkdir(parents=True)
    (tmp_path / "out/rejected/00007.csv").write_text("of an earlier run")
    (tmp_path / "out/.stockcast").touch()
    done = local("run", tmp_path / name, "--out", tmp_path / "out", env=state)
    assert done.returncode == 1
    assert done.stderr == f"error: no file can be used; the rejected rows are in {tmp_path / 'out/rejected'}\n"
    assert done.stdout.count(sentence) == 1
    assert not (tmp_path / "state").exists()
    assert [file.name for file in (tmp_path / "out/rejected").iterdir()] == [f"check-{name.removesuffix('.csv')}.csv"]
    with next((tmp_path / "out/rejected").iterdir()).open(newline="") as file:
        listed = list(csv.DictReader(file))
    assert [int(row["line"]) for row in listed] == ([*range(202, 211), 202] if name == "p.csv" else [0])
    assert listed[-1]["reason"] in done.stdout
