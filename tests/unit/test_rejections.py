"""One message an hour and dataset on rejected files, in S3 in memory."""

import datetime
import json

import boto3
import pytest

from common import keys, messages, rejections


@pytest.fixture
def told(buckets, monkeypatch):
    """Subject and text of every message that is sent."""
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(messages, "publish", lambda _, subject, text: sent.append((subject, text)))
    return sent


def source(number: int) -> dict:
    return {"bucket": "incoming", "key": f"incoming/us/{number}.csv", "version_id": f"v{number}"}


def an_hour_passes(dataset: str = "us") -> None:
    then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=61)
    boto3.client("s3").put_object(Bucket="lake", Key=keys.told(dataset), Body=json.dumps({"at": then.isoformat()}))


def notes() -> int:
    return boto3.client("s3").list_objects_v2(Bucket="lake", Prefix="untold/")["KeyCount"]


def test_the_first_of_an_hour_is_told_at_once_and_by_one_only(told):
    assert rejections.is_due("us")
    assert not rejections.is_due("us")
    assert rejections.is_due("eu")
    an_hour_passes()
    assert rejections.is_due("us")


def test_the_others_are_told_together_once_the_hour_is_over(told):
    assert rejections.is_due("us")
    for number in range(25):
        rejections.keep("us", source(number), f"reason {number}")
    assert rejections.tell("us") == 0
    assert not told
    an_hour_passes()
    assert rejections.tell("us") == 25
    ((subject, text),) = told
    assert subject == "Files rejected: us (25)"
    assert "25 more files were rejected" in text
    assert text.count("reason ") == rejections.SHOWN
    assert "and 5 more" in text
    assert notes() == 0
    an_hour_passes()
    assert rejections.tell("us") == 0


def test_the_same_file_waits_once(told):
    for _ in range(3):
        rejections.keep("us", source(1), "the same")
    an_hour_passes()
    assert rejections.tell("us") == 1
    assert "1 more file was rejected" in told[0][1]


def test_notes_stay_until_the_message_is_sent(told, monkeypatch):
    rejections.keep("us", source(1), "lost?")

    def out_of_reach(*_):
        raise ConnectionError

    monkeypatch.setattr(messages, "publish", out_of_reach)
    with pytest.raises(ConnectionError):
        rejections.tell("us")
    assert notes() == 1
