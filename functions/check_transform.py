"""Ask SageMaker how the transform job is doing."""

from common import aws, clock, sagemaker, telemetry
from common.events import CheckTransformEvent, CheckTransformResult, LambdaContext


@telemetry.step
def handler(event: CheckTransformEvent, context: LambdaContext) -> CheckTransformResult:
    job = aws.sagemaker().describe_transform_job(TransformJobName=event["job_name"])
    status, reason = job["TransformJobStatus"], job.get("FailureReason", "")
    return {
        "job_name": event["job_name"],
        "status": "NoCapacity" if sagemaker.job_lacks_capacity(status, reason) else status,
        "reason": reason,
        "seconds": round(clock.seconds_since(job["CreationTime"])),
    }
