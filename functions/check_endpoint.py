"""Ask SageMaker how the endpoint is doing."""

from common import aws, clock, telemetry
from common.events import CheckEndpointEvent, CheckEndpointResult, LambdaContext


@telemetry.step
def handler(event: CheckEndpointEvent, context: LambdaContext) -> CheckEndpointResult:
    endpoint = aws.sagemaker().describe_endpoint(EndpointName=event["endpoint_name"])
    return {
        "endpoint_name": event["endpoint_name"],
        "status": endpoint["EndpointStatus"],
        "reason": endpoint.get("FailureReason", ""),
        "seconds": round(clock.seconds_since(endpoint["CreationTime"])),
    }
