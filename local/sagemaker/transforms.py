"""The operations on transform jobs, as SageMaker's API has them."""

from collections.abc import Callable
from typing import Any

from local import faults
from local.sagemaker import models, quotas
from local.sagemaker.errors import ServiceError, invalid, limit_exceeded
from local.sagemaker.transform import TransformJob


def create(request: dict) -> dict:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html"""
    name, resources = request["TransformJobName"], request["TransformResources"]
    if models.transforms.find(name):
        raise models.name_taken(models.transforms, name)
    model = models.models.get(request["ModelName"])
    _must_take_whole_objects(request)
    if fault := faults.take("transform_limit", name):
        raise limit_exceeded(
            resources["InstanceType"], "transform job", fault.get("quota", 0), resources["InstanceCount"]
        )
    quotas.must_have_instances(resources, models.transforms, "TransformResources")
    job = TransformJob(request, model)
    if not models.transforms.claim(job):
        raise models.name_taken(models.transforms, name)
    models.add_tags(job.arn, request.get("Tags", []))
    job.start()
    return {"TransformJobArn": job.arn}


def _must_take_whole_objects(request: dict) -> None:
    """Raise where an object is not a request: for that the laptop cloud has no words. AWS bounds what goes at once."""
    if request.get("MaxConcurrentTransforms", 1) * request.get("MaxPayloadInMB", 6) > 100:
        raise invalid("The value of MaxConcurrentTransforms times MaxPayloadInMB must not exceed 100 MB.")
    whole = request["TransformInput"].get("SplitType", "None"), request["TransformOutput"].get("AssembleWith", "None")
    kind = request["TransformInput"]["DataSource"]["S3DataSource"]["S3DataType"]
    if whole != ("None", "None") or kind != "S3Prefix":
        raise invalid("The laptop cloud transforms whole objects below an S3Prefix only")


def _job(request: dict) -> TransformJob:
    name = request["TransformJobName"]
    if job := models.transforms.find(name):
        return job
    raise ServiceError("ResourceNotFound", f'Could not find transform job "{models.transforms.arn(name)}".')


def stop(request: dict) -> dict:
    job = _job(request)
    if job.status != "InProgress":
        raise invalid(f"The request was rejected because the transform job is in status {job.status}.")
    job.stop()
    return {}


OPERATIONS: dict[str, Callable[[dict], Any]] = {
    "CreateTransformJob": create,
    "DescribeTransformJob": lambda request: _job(request).describe(),
    "StopTransformJob": stop,
    "ListTransformJobs": lambda request: models.transforms.page(request, "TransformJobSummaries", TransformJob.summary),
}
