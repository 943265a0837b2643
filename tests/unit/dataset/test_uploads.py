import datetime

import pytest

from stocks.dataset.uploads import Place, Upload, Verdict, folder, place

NOON = datetime.datetime(2026, 11, 24, 12, 42, 23, tzinfo=datetime.UTC)


def upload(key="incoming/us/a.csv", version="v1", modified=NOON, sequencer=""):
    return Upload("incoming", key, version, modified, sequencer)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("incoming/us/a.csv", Place("file", "us", "a.csv")),
        ("incoming/US/a.csv", Place("file", "us", "a.csv")),
        ("incoming/us/settings.json", Place("settings", "us", "settings.json")),
        ("incoming/us/", Place("nudge", "us", "")),
        ("incoming/us/old/", Place("marker", "", "")),
        ("incoming/my data/", Place("marker", "", "")),
        ("incoming/", Place("marker", "", "")),
        ("", Place("marker", "", "")),
    ],
)
def test_a_key_says_what_it_is_for(key, expected):
    assert place(key) == expected


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("incoming/a.csv", "not directly in the folder of a dataset; upload it to incoming/<dataset>/<name>.csv"),
        ("incoming/us/old/a.csv", "not directly in the folder of a dataset"),
        ("a.csv", "not directly in the folder of a dataset"),
        ("elsewhere/us/a.csv", "not directly in the folder of a dataset"),
        ("incoming/my data/a.csv", "the folder 'my data' cannot name a dataset; use a letter, then up to 39 letters"),
        ("incoming/" + "a" * 41 + "/a.csv", "cannot name a dataset"),
    ],
)
def test_a_misplaced_file_is_told_where_it_belongs(key, reason):
    found = place(key)
    assert (found.kind, found.dataset, found.name) == ("misplaced", "", "a.csv")
    assert reason in found.reason


def test_the_id_is_the_instant_and_a_digest_of_bucket_key_and_version():
    assert upload().id == "20261124T124223Z-a0b874cd15a3"
    tokyo = NOON.astimezone(datetime.timezone(datetime.timedelta(hours=9)))
    assert upload(modified=tokyo).id == upload().id
    others = {upload(version="v2").id, upload(key="incoming/us/b.csv").id, upload(sequencer="0A").id}
    assert len(others | {upload().id}) == 3  # the sequencer is no part of it


def test_uploads_go_by_second_then_key_then_place_among_the_versions():
    later = NOON + datetime.timedelta(seconds=1)
    in_order = [
        upload(key="incoming/us/b.csv", version="v9", modified=NOON - datetime.timedelta(seconds=1)),
        upload(key="incoming/US/z.csv"),
        upload(version="v1"),
        upload(version="v3"),  # without sequencers by version id, and before those with one
        upload(version="v9", sequencer="00"),
        upload(version="v2", sequencer="005"),
        upload(version="v0", sequencer="0050A"),
        upload(version="v1", sequencer="00C"),
        upload(key="incoming/us/b.csv"),
        upload(modified=later),
    ]
    for start in range(10):
        assert sorted(in_order[start:] + in_order[:start], key=lambda one: one.order) == in_order


def test_a_shorter_sequencer_counts_as_if_zeros_followed_it():
    assert upload(sequencer="00a1").order == upload(sequencer="00A100").order
    assert upload(sequencer="0").order > upload().order


def test_a_verdict_survives_json_and_what_newer_code_adds_to_it():
    reading = {"columns": {"date": "Datum"}, "notes": ["the text is GB18030"]}
    accepted = Verdict(upload(sequencer="0A"), "arn", "abc", True, folder="history/", bits=3, rows=7, reading=reading)
    assert Verdict.from_json(accepted.to_json()) == accepted
    assert Verdict.from_json(accepted.to_json().replace('"bits"', '"notes": ["x"], "bits"')) == accepted
    assert '"modified": "2026-11-24T12:42:23+00:00"' in accepted.to_json()


@pytest.mark.parametrize("wrong", [{"accepted": True}, {"accepted": True, "folder": "f", "reason": "r"},
                                   {"accepted": False}, {"accepted": False, "folder": "f", "reason": "r"}])  # fmt: skip
def test_a_verdict_has_parts_or_a_reason(wrong):
    with pytest.raises(ValueError, match="a folder of parts if it accepts"):
        Verdict(upload(), "arn", "", **wrong)


def test_two_executions_write_beside_each_other():
    first, second = (folder(upload(key="incoming/US/a.csv"), arn) for arn in ("arn 1", "arn 2"))
    assert first != second
    prefix = f"history/dataset=us/{upload(key='incoming/US/a.csv').id}/"
    assert first.startswith(prefix)
    assert len(first) == len(prefix) + 9
