"""Ask SageMaker how the endpoint is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common import aws, clock, telemetry
from common.events import CheckEndpointEvent, CheckEndpointResult, LambdaContext

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef

NO_CAPACITY = ("InsufficientInstanceCapacity", "CapacityError")


@telemetry.step
def handler(event: CheckEndpointEvent, context: LambdaContext) -> CheckEndpointResult:
    endpoint = aws.sagemaker().describe_endpoint(EndpointName=event["endpoint_name"])
    return {
        "endpoint_name": event["endpoint_name"],
        "status": "NoCapacity" if is_no_capacity(endpoint) else endpoint["EndpointStatus"],
        "reason": endpoint.get("FailureReason", ""),
        "seconds": round(clock.seconds_since(endpoint["CreationTime"])),
        "digest": digest(endpoint),
    }


def digest(endpoint: DescribeEndpointOutputTypeDef) -> str:
    """sha256:... of the container that serves: what its tag meant when SageMaker fetched it. Empty before that."""
    deployed = (variant.get("DeployedImages", []) for variant in endpoint.get("ProductionVariants", []))
    resolved = [image.get("ResolvedImage", "") for images in deployed for image in images]
    return resolved[0].partition("@")[2] if resolved else ""


def is_no_capacity(endpoint: DescribeEndpointOutputTypeDef) -> bool:
    """Whether AWS had no instance for the endpoint: another may get one a few minutes later."""
    reason = endpoint.get("FailureReason", "")
    return endpoint["EndpointStatus"] == "Failed" and any(word in reason for word in NO_CAPACITY)
