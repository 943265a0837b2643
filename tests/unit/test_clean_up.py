import datetime
import itertools

import boto3
import pytest

import clean_up
from common import keys, storage
from common.errors import StillCreating
from common.events import Run

RUN: Run = {"run_id": "us-0123456789ab", "dataset": "us", "shards": 1}
EVENT = {"run": RUN, "execution_name": "e1"}
NAME = keys.resource_name("stocks", RUN, "e1")
GONE = "ValidationException", 'Could not find "arn:aws:sagemaker:us-east-1:123456789012:x".'


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Time passes only by sleeping."""
    now = itertools.count()
    monkeypatch.setattr(clean_up.time, "monotonic", lambda: next(now))
    monkeypatch.setattr(clean_up.time, "sleep", lambda _: None)


@pytest.fixture
def sagemaker(stub, buckets):
    return stub("sagemaker")


def job(sagemaker, status):
    answer = {
        "TrainingJobName": NAME,
        "TrainingJobArn": f"arn:aws:sagemaker:us-east-1:123456789012:training-job/{NAME}",
        "ModelArtifacts": {"S3ModelArtifacts": ""},
        "TrainingJobStatus": status,
        "SecondaryStatus": status,
        "ResourceConfig": {"VolumeSizeInGB": 30},
        "StoppingCondition": {},
        "CreationTime": datetime.datetime.now(datetime.UTC),
    }
    sagemaker.add_response("describe_training_job", answer, {"TrainingJobName": NAME})


def endpoint(sagemaker, status, age=120):
    created = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=age)
    answer = {
        "EndpointName": NAME,
        "EndpointArn": f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{NAME}",
        "EndpointStatus": status,
        "CreationTime": created,
        "LastModifiedTime": created,
    }
    sagemaker.add_response("describe_endpoint", answer, {"EndpointName": NAME})


def config(sagemaker, age):
    answer = {
        "EndpointConfigName": NAME,
        "EndpointConfigArn": f"arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/{NAME}",
        "ProductionVariants": [{"VariantName": "all"}],
        "CreationTime": datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=age),
    }
    sagemaker.add_response("describe_endpoint_config", answer, {"EndpointConfigName": NAME})


def gone(sagemaker, *calls):
    for call in calls:
        sagemaker.add_client_error(call, *GONE)


def deletes(sagemaker, *calls):
    for call in calls:
        sagemaker.add_response(call, {})


def test_nothing_to_clean_up_is_fine(sagemaker, context):
    gone(sagemaker, "describe_training_job", "describe_endpoint", "describe_endpoint_config", "describe_endpoint")
    gone(sagemaker, "delete_endpoint_config", "delete_model")
    assert clean_up.handler(EVENT, context) == {"endpoint_seconds": 0.0, "published": False}


def test_sagemakers_other_word_for_a_missing_job_is_fine(sagemaker, context):
    sagemaker.add_client_error("describe_training_job", "ResourceNotFound", "Requested resource not found.")
    gone(sagemaker, "describe_endpoint", "describe_endpoint_config", "describe_endpoint")
    gone(sagemaker, "delete_endpoint_config", "delete_model")
    assert clean_up.handler(EVENT, context) == {"endpoint_seconds": 0.0, "published": False}


def test_a_run_whose_row_stands_is_said_to_be_published(sagemaker, context):
    gone(sagemaker, "describe_training_job", "describe_endpoint", "describe_endpoint_config", "describe_endpoint")
    gone(sagemaker, "delete_endpoint_config", "delete_model")
    storage.put("lake", keys.lake("runs", RUN | {"run_id": "us-of-another-run"}, keys.part(0)), b"row")
    storage.put("lake", keys.lake("metrics", RUN, keys.part(0)), b"rows")
    assert clean_up.attempts.is_published(clean_up.settings(), RUN) is False
    storage.put("lake", keys.lake("runs", RUN, keys.part(0)), b"row")
    assert clean_up.handler(EVENT, context)["published"] is True


def test_everything_is_deleted_and_the_endpoints_time_reported(sagemaker, context):
    job(sagemaker, "Completed")
    endpoint(sagemaker, "InService")
    endpoint(sagemaker, "InService")
    deletes(sagemaker, "delete_endpoint")
    endpoint(sagemaker, "Deleting")
    endpoint(sagemaker, "Deleting")
    gone(sagemaker, "describe_endpoint")
    deletes(sagemaker, "delete_endpoint_config", "delete_model")
    assert clean_up.handler(EVENT, context)["endpoint_seconds"] == pytest.approx(120, abs=60)


@pytest.mark.parametrize("status", ["Failed", "OutOfService", "UpdateRollbackFailed"])
def test_an_endpoint_that_failed_is_deleted_too(sagemaker, context, status):
    gone(sagemaker, "describe_training_job")
    endpoint(sagemaker, status)
    endpoint(sagemaker, status)
    deletes(sagemaker, "delete_endpoint")
    gone(sagemaker, "describe_endpoint")
    deletes(sagemaker, "delete_endpoint_config", "delete_model")
    clean_up.handler(EVENT, context)


@pytest.mark.parametrize("status", ["Creating", "Updating", "SystemUpdating", "RollingBack"])
def test_the_job_is_stopped_before_an_endpoint_that_cannot_be_deleted_is_left_for_later(sagemaker, context, status):
    job(sagemaker, "InProgress")
    sagemaker.add_response("stop_training_job", {}, {"TrainingJobName": NAME})
    endpoint(sagemaker, status)
    endpoint(sagemaker, status)
    with pytest.raises(StillCreating, match=f"{NAME} is {status}"):
        clean_up.handler(EVENT, context)


def test_an_endpoint_that_began_to_change_since_we_looked_is_left_for_later(sagemaker, context):
    gone(sagemaker, "describe_training_job")
    endpoint(sagemaker, "InService")
    endpoint(sagemaker, "InService")
    sagemaker.add_client_error("delete_endpoint", "ValidationException", 'Cannot update in-progress endpoint "arn".')
    with pytest.raises(StillCreating):
        clean_up.handler(EVENT, context)


def test_an_endpoint_that_is_slow_to_go_keeps_its_config_and_so_its_time(sagemaker, context, monkeypatch):
    monkeypatch.setattr(clean_up, "PATIENCE_SECONDS", 1.5)
    gone(sagemaker, "describe_training_job")
    endpoint(sagemaker, "Deleting")
    endpoint(sagemaker, "Deleting")
    endpoint(sagemaker, "Deleting")
    with pytest.raises(StillCreating, match="Deleting"):
        clean_up.handler(EVENT, context)


def test_a_retry_after_the_endpoint_went_still_knows_its_time(sagemaker, context):
    gone(sagemaker, "describe_training_job", "describe_endpoint")
    config(sagemaker, age=300)
    gone(sagemaker, "describe_endpoint")
    deletes(sagemaker, "delete_endpoint_config", "delete_model")
    assert clean_up.handler(EVENT, context)["endpoint_seconds"] == pytest.approx(300, abs=60)


@pytest.mark.parametrize("status", ["Completed", "Failed", "Stopped"])
def test_a_job_that_has_ended_is_left_alone(sagemaker, context, status):
    job(sagemaker, status)
    gone(sagemaker, "describe_endpoint", "describe_endpoint_config", "describe_endpoint")
    gone(sagemaker, "delete_endpoint_config", "delete_model")
    clean_up.handler(EVENT, context)


def test_a_job_that_ended_since_we_looked_is_fine(sagemaker, context):
    job(sagemaker, "InProgress")
    sagemaker.add_client_error("stop_training_job", "ValidationException", "The training job is in status Completed.")
    gone(sagemaker, "describe_endpoint", "describe_endpoint_config", "describe_endpoint")
    gone(sagemaker, "delete_endpoint_config", "delete_model")
    job(sagemaker, "Completed")
    clean_up.handler(EVENT, context)


def test_a_job_that_is_ending_is_waited_for(sagemaker, context):
    job(sagemaker, "Stopping")
    gone(sagemaker, "describe_endpoint", "describe_endpoint_config", "describe_endpoint")
    gone(sagemaker, "delete_endpoint_config", "delete_model")
    job(sagemaker, "Stopping")
    job(sagemaker, "Stopped")
    clean_up.handler(EVENT, context)
    sagemaker.assert_no_pending_responses()


def test_a_job_that_is_slow_to_end_is_left_for_a_retry(sagemaker, context, monkeypatch):
    monkeypatch.setattr(clean_up, "PATIENCE_SECONDS", 0)
    job(sagemaker, "Stopping")
    gone(sagemaker, "describe_endpoint", "describe_endpoint_config", "describe_endpoint")
    gone(sagemaker, "delete_endpoint_config", "delete_model")
    job(sagemaker, "Stopping")
    with pytest.raises(StillCreating, match="is Stopping"):
        clean_up.handler(EVENT, context)


def test_a_refusal_that_is_not_absence_is_not_swallowed(sagemaker, context):
    sagemaker.add_client_error("describe_training_job", "AccessDeniedException", "not authorized")
    with pytest.raises(sagemaker.client.exceptions.ClientError, match="not authorized"):
        clean_up.handler(EVENT, context)


def test_nothing_is_left_in_sagemaker(buckets, context):
    import create_endpoint

    create_endpoint.handler(EVENT | {"model_uri": "s3://lake/model.tar.gz"}, context)
    clean_up.handler(EVENT, context)
    sagemaker = boto3.client("sagemaker")
    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
    assert sagemaker.list_models()["Models"] == []
