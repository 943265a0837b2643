"""Files and rows that Split refuses or ignores, with the reason that it writes down."""

import errno
import gzip
import io
from typing import Any

import botocore.exceptions
import numpy as np
import pytest

import split
from common.errors import RejectedFile, Transient
from stocks.reading import intake, lines, rejected
from stocks.reading.source import Rules, Source
from tests.support.split_runs import DAYS, GOOD, OURS, file_row, kinds, listed, names, verdict


@pytest.mark.parametrize("key", ["incoming/", "incoming/A b/c/", "incoming/daily/2024/", "incoming/9/", "/"])
def test_folder_markers_are_ignored(buckets, context, key):
    answer = split.handler(event_of(key, 0), context)
    assert answer == {"status": "ignored", "reason": "a folder marker", "run_id": "", "dataset": ""}
    assert names("lake") == []


def event_of(key: str, size: int) -> Any:
    source = {"bucket": "incoming", "key": key, "version_id": "1", "sequencer": ""}
    return source | {"size": size, "execution_arn": OURS}


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (
            "incoming/prices.csv",
            "is not directly in the folder of a dataset; upload it to incoming/<dataset>/<name>.csv",
        ),
        ("incoming/settings.json", "is not directly in the folder of a dataset"),
        ("incoming/daily/2024/prices.csv", "is not directly in the folder of a dataset"),
        ("incoming//prices.csv", "the folder '' cannot name a dataset; use a letter, then up to 39 letters, digits"),
        ("incoming/my data/prices.csv", "the folder 'my data' cannot name a dataset"),
        ("incoming/../prices.csv", "the folder '..' cannot name a dataset"),
        ("prices.csv", "is not directly in the folder of a dataset"),
        ("elsewhere/daily/prices.csv", "is not directly in the folder of a dataset"),
    ],
)
def test_a_misplaced_file_is_rejected_with_what_to_do_and_where(buckets, context, key, message):
    with pytest.raises(RejectedFile) as refused:
        split.handler(event_of(key, 9), context)
    assert str(refused.value).endswith(f": s3://incoming/{key}")
    assert message in str(refused.value)
    assert names("work") == names("lake") == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("prices.xlsx", "'prices.xlsx' is by its name a spreadsheet; save its sheet as CSV"),
        ("prices", "'prices' does not end in .csv or .csv.gz; save the prices as CSV"),
        ("settings.JSON", "'settings.JSON' "),
    ],
)
def test_a_name_of_another_kind_of_file_is_rejected_for_good_and_not_read(drop, context, monkeypatch, name, message):
    monkeypatch.setattr(split, "opened", lambda *_: 1 / 0)
    event = drop("", f"incoming/daily/{name}")
    with pytest.raises(RejectedFile) as refused:
        split.handler(event, context)
    assert str(refused.value).startswith(message)
    assert verdict(event).reason == file_row(event)["reason"]
    assert str(refused.value) == f"{verdict(event).reason}: s3://incoming/{event['key']}"
    assert listed(event)[1].startswith("0,")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ("ticker,date,adjclose\n", "line 2: the file has a header and no rows"),
        ("ticker,when,close\nA,b,1\n", "line 1: the header 'ticker,when,close' has no column date"),
        ("PK\x03\x04", "the file is a zip archive; unpack it and upload the CSV"),
        (GOOD + "A,2024-01-02,\0\n", "line 402: a NUL byte"),
    ],
)
def test_an_unusable_file_is_rejected_and_the_reason_written_down(drop, context, content, message):
    event = drop(content)
    with pytest.raises(RejectedFile) as refused:
        split.handler(event, context)
    assert str(refused.value).startswith(message)
    assert str(refused.value).endswith(": s3://incoming/incoming/Daily/prices.csv")
    judged, row = verdict(event), file_row(event)
    assert str(refused.value).startswith(judged.reason)
    assert (judged.accepted, judged.folder, judged.rows) == (False, "", 0)
    assert (row["verdict"], row["reason"], row["rows"], row["first_day"]) == ("rejected", judged.reason, 0, None)
    assert len(listed(event)) == 2
    assert listed(event)[0] == "line,reason,row"
    assert sorted(kinds()) == ["files", "rejected", "verdicts"]


