import dataclasses
import datetime
import itertools

import pytest
from botocore.exceptions import ClientError

import clean_up
from common import dataset, keys, storage
from common.errors import StillCreating, Transient
from common.events import Run
from common.sagemaker import ATTEMPTS
from stocks.dataset.lease import Lease

RUN: Run = {"run_id": "us-0123456789ab", "dataset": "us", "shards": 1}
ARN = "arn:aws:states:us-east-1:123456789012:execution:stocks:e1"
EVENT = {"run": RUN, "execution_name": "e1", "execution_arn": ARN, "error": ""}
NAME = keys.resource_name("stocks", RUN, "e1")
HOSTING = ("Endpoint", "EndpointConfig", "Model")


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Time passes only by sleeping."""
    now = itertools.count()
    monkeypatch.setattr(clean_up.time, "monotonic", lambda: next(now))
    monkeypatch.setattr(clean_up.time, "sleep", lambda _: None)


@pytest.fixture
def clean(sagemaker, buckets, context):
    return lambda **more: clean_up.handler(EVENT | more, context)


def serve(sagemaker, *statuses, seconds=120):
    """A model and an endpoint of this age, which says the statuses in turn."""
    sagemaker.add("Model", NAME)
    sagemaker.add("EndpointConfig", NAME, seconds=seconds)
    sagemaker.add("Endpoint", NAME, *statuses, seconds=seconds)


def left(sagemaker):
    return [kind for kind in HOSTING if sagemaker.names(kind)]


def test_nothing_to_clean_up_is_fine(clean):
    assert clean() == {"endpoint_seconds": 0.0, "published": False}


def test_sagemakers_other_word_for_a_missing_job_is_fine(sagemaker, clean):
    sagemaker.refuse("DescribeTrainingJob", "Requested resource not found.", "ResourceNotFound")
    assert clean() == {"endpoint_seconds": 0.0, "published": False}


def test_a_run_whose_row_stands_is_said_to_be_published(clean):
    storage.put("lake", keys.lake("runs", RUN | {"run_id": "us-of-another-run"}, keys.part(0)), b"row")
    storage.put("lake", keys.lake("metrics", RUN, keys.part(0)), b"rows")
    assert clean()["published"] is False
    storage.put("lake", keys.lake("runs", RUN, keys.part(0)), b"row")
    assert clean()["published"] is True


def test_everything_is_deleted_and_the_endpoints_time_reported(sagemaker, clean):
    sagemaker.add("TrainingJob", NAME, "Completed")
    sagemaker.deleting = ["Deleting", "Deleting", ""]
    serve(sagemaker, "InService")
    assert clean()["endpoint_seconds"] == pytest.approx(120, abs=60)
    assert left(sagemaker) == []


def test_every_attempt_goes_and_the_last_one_alone_was_paid(sagemaker, clean):
    names = [keys.resource_name("stocks", RUN, "e1", attempt) for attempt in range(ATTEMPTS)]
    assert len(set(names)) == ATTEMPTS
    for name, status, seconds in zip(
        names, ["Failed"] * (ATTEMPTS - 1) + ["InService"], (900, 600, 300, 50), strict=True
    ):
        sagemaker.add("TrainingJob", name, "Failed" if status == "Failed" else "InProgress")
        sagemaker.add("Model", name)
        sagemaker.add("EndpointConfig", name, seconds=seconds)
        sagemaker.add("Endpoint", name, status, seconds=seconds)
    assert clean()["endpoint_seconds"] == pytest.approx(50, abs=40)
    assert left(sagemaker) == []
    assert sagemaker.status("TrainingJob", names[-1]) in ("Stopping", "Stopped")


def test_what_belongs_to_another_execution_stays(sagemaker, clean):
    others = keys.resource_name("stocks", RUN, "e2")
    for kind in HOSTING:
        sagemaker.add(kind, others, *(["InService"] if kind == "Endpoint" else []))
    sagemaker.add("TrainingJob", others, "InProgress")
    serve(sagemaker, "InService")
    clean()
    assert [sagemaker.names(kind) for kind in HOSTING] == [[others]] * 3
    assert sagemaker.status("TrainingJob", others) == "InProgress"


@pytest.mark.parametrize("status", ["Failed", "OutOfService", "UpdateRollbackFailed"])
def test_an_endpoint_that_failed_is_deleted_too(sagemaker, clean, status):
    serve(sagemaker, status)
    clean()
    assert left(sagemaker) == []


@pytest.mark.parametrize("status", ["Creating", "Updating", "SystemUpdating", "RollingBack"])
def test_the_job_is_stopped_before_an_endpoint_that_cannot_be_deleted_is_left_for_later(sagemaker, clean, status):
    sagemaker.add("TrainingJob", NAME, "InProgress")
    serve(sagemaker, status)
    with pytest.raises(StillCreating, match=f"{NAME} is {status}"):
        clean()
    assert sagemaker.status("TrainingJob", NAME) == "Stopping"
    assert sagemaker.status("Endpoint", NAME) == status
    assert "DeleteEndpoint" not in sagemaker.calls
    assert left(sagemaker) == [*HOSTING]


def test_an_endpoint_that_began_to_change_since_we_looked_is_left_for_later(sagemaker, clean):
    serve(sagemaker, "InService", "InService", "Updating")
    with pytest.raises(StillCreating, match=f"{NAME} is being changed"):
        clean()
    assert "DeleteEndpoint" in sagemaker.calls
    assert left(sagemaker) == [*HOSTING]


def test_an_endpoint_that_is_slow_to_go_keeps_its_config_and_so_its_time(sagemaker, clean, monkeypatch):
    monkeypatch.setattr(clean_up, "PATIENCE_SECONDS", 1.5)
    serve(sagemaker, "Deleting")
    with pytest.raises(StillCreating, match="Deleting"):
        clean()
    assert left(sagemaker) == [*HOSTING]
    assert "DeleteEndpoint" not in sagemaker.calls


def test_a_retry_after_the_endpoint_went_still_knows_its_time(sagemaker, clean):
    sagemaker.add("Model", NAME)
    sagemaker.add("EndpointConfig", NAME, seconds=300)
    assert clean()["endpoint_seconds"] == pytest.approx(300, abs=60)
    assert left(sagemaker) == []


@pytest.mark.parametrize("status", ["Completed", "Failed", "Stopped"])
def test_a_job_that_has_ended_is_left_alone(sagemaker, clean, status):
    sagemaker.add("TrainingJob", NAME, status)
    clean()
    assert "StopTrainingJob" not in sagemaker.calls


def test_a_job_that_ended_since_we_looked_is_fine(sagemaker, clean):
    sagemaker.add("TrainingJob", NAME, "InProgress", "Completed")
    clean()
    assert "StopTrainingJob" in sagemaker.calls
    assert sagemaker.status("TrainingJob", NAME) == "Completed"


def test_a_running_job_is_stopped_and_waited_for(sagemaker, clean):
    sagemaker.add("TrainingJob", NAME, "InProgress")
    sagemaker.stopping = ["Stopping", "Stopping", "Stopped"]
    clean()
    assert sagemaker.status("TrainingJob", NAME) == "Stopped"


def test_a_job_that_is_ending_is_waited_for(sagemaker, clean):
    sagemaker.add("TrainingJob", NAME, "Stopping", "Stopping", "Stopped")
    clean()
    assert sagemaker.calls.count("DescribeTrainingJob") == 2 + ATTEMPTS  # Stopping, Stopped, and no other attempt
    assert "StopTrainingJob" not in sagemaker.calls


def test_a_job_that_is_slow_to_end_is_left_for_a_retry(sagemaker, clean, monkeypatch):
    monkeypatch.setattr(clean_up, "PATIENCE_SECONDS", 0)
    sagemaker.add("TrainingJob", NAME, "Stopping")
    sagemaker.add("Model", NAME)
    with pytest.raises(StillCreating, match="is Stopping"):
        clean()
    assert left(sagemaker) == []


def test_a_transform_job_is_stopped_and_waited_for_and_its_time_reported(sagemaker, clean):
    now = datetime.datetime.now(datetime.UTC)
    begun = now - datetime.timedelta(seconds=100)
    sagemaker.add("Model", NAME)
    sagemaker.add("TransformJob", NAME, "InProgress", seconds=400, TransformStartTime=begun)
    sagemaker.stopping = ["Stopping", "Stopping", "Stopped"]
    assert clean()["endpoint_seconds"] == pytest.approx(100, abs=60)
    assert sagemaker.status("TransformJob", NAME) == "Stopped"
    assert left(sagemaker) == []


def test_of_a_transform_job_that_has_ended_the_time_is_that_which_is_billed(sagemaker, clean):
    now = datetime.datetime.now(datetime.UTC)
    times = {
        "TransformStartTime": now - datetime.timedelta(hours=3),
        "TransformEndTime": now - datetime.timedelta(hours=2),
    }
    sagemaker.add("TransformJob", NAME, "Completed", seconds=4 * 3600, **times)
    assert clean()["endpoint_seconds"] == pytest.approx(3600, abs=1)
    assert "StopTransformJob" not in sagemaker.calls


def test_a_transform_job_for_which_there_was_no_instance_costs_nothing(sagemaker, clean):
    sagemaker.add("TransformJob", NAME, "Failed", seconds=400)
    assert clean()["endpoint_seconds"] == 0.0


def test_a_transform_job_that_ended_since_we_looked_is_fine(sagemaker, clean):
    sagemaker.add("TransformJob", NAME, "InProgress", "Completed")
    clean()
    assert "StopTransformJob" in sagemaker.calls
    assert sagemaker.status("TransformJob", NAME) == "Completed"


def test_a_transform_job_that_is_slow_to_end_is_left_for_a_retry(sagemaker, clean, monkeypatch):
    monkeypatch.setattr(clean_up, "PATIENCE_SECONDS", 0)
    sagemaker.add("TransformJob", NAME, "Stopping")
    with pytest.raises(StillCreating, match=f"transform job {NAME} is Stopping"):
        clean()


def test_the_transform_job_of_another_execution_goes_on(sagemaker, clean):
    others = keys.resource_name("stocks", RUN, "e2")
    sagemaker.add("TransformJob", others, "InProgress")
    clean()
    assert sagemaker.status("TransformJob", others) == "InProgress"


def test_a_refusal_that_is_not_absence_is_not_swallowed(sagemaker, clean):
    sagemaker.refuse("DescribeTrainingJob", "not authorized", "AccessDeniedException")
    with pytest.raises(ClientError, match="not authorized"):
        clean()


HELD = Lease(term=3, holder=ARN, taken=datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC), planned="seen", failures=1)


def hold(held: Lease) -> None:
    storage.put("lake", keys.lease("us"), held.to_json())


def test_an_execution_that_ends_badly_loses_its_lease_and_counts_as_a_failure(clean):
    hold(HELD)
    clean(error="ModelFailed")
    freed = dataset.lease("us").lease
    assert freed.failed is not None
    assert abs(datetime.datetime.now(datetime.UTC) - freed.failed) < datetime.timedelta(minutes=5)
    assert freed == dataclasses.replace(HELD, holder="", failures=2, error="ModelFailed", failed=freed.failed)


def test_an_execution_that_goes_on_keeps_its_lease(clean):
    hold(HELD)
    clean()
    assert dataset.lease("us").lease == HELD


def test_the_lease_of_another_execution_stays(clean):
    other = dataclasses.replace(HELD, holder=f"{ARN}2")
    hold(other)
    clean(error="Aborted")
    assert dataset.lease("us").lease == other


def test_without_a_lease_there_is_none_to_free(clean):
    clean(error="RejectedFile")
    assert dataset.lease("us").etag == ""


def test_the_lease_is_freed_last_so_that_no_other_run_meets_what_still_goes(sagemaker, clean):
    hold(HELD)
    serve(sagemaker, "Creating")
    with pytest.raises(StillCreating):
        clean(error="Aborted")
    assert dataset.lease("us").lease == HELD


def test_a_lease_that_changes_meanwhile_is_read_again_and_not_for_ever(clean, monkeypatch):
    hold(HELD)
    write, tries = dataset.write_lease, []

    def late(*arguments):
        tries.append(arguments)
        return len(tries) > 1 and write(*arguments)

    monkeypatch.setattr(dataset, "write_lease", late)
    clean(error="Aborted")
    assert (dataset.lease("us").lease.holder, len(tries)) == ("", 2)
    hold(HELD)
    monkeypatch.setattr(dataset, "write_lease", lambda *_: False)
    with pytest.raises(Transient, match="the lease of us keeps changing"):
        clean(error="Aborted")


def test_what_create_endpoint_made_goes(sagemaker, clean, context):
    import create_endpoint

    create_endpoint.handler(EVENT | {"attempt": 0, "model_uri": "s3://lake/model.tar.gz"}, context)
    assert left(sagemaker) == [*HOSTING]
    with pytest.raises(StillCreating, match="is Creating"):
        clean()
    sagemaker.add("Endpoint", NAME, "InService")
    clean()
    assert left(sagemaker) == []
