"""Resume on S3 and Step Functions in memory: what is started, once, and what is told."""

import datetime
import json

import boto3
import pytest

import resume
from common import dataset, keys, messages, rejections
from stocks.dataset.lease import Lease
from stocks.dataset.uploads import Upload, Verdict
from tests.support.lambda_environment import CONTEXT, ENVIRONMENT

ROLE = "arn:aws:iam::123456789012:role/machine"
MACHINE = ENVIRONMENT["STATE_MACHINE_ARN"]


@pytest.fixture
def cloud(buckets):
    """The buckets, a machine and a topic."""
    buckets.put_bucket_versioning(Bucket="incoming", VersioningConfiguration={"Status": "Enabled"})
    definition = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
    boto3.client("stepfunctions").create_state_machine(name="stocks", definition=definition, roleArn=ROLE)
    boto3.client("sns").create_topic(Name="runs")
    return buckets


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def drop(s3, key: str, body: str = "date,close\n") -> Upload:
    version = s3.put_object(Bucket="incoming", Key=key, Body=body)["VersionId"]
    modified = s3.head_object(Bucket="incoming", Key=key, VersionId=version)["LastModified"]
    return Upload("incoming", key, version, modified)


def judge(s3, upload: Upload) -> None:
    verdict = Verdict(upload, "arn:one", "", accepted=True, folder="history/x/", rows=5)
    s3.put_object(Bucket="lake", Key=keys.verdict(upload.dataset, upload.id), Body=verdict.to_json())


def started() -> dict[str, dict]:
    """The input of every execution by its name."""
    states = boto3.client("stepfunctions")
    listed = states.list_executions(stateMachineArn=MACHINE)["executions"]
    return {
        one["name"]: json.loads(states.describe_execution(executionArn=one["executionArn"])["input"]) for one in listed
    }


def resumed() -> list[str]:
    return resume.handler({}, CONTEXT)["started"]


def test_what_was_rejected_is_told_of_a_dataset_and_of_files_in_a_wrong_place(cloud, monkeypatch):
    told: list[str] = []
    monkeypatch.setattr(messages, "publish", lambda _, subject, text: told.append(subject))
    judge(cloud, drop(cloud, "incoming/us/a.csv"))
    for name, key in (("us", "incoming/us/b.csv"), (rejections.MISPLACED, "incoming/c.csv")):
        rejections.keep(name, {"bucket": "incoming", "key": key, "version_id": "1"}, "it is bad")
    resumed()
    resumed()
    assert told == ["Files rejected: us (1)", "Files rejected: in a wrong place (1)"]


def test_a_judged_upload_without_a_leader_is_started_once(cloud):
    judge(cloud, drop(cloud, "incoming/us/a.csv"))
    (name,) = resumed()
    assert started()[name]["detail"]["object"] == {"key": "incoming/us/"}
    assert dataset.lease("us").lease.tries == 1
    assert resumed() == []  # the next start is fifteen minutes away
    assert list(started()) == [name]


def test_both_spellings_of_a_folder_are_one_dataset(cloud):
    judge(cloud, drop(cloud, "incoming/US/a.csv"))
    judge(cloud, drop(cloud, "incoming/us/b.csv"))
    assert len(resumed()) == 1


def test_the_verdicts_of_a_dataset_that_has_no_run_are_not_read(cloud, monkeypatch):
    """It may have thousands, all rejected."""
    judge(cloud, drop(cloud, "incoming/us/a.csv"))
    monkeypatch.setattr(dataset, "verdicts", lambda *_: pytest.fail("verdicts are read"))
    assert len(resumed()) == 1


def test_a_dataset_that_rests_is_left_alone(cloud):
    judge(cloud, drop(cloud, "incoming/us/a.csv"))
    rests = Lease(term=1, settled=dataset.seen("us"), taken=now())
    assert dataset.write_lease("us", rests, "")
    assert resumed() == []


def test_what_only_a_person_mends_is_not_started(cloud):
    judge(cloud, drop(cloud, "incoming/us/a.csv"))
    stuck = Lease(term=1, planned=dataset.seen("us"), taken=now(), failures=1, error="RejectedSettings", failed=now())
    assert dataset.write_lease("us", stuck, "")
    assert resumed() == []
    judge(cloud, drop(cloud, "incoming/us/b.csv"))
    assert len(resumed()) == 1