@pytest.mark.parametrize(
    "content", [b"plain text", gzip.compress(GOOD.encode())[:-9], gzip.compress(b"x" * 99)[:-20] + b"?" * 20]
)
def test_a_damaged_gzip_is_rejected(drop, context, content):
    with pytest.raises(RejectedFile, match=r"the file is named \.gz but is no gzip data, or is damaged or cut short"):
        split.handler(drop(content, "incoming/daily/prices.csv.gz"), context)


def test_a_file_that_fills_the_disk_is_rejected(drop, context, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(intake.Intake, "route", full)
    with pytest.raises(RejectedFile, match=r"the file has more rows than fit \(400\); drop it in parts"):
        split.handler(drop(), context)


def test_a_connection_lost_while_reading_is_transient(drop, context, monkeypatch):
    def lost(*_, **__):
        raise botocore.exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2)

    monkeypatch.setattr(intake, "PricesFile", lost)
    with pytest.raises(Transient):
        split.handler(drop(), context)


def test_five_percent_bad_rows_reject_the_file_and_are_listed(drop, context):
    event = drop(GOOD + "A,2021-01-01,-1\n" * 21)
    with pytest.raises(RejectedFile) as refused:
        split.handler(event, context)
    assert str(refused.value) == (
        "line 402: adjclose '-1' is not a positive number; 21 of 421 rows cannot be used, 1.00% may be bad; "
        "correct them: s3://incoming/incoming/Daily/prices.csv"
    )
    assert listed(event)[-2] == "422,adjclose '-1' is not a positive number,\"A,2021-01-01,-1\""
    assert (verdict(event).rows, verdict(event).rejected_rows) == (0, 21)


def test_rows_that_contradict_earlier_ones_reject_the_file(drop, context):
    event = drop(GOOD + "".join(f"A,{day},{price}\n" for day in DAYS[:2] for price in (11, 12, 13)))
    with pytest.raises(RejectedFile) as refused:
        split.handler(event, context)
    assert str(refused.value).startswith(
        "6 of 406 rows cannot be used, 1.00% may be bad; most contradict an earlier row of their ticker and day; "
        "keep one row of each"
    )
    assert (verdict(event).accepted, verdict(event).rejected_rows, file_row(event)["rejected_rows"]) == (False, 6, 6)
    assert [line.partition(",")[0] for line in listed(event)[1:]] == ["402", "403", "404", "405", "406", "407", "0"]


@pytest.mark.parametrize(("bad", "contradicting", "accepted"), [(2, 2, True), (2, 3, False), (0, 4, True)])
def test_bad_rows_and_contradictions_count_together(drop, context, bad, contradicting, accepted):
    content = GOOD + "A,2021-01-01,-1\n" * bad + "".join(f"B,{day},11\n" for day in DAYS[:contradicting])
    event = drop(content)
    try:
        split.handler(event, context)
    except RejectedFile:
        assert not accepted
    assert verdict(event).accepted is accepted
    assert verdict(event).rejected_rows == bad + contradicting


def test_few_bad_rows_are_listed_and_the_others_used(drop, context):
    event = drop(GOOD + "A,2021-01-01,-1\n" * 4)
    split.handler(event, context)
    assert (verdict(event).rows, verdict(event).rejected_rows) == (400, 4)
    assert len(listed(event)) == 5


def test_a_file_without_bad_rows_lists_none(drop, context):
    split.handler(drop(), context)
    assert sorted(kinds()) == ["files", "history", "verdicts"]


