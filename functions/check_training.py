"""Ask SageMaker how the training job is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common import aws, clock, sagemaker, telemetry
from common.events import CheckTrainingEvent, CheckTrainingResult, LambdaContext
from common.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeTrainingJobResponseTypeDef

BILL_SECONDS = 300  # for which a job that has ended is asked again if it does not say yet what is billed


@telemetry.step
def handler(event: CheckTrainingEvent, context: LambdaContext) -> CheckTrainingResult:
    job = aws.sagemaker().describe_training_job(TrainingJobName=event["job_name"])
    return {
        "job_name": event["job_name"],
        "status": status(job),
        "reason": reason(job),
        "seconds": round(clock.seconds_since(job["CreationTime"])),
        "model_uri": job.get("ModelArtifacts", {}).get("S3ModelArtifacts", ""),
        "train_seconds": job.get("BillableTimeInSeconds", 0),
    }


def status(job: DescribeTrainingJobResponseTypeDef) -> str:
    """SageMaker's word, NoCapacity where no instance was to be had, Stopping while the bill is still awaited."""
    if sagemaker.job_lacks_capacity(job["TrainingJobStatus"], job.get("FailureReason", "")):
        return "NoCapacity"
    ended = job.get("TrainingEndTime")
    awaits_bill = "BillableTimeInSeconds" not in job and ended and clock.seconds_since(ended) < BILL_SECONDS
    # The machine gives up on a job that is much older than it may be; a model is worth more than its bill.
    young = clock.seconds_since(job["CreationTime"]) < settings().training_max_seconds
    waits = job["TrainingJobStatus"] == "Completed" and awaits_bill and young
    return "Stopping" if waits else job["TrainingJobStatus"]


def reason(job: DescribeTrainingJobResponseTypeDef) -> str:
    """Why the job ended; SageMaker gives no FailureReason to a job that it stopped for running too long."""
    if job.get("SecondaryStatus") == "MaxRuntimeExceeded":
        limit = job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", "unknown")
        return f"training was stopped because it exceeded its maximum run time of {limit} seconds"
    return job.get("FailureReason", "")
