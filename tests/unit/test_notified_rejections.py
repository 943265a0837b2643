"""Notify's messages about rejected files, which share one an hour."""

import datetime
import json
import types

import notify
from common import aws, messages, rejections, storage


def test_a_second_rejection_within_the_hour_waits(s3, context, monkeypatch, capsys):
    source = {"bucket": "incoming", "key": "incoming/us/p.csv", "version_id": "1"}
    rejected = {"outcome": "failed", "run": {}, "key": source["key"], "source": source}
    failure = {"error": "RejectedFile", "cause": json.dumps({"errorMessage": "line 1: no column date"})}
    sent: list = []
    monkeypatch.setattr(messages, "publish", lambda *said: sent.append(said))
    for version in ("1", "2", "3"):
        event = rejected | {"source": source | {"version_id": version}, "failure": failure, "once": version}
        assert notify.handler(event, context)["cause"] == "Forecasting failed: line 1: no column date"
    assert len(sent) == 1
    assert len(list(storage.listed("lake", "untold/dataset=us/"))) == 2
    (note, *_) = storage.listed("lake", "untold/dataset=us/")
    assert json.loads(storage.get("lake", note["Key"]))["reason"] == "line 1: no column date"
    assert capsys.readouterr().out.count('"RejectedFiles":') == 3  # the alarm counts each


def rejected(key: str, reason: str, version: str = "1") -> dict:
    source = {"bucket": "incoming", "key": key, "version_id": version}
    failure = {"error": "RejectedFile", "cause": json.dumps({"errorMessage": reason})}
    return {"outcome": "failed", "once": key, "run": {}, "key": key, "source": source, "failure": failure}


def test_a_rejection_after_the_hour_is_told_together_with_those_that_wait(s3, context, monkeypatch):
    """Else it would take the hour's message, and the others would wait for one more hour."""
    sent: list = []
    monkeypatch.setattr(messages, "publish", lambda *said: sent.append(said))
    for name in ("one", "two", "three"):
        notify.handler(rejected(f"incoming/us/{name}.csv", f"{name} is bad"), context)
    s3.now += datetime.timedelta(minutes=60)
    notify.handler(rejected("incoming/us/four.csv", "four is bad"), context)
    assert [subject for _, subject, _ in sent] == ["Forecasts failed: incoming/us/one.csv (RejectedFile)"]
    assert rejections.tell("us") == 3
    for name in ("two", "three", "four"):
        assert f"incoming/us/{name}.csv: {name} is bad" in sent[1][2].splitlines()
    s3.now += datetime.timedelta(minutes=60)  # nothing waits any more
    notify.handler(rejected("incoming/us/five.csv", "five is bad"), context)
    assert [subject for _, subject, _ in sent[2:]] == ["Forecasts failed: incoming/us/five.csv (RejectedFile)"]


def test_files_in_a_wrong_place_share_one_message_an_hour_wherever_they_are(s3, context, monkeypatch):
    sent: list = []
    monkeypatch.setattr(messages, "publish", lambda *said: sent.append(said))
    for key in ("p.csv", "incoming/p.csv", "incoming/us/old/p.csv", "incoming/US market/p.csv"):
        notify.handler(rejected(key, f"{key} is misplaced"), context)
    assert [subject for _, subject, _ in sent] == ["Forecasts failed: p.csv (RejectedFile)"]
    notify.handler(rejected("incoming/us/p.csv", "it is bad"), context)  # a dataset's message is its own
    assert len(sent) == 2
    assert rejections.tell(rejections.MISPLACED) == 0
    s3.now += datetime.timedelta(minutes=60)
    assert rejections.tell(rejections.MISPLACED) == 3
    _, subject, text = sent[-1]
    assert subject == "Files rejected: in a wrong place (3)"
    assert text.startswith("Outside of a dataset's folder: 3 more files were rejected since the last message.")
    assert "incoming/us/old/p.csv: incoming/us/old/p.csv is misplaced" in text


def test_executions_without_a_file_that_wrong_settings_end_wait_as_one(s3, context, monkeypatch):
    """Resume starts one while settings.json is wrong, within the hour of the message on that."""
    sent: list = []
    monkeypatch.setattr(messages, "publish", lambda *said: sent.append(said))
    keys = ("incoming/us/settings.json", "incoming/us/", "incoming/us/")
    for number, key in enumerate(keys):
        event = rejected(key, "mode is one of append, replace", "null") | {"once": str(number)}
        notify.handler(event | {"failure": event["failure"] | {"error": "RejectedSettings"}}, context)
    assert [subject for _, subject, _ in sent] == ["Forecasts failed: incoming/us/settings.json (RejectedSettings)"]
    assert len(list(storage.listed("lake", "untold/dataset=us/"))) == 1


def test_a_try_after_a_lost_answer_says_the_same_and_sends_nothing(s3, context, monkeypatch, capsys):
    sent: list = []
    monkeypatch.setattr(messages, "publish", lambda *said: sent.append(said))
    failures = [rejected("incoming/us/p.csv", "it is bad"), rejected("incoming/us/q.csv", "it is bad, too")]
    failures.append(failures[0] | {"failure": {"error": "ModelFailed", "cause": "no"}, "once": "another state"})
    for event in failures:
        assert notify.handler(event, context) == notify.handler(event, context)
    assert [subject.partition(":")[0] for _, subject, _ in sent] == ["Forecasts failed"] * 2
    assert len(list(storage.listed("lake", "untold/dataset=us/"))) == 1  # the second rejection of the hour
    assert capsys.readouterr().out.count('"RejectedFiles":') == 2


def test_a_waiting_rejection_shows_its_key_escaped(s3, context, monkeypatch):
    sent: list = []
    monkeypatch.setattr(aws, "sns", lambda: types.SimpleNamespace(publish=lambda **said: sent.append(said)))
    for name in ("one", "\u202etwo", "three\nFour"):
        notify.handler(rejected(f"incoming/us/{name}.csv", "it is bad"), context)
    s3.now += datetime.timedelta(minutes=60)
    assert rejections.tell("us") == 2
    lines = sent[-1]["Message"].split("\n")
    assert {"incoming/us/\\u202etwo.csv: it is bad", "incoming/us/three\\nFour.csv: it is bad"} <= set(lines)


def test_a_message_that_is_too_long_for_sns_is_cut_and_says_so(monkeypatch):
    """Twenty reasons that name what stood in twenty files; the topic takes 256 KiB, letters of two bytes included."""
    sent: list = []
    monkeypatch.setattr(aws, "sns", lambda: types.SimpleNamespace(publish=lambda **said: sent.append(said)))
    messages.publish("arn", "Files rejected", "1 file was rejected.\n" + "é" * 140_000)
    (text,) = (said["Message"] for said in sent)
    assert len(text.encode()) < 256 * 1024
    assert text.startswith("1 file was rejected.\néé")
    assert text.splitlines()[-1] == "... the rest is cut, because the message was too long for SNS"
