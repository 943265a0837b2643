"""Ask SageMaker how the training job is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common import aws, clock, telemetry
from common.events import CheckTrainingEvent, CheckTrainingResult, LambdaContext

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeTrainingJobResponseTypeDef


@telemetry.step
def handler(event: CheckTrainingEvent, context: LambdaContext) -> CheckTrainingResult:
    job = aws.sagemaker().describe_training_job(TrainingJobName=event["job_name"])
    return {
        "job_name": event["job_name"],
        "status": "NoCapacity" if is_no_capacity(job) else job["TrainingJobStatus"],
        "reason": reason(job),
        "seconds": round(clock.seconds_since(job["CreationTime"])),
        "model_uri": job.get("ModelArtifacts", {}).get("S3ModelArtifacts", ""),
        "train_seconds": job.get("BillableTimeInSeconds", 0),
    }


def is_no_capacity(job: DescribeTrainingJobResponseTypeDef) -> bool:
    """Whether AWS had no instance for the job: another job may get one a few minutes later."""
    return job["TrainingJobStatus"] == "Failed" and job.get("FailureReason", "").startswith("CapacityError")


def reason(job: DescribeTrainingJobResponseTypeDef) -> str:
    """Why the job ended; SageMaker gives no FailureReason to a job that it stopped for running too long."""
    if job.get("SecondaryStatus") == "MaxRuntimeExceeded":
        limit = job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", "unknown")
        return f"training was stopped because it exceeded its maximum run time of {limit} seconds"
    return job.get("FailureReason", "")
