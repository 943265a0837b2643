"""Leave nothing of this run and execution in SageMaker: no running job, endpoint, endpoint config or model.

Of an execution that ends badly, free the lease, too.

Deleting an endpoint and stopping a job take SageMaker a while, so the step waits for them, briefly here and for long
by the machine's retries of StillCreating. A retry knows nothing of the try before; the endpoint config stays until the
endpoint is gone, so that its creation time, seconds before the endpoint's, still tells for how long there has been one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

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


@telemetry.step
def handler(event: CleanUpEvent, context: LambdaContext) -> CleanUpResult:
    names, client = sagemaker.names(event), aws.sagemaker()
    stopping = [name for name in names if stop_training(client, name)]
    # An attempt for which AWS had no instance costs nothing, so the last one alone was paid.
    seconds = next(filter(None, (endpoint_seconds(client, name) for name in reversed(names))), 0.0)
    for name in names:
        delete_endpoint(client, name)
    for name in names:
        sagemaker.if_there(client.delete_endpoint_config, EndpointConfigName=name)
        sagemaker.if_there(client.delete_model, ModelName=name)
    for name in stopping:
        await_training(client, name)
    if event["error"]:
        free_lease(event)
    return {"endpoint_seconds": seconds, "published": dataset.is_published(event["run"])}


def free_lease(event: CleanUpEvent) -> None:
    """Take the execution, which has ended badly or is about to, out of the lease that it may hold."""
    execution, error = event["execution_arn"], event["error"]
    dataset.change_lease(event["run"]["dataset"], lambda held: leases.clean_up(held.lease, execution, error, held.now))


def stop_training(client: SageMakerClient, name: str) -> bool:
    """Ask the job to stop if it runs; whether there is an end of it to wait for."""
    job = sagemaker.if_there(client.describe_training_job, TrainingJobName=name)
    if not job or job["TrainingJobStatus"] not in RUNNING:
        return False
    if job["TrainingJobStatus"] == "Stopping":
        return True
    try:
        sagemaker.if_there(client.stop_training_job, TrainingJobName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":  # it ended since we looked
            raise
    return True


def await_training(client: SageMakerClient, name: str) -> None:
    """Wait until the job has ended; SageMaker gives it two minutes. Raises StillCreating, to be tried again."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while job := sagemaker.if_there(client.describe_training_job, TrainingJobName=name):
        if job["TrainingJobStatus"] not in RUNNING:
            return
        if time.monotonic() > deadline:
            raise StillCreating(f"training job {name} is {job['TrainingJobStatus']} and has not ended yet")
        time.sleep(POLL_SECONDS)


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
