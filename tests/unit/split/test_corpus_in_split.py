"""Dropped files through Split's handler on moto's S3: of a bad one nothing is published but its reason."""

import csv
import datetime
import gzip
import re

import pytest

import split
from common.errors import RejectedFile
from stocks.dataset import sizes
from stocks.reading import lines, rejected
from stocks.reading.rejected import visible
from tests.corpus import keys as of_keys
from tests.corpus.case import ACCEPTED, REJECTED_FILE, Case
from tests.corpus.cases import CASES
from tests.support import reading
from tests.support.split_runs import DAYS, listed, names, part, verdict

DATES = [datetime.date.fromisoformat(day) for day in DAYS]

KEPT = {case.name: case for case in CASES}
SOME = [
    *(
        "zero bytes",
        "UTF-16 cut inside a character",
        "Latin-1 where the header proves nothing",
        "a wrong title",
        "a title twice",
        "10 MB in one line",
    ),
    *("days that may be months", "commas that may be points", "a PDF", "a gzip cut short", "gzip named .csv"),
    *(
        "a file named like a formula",
        "a file called only .csv",
        "a gzip bomb of zeros",
        "prices by the hour",
    ),
]
NASTY = [
    "../../lake/x",
    "..",
    "a/b",
    "</script><script>alert(1)</script>",
    "日本 é",
    "50%2F",
    'q"uote',
    "'; drop table runs",
]


@pytest.mark.parametrize("case", [KEPT[name] for name in SOME], ids=lambda case: case.name)
def test_a_bad_file_publishes_nothing_but_its_reason(drop, context, case):
    event = drop(case.content, case.key)
    with pytest.raises(RejectedFile) as refused:
        split.handler(event, context)
    message = str(refused.value)
    assert case.says in message
    assert message.endswith(f": s3://incoming/{case.key}")
    assert message.count("s3://") == 1
    assert len(message) <= rejected.LONGEST_REASON + len(f": s3://incoming/{case.key}")
    file, rejection, judgement = names("lake")
    assert re.fullmatch(r"files/\d{8}T\d{6}Z-[0-9a-f]{12}\.parquet", file)
    assert re.fullmatch(r"rejected/dataset=daily/[0-9a-f]{12}\.csv", rejection)
    assert judgement == f"verdicts/dataset=daily/{file[6:-8]}.json"
    assert rejection[-16:-4] == file[-20:-8]
    line, reason, _ = list(csv.reader(listed(event)))[-1]
    assert case.says in f"line {line}: {reason}"
    assert names("work") == []


@pytest.mark.parametrize("case", of_keys.CASES, ids=lambda case: case.name)
def test_a_key_reaches_its_object_as_it_is(drop, context, case):
    body = case.content if case.outcome == REJECTED_FILE or not case.first else longer(case)
    event = drop(body, case.key)
    if case.outcome == REJECTED_FILE:
        with pytest.raises(RejectedFile, match=re.escape(f": s3://incoming/{visible(case.key)}")):
            split.handler(event, context)
        return
    answer = split.handler(event, context)
    assert answer["status"] == case.outcome
    if case.outcome == ACCEPTED:
        assert part(event)["tickers"].tolist() == [case.first[0]]


def longer(case: Case) -> bytes:
    """A plain file of enough days under the case's name, with a ticker column where the case has one."""
    if b"ticker" in case.content:
        return ("ticker,date,close\n" + "".join(f"A,{day},1\n" for day in DATES)).encode()
    return ("date,close\n" + "".join(f"{day},1\n" for day in DATES)).encode()


def german(number: float) -> str:
    return f"{number:,.2f}".translate(str.maketrans(",.", ".,"))


EXPORTS = {
    "HistoricalData.csv": "Date,Close/Last,Volume\n" + "".join(f"{day:%m/%d/%Y},$1{day.day}.25,100\n" for day in DATES),
    "german.csv": "Datum;Schluss;Volumen\n"
    + "".join(f"{day:%d.%m.%Y};{german(1000 + day.day)};1.000\n" for day in DATES),
    "quoted.csv": '"Date","Price","Vol."\n' + "".join(f'"{day:%b %d, %Y}","1,0{day:%d}.5","1.5M"\n' for day in DATES),
    "bulk.csv": "<DATE>,<CLOSE>,<VOL>\n" + "".join(f"{day:%Y%m%d},{day.day},7\n" for day in DATES),
}


@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_export_of_a_price_site_is_accepted(drop, context, name, encoding):
    event = drop(EXPORTS[name].encode(encoding), f"incoming/daily/{name}")
    split.handler(event, context)
    judged = verdict(event)
    assert (judged.rows, judged.rejected_rows) == (200, 0)
    assert (judged.first_day, judged.last_day) == (DAYS[0], DAYS[-1])


def test_no_ticker_escapes_the_keys_of_its_upload(drop, context, monkeypatch):
    monkeypatch.setattr(sizes, "PART_ROWS", 300)
    lines = ["ticker\tdate\tclose"]
    for name in NASTY:
        quoted = f'"{name.replace('"', '""')}"' if '"' in name else name
        lines += [f"{quoted}\t{day}\t2" for day in DAYS]
    event = drop("\n".join(lines), "incoming/daily/nasty.csv")
    split.handler(event, context)
    bits, upload = verdict(event).bits, verdict(event).upload.id
    assert bits > 1
    expected = [f"files/{upload}.parquet", f"verdicts/dataset=daily/{upload}.json"]
    expected += [f"{verdict(event).folder}{number:05d}.npz" for number in range(1 << bits)]
    assert names("lake") == sorted(expected)
    kept = [part(event, number) for number in range(1 << bits)]
    assert sorted(name for rows in kept for name in rows["tickers"].tolist()) == sorted(NASTY)


def test_a_day_after_tomorrow_is_a_bad_row_by_the_time_of_the_upload(drop, context):
    today = datetime.datetime.now(datetime.UTC).date()
    ends = [today + datetime.timedelta(days) for days in (0, 1, 3)]
    lines = "".join(f"{day},1\n" for day in [*DATES, *ends])
    event = drop(f"date,close\n{lines}", "incoming/daily/a.csv")
    split.handler(event, context)
    assert len(listed(event)) == 2
    assert listed(event)[1].startswith(f"204,date '{ends[2]}' is in the future: the file was uploaded on {ends[0]}")


def test_rejected_rows_never_become_formulas():
    rows = [
        rejected.Rejected(2, "close is empty", "=cmd|' /C calc'!A0,2024-01-02,"),
        rejected.Rejected(3, "bad", " -1,2"),
    ]
    lines = rejected.to_csv([*rows, rejected.Rejected(4, "bad", "A=B,1")]).splitlines()
    assert lines[1:] == [
        "2,close is empty,\"'=cmd|' /C calc'!A0,2024-01-02,\"",
        '3,bad,"\' -1,2"',
        '4,bad,"A=B,1"',
    ]


def test_a_file_of_too_much_text_is_refused(drop, context, monkeypatch):
    monkeypatch.setattr(lines, "MOST_BYTES", 1 << 20)
    event = drop(gzip.compress(b"date,close\n" + b"2024-01-02,1\n" * 200_000), "incoming/daily/a.csv.gz")
    with pytest.raises(RejectedFile, match=r"the file has more than 0.000976562 GiB of text; drop it in parts"):
        split.handler(event, context)


def test_the_text_of_rejected_rows_is_cut_before_it_fills_the_memory(tmp_path):
    intake = reading.taken(tmp_path, b"date,close\n" + b"9" * 100_000 + b"\n")
    assert len(intake.kept[0].row) == rejected.LONGEST_ROW
