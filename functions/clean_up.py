"""Leave nothing of this run and execution in SageMaker: no running job of either kind, endpoint, its config or model.

Of an execution that ends badly, free the lease, too.

Deleting an endpoint and stopping a job take SageMaker a while, so the step waits for them, briefly here and for long
by the machine's retries of StillCreating. A retry knows nothing of the try before; the endpoint config stays until the
endpoint is gone, so that its creation time, seconds before the endpoint's, still tells for how long there has been one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from common import aws, clock, dataset, sagemaker, telemetry
from common.errors import StillCreating
from common.events import CleanUpEvent, CleanUpResult, LambdaContext
from stocks.dataset import lease as leases

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

RUNNING = ("InProgress", "Stopping")
BUSY = ("Creating", "Updating", "SystemUpdating", "RollingBack")  # SageMaker refuses to delete an endpoint meanwhile
PATIENCE_SECONDS = 90
POLL_SECONDS = 2


class Jobs(NamedTuple):
    """How SageMaker describes and stops jobs of one kind."""

    word: str
    status: Callable[[SageMakerClient, str], str]  # empty where there is no such job
    stop: Callable[[SageMakerClient, str], object]


def training_status(client: SageMakerClient, name: str) -> str:
    job = sagemaker.if_there(client.describe_training_job, TrainingJobName=name)
    return job["TrainingJobStatus"] if job else ""


def transform_status(client: SageMakerClient, name: str) -> str:
    job = sagemaker.if_there(client.describe_transform_job, TransformJobName=name)
    return job["TransformJobStatus"] if job else ""


TRAINING = Jobs(
    "training job",
    training_status,
    lambda client, name: sagemaker.if_there(client.stop_training_job, TrainingJobName=name),
)
TRANSFORM = Jobs(
    "transform job",
    transform_status,
    lambda client, name: sagemaker.if_there(client.stop_transform_job, TransformJobName=name),
)
JOBS = (TRAINING, TRANSFORM)


@telemetry.step
def handler(event: CleanUpEvent, context: LambdaContext) -> CleanUpResult:
    names, client = sagemaker.names(event), aws.sagemaker()
    stopping = [(jobs, name) for jobs in JOBS for name in names if stop(client, jobs, name)]
    # An attempt for which AWS had no instance costs nothing, so the last one alone was paid.
    seconds = next(filter(None, (serving_seconds(client, name) for name in reversed(names))), 0.0)
    for name in names:
        delete_endpoint(client, name)
    for name in names:
        sagemaker.if_there(client.delete_endpoint_config, EndpointConfigName=name)
        sagemaker.if_there(client.delete_model, ModelName=name)
    for jobs, name in stopping:
        await_end(client, jobs, name)
    if event["error"]:
        free_lease(event)
    return {"endpoint_seconds": seconds, "published": dataset.is_published(event["run"])}


def free_lease(event: CleanUpEvent) -> None:
    """Take the execution, which has ended badly or is about to, out of the lease that it may hold."""
    execution, error = event["execution_arn"], event["error"]
    dataset.change_lease(event["run"]["dataset"], lambda held: leases.clean_up(held.lease, execution, error, held.now))


def stop(client: SageMakerClient, jobs: Jobs, name: str) -> bool:
    """Ask the job to stop if it runs; whether there is an end of it to wait for."""
    status = jobs.status(client, name)
    if status != "InProgress":
        return status in RUNNING
    try:
        jobs.stop(client, name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":  # it ended since we looked
            raise
    return True


def await_end(client: SageMakerClient, jobs: Jobs, name: str) -> None:
    """Wait until the job has ended; SageMaker gives it two minutes. Raises StillCreating, to be tried again."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (status := jobs.status(client, name)) in RUNNING:
        if time.monotonic() > deadline:
            raise StillCreating(f"{jobs.word} {name} is {status} and has not ended yet")
        time.sleep(POLL_SECONDS)


def serving_seconds(client: SageMakerClient, name: str) -> float:
    """For how long instances have served the attempt's forecasts, be it by an endpoint or by a transform job."""
    return endpoint_seconds(client, name) or transform_seconds(client, name)


def transform_seconds(client: SageMakerClient, name: str) -> float:
    """What of the transform job is billed, until now while it runs; 0.0 without one, and before it has begun."""
    job = sagemaker.if_there(client.describe_transform_job, TransformJobName=name)
    if not job or "TransformStartTime" not in job:
        return 0.0
    since = clock.seconds_since(job["TransformStartTime"])
    return round(since - (clock.seconds_since(job["TransformEndTime"]) if "TransformEndTime" in job else 0.0), 1)


def endpoint_seconds(client: SageMakerClient, name: str) -> float:
    """For how long there has been an endpoint, an upper bound of what is paid; 0.0 without endpoint and config."""
    described = sagemaker.if_there(client.describe_endpoint, EndpointName=name) or sagemaker.if_there(
        client.describe_endpoint_config, EndpointConfigName=name
    )
    if not described:
        return 0.0
    return round(clock.seconds_since(described["CreationTime"]), 1)


def delete_endpoint(client: SageMakerClient, name: str) -> None:
    """Delete the endpoint and wait until it is gone. Raises StillCreating, for the machine to try again."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while endpoint := sagemaker.if_there(client.describe_endpoint, EndpointName=name):
        status = endpoint["EndpointStatus"]
        if status in BUSY or time.monotonic() > deadline:
            raise StillCreating(f"endpoint {name} is {status} and cannot be gone yet")
        if status != "Deleting":
            request_deletion(client, name)
        time.sleep(POLL_SECONDS)


def request_deletion(client: SageMakerClient, name: str) -> None:
    try:
        sagemaker.if_there(client.delete_endpoint, EndpointName=name)
    except ClientError as error:
        if "in-progress" in str(error):  # "Cannot update in-progress endpoint": it began to update since we looked
            raise StillCreating(f"endpoint {name} is being changed and cannot be deleted yet") from error
        raise
