"""Ask SageMaker how the transform job is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common import aws, clock, telemetry
from common.events import CheckTransformEvent, CheckTransformResult, LambdaContext

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeTransformJobResponseTypeDef


@telemetry.step
def handler(event: CheckTransformEvent, context: LambdaContext) -> CheckTransformResult:
    job = aws.sagemaker().describe_transform_job(TransformJobName=event["job_name"])
    return {
        "job_name": event["job_name"],
        "status": "NoCapacity" if is_no_capacity(job) else job["TransformJobStatus"],
        "reason": job.get("FailureReason", ""),
        "seconds": round(clock.seconds_since(job["CreationTime"])),
    }


def is_no_capacity(job: DescribeTransformJobResponseTypeDef) -> bool:
    """Whether AWS had no instance for the job: another job may get one a few minutes later."""
    return job["TransformJobStatus"] == "Failed" and job.get("FailureReason", "").startswith("CapacityError")
