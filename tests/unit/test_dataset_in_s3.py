"""common/dataset.py: what S3 knows of a dataset, read and written on conditions."""

import dataclasses
import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from common import dataset, keys, storage
from common.errors import RejectedSettings, Transient
from stocks import schemas
from stocks.dataset import plan
from stocks.dataset.lease import Asked, Lease
from stocks.dataset.settings import Settings, WrongSettings
from tests.support import folding, memory_s3
from tests.support.plans import EXECUTION, NOON, OURS, draw, published, put_verdict, run_of, upload_rows
from tests.unit.test_schemas import RUN as ROW

SECOND = datetime.timedelta(seconds=1)


@pytest.fixture(params=["in memory", "moto"])
def cloud(request):
    """The buckets, in memory and as moto answers for AWS: what the tests of steps take for S3 is no other."""
    if request.param == "in memory":
        return request.getfixturevalue("s3")
    buckets = request.getfixturevalue("buckets")
    buckets.put_bucket_versioning(Bucket="incoming", VersioningConfiguration={"Status": "Enabled"})
    return buckets


def drop(cloud, key: str, body: bytes = b"{}") -> str:
    return cloud.put_object(Bucket="incoming", Key=key, Body=body)["VersionId"]


def verdict(name: str = "a.csv", second: int = 0):
    return put_verdict(upload_rows(A=folding.walked(1, 5).file(0, 5)), name, second)


def test_a_dataset_without_a_lease_has_a_free_one_and_the_clock_of_s3(cloud):
    held, etag, now = dataset.lease("us")
    assert (held, etag) == (Lease(), "")
    assert now.tzinfo is not None
    expected = cloud.now if isinstance(cloud, memory_s3.S3) else datetime.datetime.now(datetime.UTC)
    assert abs(now - expected) < datetime.timedelta(minutes=1)


def test_of_two_first_leases_one_is_written(cloud):
    first, second = Lease(term=1, holder="a"), Lease(term=1, holder="b")
    assert dataset.write_lease("us", first, "")
    assert not dataset.write_lease("us", second, "")
    assert dataset.lease("us").lease == first


def test_a_lease_is_written_in_place_of_the_one_that_was_read_only(cloud):
    assert dataset.write_lease("us", Lease(term=1), "")
    read = dataset.lease("us")
    assert dataset.write_lease("us", Lease(term=2), read.etag)
    assert not dataset.write_lease("us", Lease(term=3), read.etag)
    assert dataset.lease("us").lease == Lease(term=2)


def test_a_lease_that_is_gone_is_not_written_by_its_etag(cloud):
    assert dataset.write_lease("us", Lease(term=1), "")
    read = dataset.lease("us")
    cloud.delete_object(Bucket="lake", Key=keys.lease("us"))
    assert not dataset.write_lease("us", Lease(term=2), read.etag)


@pytest.mark.parametrize(("code", "error"), [("ConditionalRequestConflict", Transient), ("AccessDenied", ClientError)])
def test_what_is_no_failed_condition_is_an_error(s3, monkeypatch, code, error):
    def refuse(**_):
        raise ClientError({"Error": {"Code": code}}, "PutObject")

    monkeypatch.setattr(s3, "put_object", refuse)
    with pytest.raises(error):
        dataset.write_lease("us", Lease(), "")


def test_an_object_whose_key_begins_alike_is_not_found(cloud):
    storage.put("lake", "leads/us.json.bak", Lease(term=9).to_json())
    storage.put("lake", "leads/us-tech.json", Lease(term=9).to_json())
    assert dataset.lease("us").lease == Lease()