def test_more_bad_rows_are_counted_than_kept(drop, context, monkeypatch):
    monkeypatch.setattr(rejected, "KEEP", 10)
    event = drop(GOOD + "bad\n" * 100)
    with pytest.raises(RejectedFile, match="100 of 500 rows"):
        split.handler(event, context)
    assert len(listed(event)) == 11


def count_rows(monkeypatch) -> list[int]:
    """How many lines each block that is taken in has."""
    counts, add = [], intake.Intake.add

    def note(self, block):
        counts.append(block.lines)
        add(self, block)

    monkeypatch.setattr(intake.Intake, "add", note)
    monkeypatch.setattr(lines, "BLOCK_LINES", 100)
    return counts


@pytest.mark.parametrize("name", ["prices.csv", "prices.csv.gz"])
def test_reading_stops_once_too_many_rows_are_bad_whatever_follows(drop, context, monkeypatch, name):
    monkeypatch.setattr(lines, "MOST_LINES", 10_000)
    counts = count_rows(monkeypatch)
    body = (GOOD + "A,2024-01-02,-1\n" * 9_000).encode()
    with pytest.raises(RejectedFile, match=r"line 402: adjclose '-1' is .* of the first [\d,]+ rows cannot be used"):
        split.handler(drop(gzip.compress(body) if name.endswith(".gz") else body, f"incoming/daily/{name}"), context)
    # 1 % of the 10,000 rows that a gzip may have, or of those that the bytes of the file can hold, and the last block
    most = 10_000 if name.endswith(".gz") else len(body) / len("A,2024-01-02,-1\n")
    assert sum(counts) - 400 <= 0.01 * most + 100


def test_a_file_with_bad_rows_that_it_may_have_is_read_whole(drop, context, monkeypatch):
    counts = count_rows(monkeypatch)
    split.handler(drop("ticker,date,adjclose\n" + "A,x,1\n" * 4 + GOOD.partition("\n")[2]), context)
    assert sum(counts) == 404


def test_blocks_of_a_file_add_up(tmp_path, monkeypatch):
    class Dribble(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 100))

    monkeypatch.setattr(rejected, "KEEP", 10)
    body = ("ticker,date,adjclose\n" + "bad\n" * 99 + GOOD.partition("\n")[2]).encode()
    taken = intake.Intake(tmp_path, Rules(tolerance=1))
    taken.read(Source("prices.csv", len(body), lambda: Dribble(body)))
    assert (taken.rows, taken.bad, len(taken.kept)) == (499, 99, 10)
    stored = np.concatenate([taken.stored(pile) for pile in range(intake.PILES)])
    assert sorted(stored["line"].tolist()) == list(range(101, 501))


STRANGE = ["\n", "\r", "\t", "\x00", "\x1b[31m", "\x7f", "\x85", "\u200b", "\u2028", "\ufeff",
           *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))]  # fmt: skip


@pytest.mark.parametrize("form", ["incoming/daily/a{}b.csv", "incoming/da{}ily/a.csv", "incoming/daily/{}/a.csv", "{}"])
def test_a_key_with_a_sign_that_cannot_be_seen_is_rejected_and_shown_escaped(s3, context, form):
    for sign in STRANGE:
        key = form.format(sign)
        event = event_of(key, 0) | {"version_id": s3.put_object("incoming", key, GOOD)["VersionId"]}
        with pytest.raises(RejectedFile) as refused:
            split.handler(event, context)
        said = str(refused.value)
        assert f"holds a line break or another sign that cannot be seen (U+{ord(sign[0]):04X}); " in said
        assert said.isprintable()
        assert said.endswith(f"s3://incoming/{rejected.visible(key)}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("incoming/日本 é/a b.csv", "incoming/日本 é/a b.csv"),
        ("a\nb\x1b[31m", "a\\nb\\x1b[31m"),
        ("\u202egpj.csv\u2069", "\\u202egpj.csv\\u2069"),
        ("\U000e0001", "\\U000e0001"),
        ("a\\nb", "a\\nb"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_an_escape(text, shown):
    assert rejected.visible(text) == shown
