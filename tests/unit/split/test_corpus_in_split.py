"""Dropped files through Split's handler on moto's S3: of a bad one nothing is published but its reason."""

import csv
import datetime
import gzip
import re

import boto3
import pytest

import scale
import split
from common import keys, storage, working
from common.errors import RejectedFile
from stocks.reading import lines, rejected
from tests.corpus import keys as of_keys
from tests.corpus.case import ACCEPTED, REJECTED_FILE, Case
from tests.corpus.cases import CASES
from tests.support import reading

OURS = "arn:aws:states:us-east-1:123456789012:execution:machine:ours"
DAYS = [datetime.date(2020, 1, 1) + datetime.timedelta(day) for day in range(200)]
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


@pytest.fixture
def drop(buckets):
    """Put an object into the incoming bucket; the event that Split gets for it."""
    buckets.put_bucket_versioning(Bucket="incoming", VersioningConfiguration={"Status": "Enabled"})

    def put(key: str, body: bytes):
        version = buckets.put_object(Bucket="incoming", Key=key, Body=body)["VersionId"]
        source = {"bucket": "incoming", "key": key, "version_id": version}
        return source | {"size": len(body), "execution_arn": OURS}

    return put


def names(bucket: str) -> list[str]:
    return [found["Key"] for found in boto3.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


@pytest.mark.parametrize("case", [KEPT[name] for name in SOME], ids=lambda case: case.name)
def test_a_bad_file_publishes_nothing_but_its_reason(drop, context, case):
    with pytest.raises(RejectedFile) as refused:
        split.handler(drop(case.key, case.content), context)
    message = str(refused.value)
    assert case.says in message
    assert message.endswith(f": s3://incoming/{case.key}")
    assert message.count("s3://") == 1
    assert len(message) <= rejected.LONGEST_REASON + len(f": s3://incoming/{case.key}")
    (listed,) = names("lake")
    assert re.fullmatch(r"rejected/dataset=daily/run_id=daily-[0-9a-f]{12}/split\.csv", listed)
    line, reason, _ = list(csv.reader(storage.get("lake", listed).decode().splitlines()))[-1]
    assert case.says in f"line {line}: {reason}"
    assert [name.rsplit("/")[-1] for name in names("work")] == ["claim.json"]


@pytest.mark.parametrize("case", of_keys.CASES, ids=lambda case: case.name)
def test_a_key_reaches_its_object_as_it_is(drop, context, case):
    body = case.content if case.outcome == REJECTED_FILE or not case.first else longer(case)
    event = drop(case.key, body)
    if case.outcome == REJECTED_FILE:
        with pytest.raises(RejectedFile, match=re.escape(f": s3://incoming/{case.key}")):
            split.handler(event, context)
        return
    answer = split.handler(event, context)
    assert answer["status"] == case.outcome
    if case.outcome == ACCEPTED:
        rows = working.get_arrays(answer, "rows", 0)
        assert rows["tickers"].tolist() == [case.first[0]]


def longer(case: Case) -> bytes:
    """A plain file of enough days under the case's name, with a ticker column where the case has one."""
    if b"ticker" in case.content:
        return ("ticker,date,close\n" + "".join(f"A,{day},1\n" for day in DAYS)).encode()
    return ("date,close\n" + "".join(f"{day},1\n" for day in DAYS)).encode()


def german(number: float) -> str:
    return f"{number:,.2f}".translate(str.maketrans(",.", ".,"))


EXPORTS = {
    "HistoricalData.csv": "Date,Close/Last,Volume\n" + "".join(f"{day:%m/%d/%Y},$1{day.day}.25,100\n" for day in DAYS),
    "german.csv": "Datum;Schluss;Volumen\n"
    + "".join(f"{day:%d.%m.%Y};{german(1000 + day.day)};1.000\n" for day in DAYS),
    "quoted.csv": '"Date","Price","Vol."\n' + "".join(f'"{day:%b %d, %Y}","1,0{day:%d}.5","1.5M"\n' for day in DAYS),
    "bulk.csv": "<DATE>,<CLOSE>,<VOL>\n" + "".join(f"{day:%Y%m%d},{day.day},7\n" for day in DAYS),
}


@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_export_of_a_price_site_is_accepted(drop, context, name, encoding):
    run = split.handler(drop(f"incoming/daily/{name}", EXPORTS[name].encode(encoding)), context)
    manifest = working.get_json(run, "manifest")
    assert (manifest["rows"], manifest["rejected_rows"]) == (200, 0)
    assert manifest["cuts"]["test_from"] == DAYS[160].isoformat()


def test_no_ticker_escapes_the_keys_of_its_run(drop, context, monkeypatch):
    monkeypatch.setenv("SHARD_KILOBYTES", "8")
    lines = ["ticker\tdate\tclose"]
    lines += [
        f"{name.replace('"', '""') if '"' not in name else '"' + name.replace('"', '""') + '"'}\t{day}\t2"
        for name in NASTY
        for day in DAYS
    ]
    run = split.handler(drop("incoming/daily/nasty.csv", "\n".join(lines).encode()), context)
    assert run["shards"] > 1
    for shard in range(run["shards"]):
        scale.handler({"run": run, "shard": shard}, context)
    of_the_run = rf"runs/{run['run_id']}/(claim|manifest)\.json|runs/{run['run_id']}/\w+/\d{{5}}\.(npz|json)"
    assert [name for name in names("work") if not re.fullmatch(of_the_run, name)] == []
    assert names("lake") == []
    kept = [working.get_arrays(run, "shards", shard) for shard in range(run["shards"])]
    assert sorted(name for shard in kept for name in shard["tickers"].tolist()) == sorted(NASTY)


def test_a_day_after_tomorrow_is_a_bad_row_by_the_time_of_the_upload(drop, context):
    today = datetime.datetime.now(datetime.UTC).date()
    ends = [today + datetime.timedelta(days) for days in (0, 1, 3)]
    lines = "".join(f"{day},1\n" for day in [*DAYS, *ends])
    run = split.handler(drop("incoming/daily/a.csv", f"date,close\n{lines}".encode()), context)
    listed = storage.get("lake", keys.lake("rejected", run, "split.csv")).decode().splitlines()
    assert len(listed) == 2
    assert listed[1].startswith(f"204,date '{ends[2]}' is in the future: the file was uploaded on {ends[0]}")


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
    event = drop("incoming/daily/a.csv.gz", gzip.compress(b"date,close\n" + b"2024-01-02,1\n" * 200_000))
    with pytest.raises(RejectedFile, match=r"the file has more than 0.000976562 GiB of text; drop it in parts"):
        split.handler(event, context)


def test_the_text_of_rejected_rows_is_cut_before_it_fills_the_memory(tmp_path):
    intake = reading.taken(tmp_path, b"date,close\n" + b"9" * 100_000 + b"\n")
    assert len(intake.kept[0].row) == rejected.LONGEST_ROW