@pytest.mark.parametrize(
    ("answer", "asked"),
    [
        ({"status": "RUNNING"}, Asked(OURS, "RUNNING")),
        ({"status": "FAILED", "error": "ModelFailed"}, Asked(OURS, "FAILED", "ModelFailed")),
        ({"status": "ABORTED"}, Asked(OURS, "ABORTED")),
    ],
)
def test_step_functions_says_what_became_of_a_holder(stub, answer, asked):
    known = {"executionArn": OURS, "stateMachineArn": OURS, "startDate": NOON}
    stub("stepfunctions").add_response("describe_execution", known | answer, {"executionArn": OURS})
    assert dataset.ask(OURS) == asked


def test_an_execution_that_aws_has_forgotten_has_no_status(stub):
    stub("stepfunctions").add_client_error("describe_execution", "ExecutionDoesNotExist")
    assert dataset.ask(OURS) == Asked(OURS, "")


def test_an_error_of_step_functions_is_no_answer(stub):
    stub("stepfunctions").add_client_error("describe_execution", "AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        dataset.ask(OURS)


def test_verdicts_are_read_by_name_in_the_order_that_is_asked_for(cloud):
    first, second = verdict(), verdict("b.csv", 1)
    put_verdict(upload_rows(), "c.csv", 2)
    storage.put("lake", "verdicts/dataset=us-tech/x.json", "{}")
    ids = dataset.verdict_ids("us")
    assert [name[:16] for name in ids] == ["20261124T120000Z", "20261124T120001Z", "20261124T120002Z"]
    assert dataset.verdicts("us", [second.upload.id, first.upload.id]) == (second, first)
    assert dataset.verdict("us", first.upload.id) == first
    assert dataset.verdict("us", "20261124T120000Z-000000000000") is None
    assert dataset.verdicts("us", []) == ()


def test_seen_changes_with_every_verdict_and_with_the_settings(cloud):
    found = [dataset.seen("us")]
    verdict()
    found.append(dataset.seen("us"))
    drop(cloud, "incoming/us/settings.json")
    found.append(dataset.seen("us"))
    drop(cloud, "incoming/us/settings.json", b"{ wrong")
    found.append(dataset.seen("us"))
    assert len(set(found)) == 4
    assert dataset.seen("us") == found[-1] != dataset.seen("other")


def test_a_plan_stands_once_it_is_written(cloud):
    run = run_of()
    assert dataset.plan(run) is None
    first = draw(verdict())
    cloud.delete_object(Bucket="lake", Key=keys.lake("plans", run, "plan.json"))
    second = dataclasses.replace(first, term=9)
    assert dataset.write_plan(run, first) == first
    assert dataset.write_plan(run, second) == first
    assert dataset.plan(run) == dataset.planned(run) == first


def test_uploads_are_the_versions_of_the_files_in_every_spelling_of_the_folder(cloud):
    keys_of = ["incoming/US/a.csv", "incoming/US/a.csv", "incoming/us/b.csv"]
    versions = [drop(cloud, key, str(at).encode()) for at, key in enumerate(keys_of)]
    for other in ("US/settings.json", "us/", "us/old/c.csv", "us-tech/d.csv", "use/e.csv", "usd.csv"):
        drop(cloud, f"incoming/{other}")
    cloud.delete_object(Bucket="incoming", Key="incoming/us/b.csv")  # which leaves its version
    found = dataset.uploads(dataset.folders("us"))
    assert {(one.key, one.version_id) for one in found} == set(zip(keys_of, versions, strict=True))
    assert len(found) == 3
    for one in found:
        head = cloud.head_object(Bucket="incoming", Key=one.key, VersionId=one.version_id)
        assert one.modified == head["LastModified"]


def test_without_a_file_the_settings_are_the_stacks(cloud):
    assert dataset.settings(dataset.folders("us")) == Settings(0.2, 0.01)


@pytest.mark.parametrize(("older", "newer"), [("us", "US"), ("US", "us")])
def test_the_newest_settings_over_the_spellings_count(s3, older, newer):
    drop(s3, f"incoming/{older}/settings.json", b'{"mode": "replace"}')
    s3.now += SECOND
    drop(s3, f"incoming/{newer}/settings.json", b'{"test_fraction": 0.3}')
    s3.now += SECOND
    drop(s3, "incoming/us-tech/settings.json", b'{"test_fraction": 0.4}')
    found = dataset.usable_settings("us")
    assert (found.mode, found.test_fraction, found.bad_row_tolerance) == ("append", 0.3, 0.01)


def test_wrong_settings_are_an_answer_and_where_they_are_needed_an_error(cloud):
    drop(cloud, "incoming/us/settings.json", b'{"mode": 1, "x": 2}')
    found = dataset.settings(dataset.folders("us"))
    assert isinstance(found, WrongSettings)
    assert len(found.errors) == 2
    with pytest.raises(RejectedSettings, match=r"has 2 errors.* It is incoming/us/settings\.json\."):
        dataset.usable_settings("us")


def test_wrong_settings_are_named_by_the_spellings_that_the_folder_has(cloud):
    drop(cloud, "incoming/US/settings.json", b"{")
    with pytest.raises(RejectedSettings, match=r" It is incoming/US/settings\.json\.$"):
        dataset.usable_settings("us")
    drop(cloud, "incoming/us/a.csv", b"")
    with pytest.raises(RejectedSettings, match=r" It is incoming/US/settings\.json or incoming/us/settings\.json\.$"):
        dataset.usable_settings("us")


def test_deleted_settings_are_none(cloud):
    drop(cloud, "incoming/us/settings.json", b'{"test_fraction": 0.3}')
    cloud.delete_object(Bucket="incoming", Key="incoming/us/settings.json")
    assert dataset.usable_settings("us").test_fraction == 0.2


def test_a_run_is_published_once_its_row_stands(cloud):
    run = run_of()
    facts = plan.Run(run["run_id"], 1, NOON)
    assert not dataset.is_published(run)
    dataset.publish(run, facts)
    assert (dataset.runs("us"), dataset.is_published(run)) == ((), False)
    storage.put("lake", keys.lake("runs", run, keys.part(0)), b"row")
    assert (dataset.runs("us"), dataset.is_published(run)) == ((facts,), True)


def test_the_newest_published_runs_are_read_by_term_not_by_name(cloud):
    drawn = draw(verdict())
    terms = [10**at for at in range(6)] + [7, 8, 9, 11]
    for term in terms:
        run_id = plan.run_id("us", f"{EXECUTION}{term}")
        published(dataclasses.replace(drawn, run_id=run_id, term=term))
    unpublished = plan.Run(plan.run_id("us", f"{EXECUTION}zombie"), 10**7, NOON)
    dataset.publish({"run_id": unpublished.run_id, "dataset": "us"}, unpublished)
    found = dataset.runs("us")
    assert [run.term for run in found] == sorted(terms)[-dataset.RECENT_RUNS :]


def first_version(name: str, uploaded: datetime.datetime) -> None:
    row = ROW | {"source_key": [f"incoming/us/{name}"], "source_version": ["v7"], "uploaded": [uploaded]}
    run: Any = {"run_id": f"us-of-{name[:-4]}", "dataset": "us"}
    storage.put("lake", keys.lake("runs", run, keys.part(0)), schemas.to_parquet("runs", row))


def test_runs_of_the_first_version_are_known_by_their_rows(cloud):
    first_version("a.csv", NOON)
    first_version("b.csv", NOON + SECOND)
    found = dataset.runs("us")
    newest = plan.newest(found)
    assert newest is not None
    assert (newest.run_id, newest.term, newest.key, newest.version_id) == ("us-of-b", 0, "incoming/us/b.csv", "v7")
    assert newest.uploaded == NOON + SECOND
    assert len(found) == 2


def test_beside_a_run_of_this_version_those_of_the_first_do_not_count(cloud):
    first_version("a.csv", NOON)
    run = published(draw(verdict()))
    assert dataset.runs("us") == (run,)
