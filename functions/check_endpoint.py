"""Ask SageMaker how the endpoint is doing."""

from common import aws, clock, telemetry


@telemetry.step
def handler(event, context):
    endpoint = aws.client("sagemaker").describe_endpoint(EndpointName=event["endpoint_name"])
    return {
        "endpoint_name": event["endpoint_name"],
        "status": endpoint["EndpointStatus"],
        "reason": endpoint.get("FailureReason", ""),
        "seconds": round(clock.seconds_since(endpoint["CreationTime"])),
    }