def test_a_leader_that_is_gone_is_counted_and_a_young_one_is_not_asked_about(cloud):
    judge(cloud, drop(cloud, "incoming/us/a.csv"))
    holder = MACHINE.replace("stateMachine", "execution") + ":gone"
    young = Lease(term=1, holder=holder, taken=now())
    assert dataset.write_lease("us", young, "")
    assert resumed() == []
    assert dataset.lease("us").lease.holder == holder
    held = dataset.lease("us")
    assert dataset.write_lease(
        "us", Lease(term=1, holder=holder, taken=now() - datetime.timedelta(minutes=11)), held.etag
    )
    assert resumed() == []
    freed = dataset.lease("us").lease
    assert (freed.holder, freed.failures, freed.error) == ("", 1, "Unknown")


def test_after_three_starts_in_vain_one_message_is_sent(cloud, monkeypatch):
    told = []
    monkeypatch.setattr(resume.messages, "publish", lambda *said: told.append(said))
    judge(cloud, drop(cloud, "incoming/us/a.csv"))
    long_ago = now() - datetime.timedelta(days=1)
    tried = Lease(term=3, planned=dataset.seen("us"), failures=3, error="ModelFailed", failed=long_ago,
                  tried=dataset.seen("us"), tries=3, tried_at=long_ago)  # fmt: skip
    assert dataset.write_lease("us", tried, "")
    assert resumed() == []
    assert resumed() == []
    ((_, subject, message),) = told
    assert subject == "Forecasts do not get on: us"
    assert "ModelFailed" in message


def test_an_upload_whose_event_was_lost_is_delivered(cloud, monkeypatch):
    upload = drop(cloud, "incoming/us/late.csv", "date,close\n2024-01-02,5\n")
    assert resumed() == []  # its event may still come
    old = dict.fromkeys(("modified",), now() - datetime.timedelta(hours=3))
    listed = Upload(upload.bucket, upload.key, upload.version_id, **old)
    monkeypatch.setattr(dataset, "uploads", lambda _: (listed,))
    (name,) = resumed()
    assert started()[name]["detail"] == {
        "bucket": {"name": "incoming"},
        "object": {"key": "incoming/us/late.csv", "version-id": upload.version_id},
    }
    resumed()
    assert len(started()) == 1


def test_one_broken_dataset_does_not_keep_another_from_being_resumed(cloud):
    judge(cloud, drop(cloud, "incoming/us/a.csv"))
    cloud.put_object(Bucket="lake", Key="leads/eu.json", Body="{")
    with pytest.raises(resume.NotResumed, match=r"^eu: "):
        resumed()
    assert len(started()) == 1


def daily(s3, last: datetime.datetime, many: int = 40) -> None:
    """Verdicts of an upload on each of so many weekdays up to a day."""
    days = [last - datetime.timedelta(days=back) for back in range(2 * many)]
    for at in [day for day in days if day.weekday() < 5][:many]:
        judge(s3, Upload("incoming", f"incoming/us/{at:%Y%m%d}.csv", "v", at))


def test_daily_files_that_stopped_are_told_once_and_counted_every_time(cloud, monkeypatch):
    told, counted = [], []
    monkeypatch.setattr(resume.messages, "publish", lambda topic, subject, text: told.append((subject, text)))
    monkeypatch.setattr(resume.telemetry.metrics, "add_metric", lambda name, unit, value: counted.append((name, value)))
    last = (now() - datetime.timedelta(days=8)).replace(hour=12)  # an hour later is the same day
    last -= datetime.timedelta(days=max(last.weekday() - 4, 0))  # a weekday
    daily(cloud, last)
    judge(cloud, drop(cloud, "incoming/once/a.csv"))
    held = dataset.lease("us")
    dataset.write_lease("us", Lease(term=1, settled=dataset.seen("us"), taken=now()), held.etag)
    dataset.write_lease("once", Lease(term=1, settled=dataset.seen("once"), taken=now()), "")
    for _ in range(2):
        resumed()
    ((subject, text),) = told
    assert subject == "No new files: us"
    assert f"the last one came at {last:%Y-%m-%d %H:%M} UTC" in text
    assert [value for name, value in counted if name == "SilentDatasets"] == [1, 1]
    monkeypatch.setenv("FRESHNESS_DAYS", "0")
    resumed()
    assert [value for name, value in counted if name == "SilentDatasets"] == [1, 1]
    monkeypatch.setenv("FRESHNESS_DAYS", "4")
    daily(cloud, last + datetime.timedelta(hours=1), 1)  # files came again, and stopped again
    resumed()
    assert len(told) == 2


def test_a_message_that_cannot_be_sent_hides_no_dataset_that_failed(cloud, monkeypatch):
    def refuse(name):
        raise RuntimeError("SNS is away" if name == "_misplaced" else "no lease")

    judge(cloud, drop(cloud, "incoming/us/a.csv"))
    monkeypatch.setattr(resume.rejections, "tell", refuse)
    with pytest.raises(resume.NotResumed, match="us: no lease; files in a wrong place: SNS is away"):
        resumed()
