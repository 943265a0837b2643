"""IAM for SageMaker: which resources a call names, and what else it needs besides its own action."""

import json
from typing import Any

from local import ministack
from local.sagemaker import models
from local.sagemaker.errors import ServiceError

_NAMED_BY = {
    "TrainingJobName": models.jobs,
    "TransformJobName": models.transforms,
    "ModelName": models.models,
    "EndpointName": models.endpoints,
    "EndpointConfigName": models.configs,
}
_PASSES_ROLE = {"CreateTrainingJob": "RoleArn", "CreateModel": "ExecutionRoleArn"}
_CREATES = {
    "CreateTrainingJob": "TrainingJobName",
    "CreateTransformJob": "TransformJobName",
    "CreateModel": "ModelName",
    "CreateEndpointConfig": "EndpointConfigName",
    "CreateEndpoint": "EndpointName",
}


def install() -> None:
    """Name SageMaker's actions and resources to IAM, so that the gateway checks its calls as it does others'."""
    ministack.iam_namespaces["sagemaker"] = "sagemaker"

    def action(service: str, method: str, path: str, *rest: Any) -> str:
        if service == "sagemaker" and path.startswith("/endpoints/"):
            return "sagemaker:InvokeEndpoint"
        return action_before(service, method, path, *rest)

    def arn(service: str, method: str, path: str, headers: dict, body: bytes, *rest: Any) -> str:
        if service == "sagemaker":
            return resource_arn(path, headers, body)
        return arn_before(service, method, path, headers, body, *rest)

    action_before = ministack.iam_action_of.replace(action)
    arn_before = ministack.resource_arn_of.replace(arn)


def resource_arn(path: str, headers: dict, body: bytes) -> str:
    """The ARN of what the request is about; * for lists."""
    if path.startswith("/endpoints/"):
        return models.endpoints.arn(path.split("/")[2])
    request = json.loads(body or b"{}")
    if "ResourceArn" in request:
        return request["ResourceArn"]
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if operation.startswith("List"):
        return "*"
    for key in [_CREATES.get(operation, ""), *_NAMED_BY]:
        if key in request:
            return _NAMED_BY[key].arn(str(request[key]))
    return "*"


def check(operation: str, request: dict, headers: dict) -> None:
    """What AWS checks beyond the action: the other resource, AddTags for tagged creates, and passing the role."""
    if operation == "CreateEndpoint":
        _must_allow("sagemaker:CreateEndpoint", models.configs.arn(request["EndpointConfigName"]), headers)
    if operation in _CREATES and request.get("Tags"):
        key = _CREATES[operation]
        _must_allow("sagemaker:AddTags", _NAMED_BY[key].arn(request[key]), headers)
    if role := request.get(_PASSES_ROLE.get(operation, "")):
        _must_allow("iam:PassRole", role, headers, {"iam:PassedToService": "sagemaker.amazonaws.com"})


def _must_allow(action: str, arn: str, headers: dict, context: dict | None = None) -> None:
    key, region = ministack.extract_access_key_id(headers, {}), ministack.get_region()
    denied = ministack.enforce(key, action, "sagemaker", region, resource_arn=arn, service_context=context)
    if denied is None:
        return
    caller = getattr(denied, "principal_arn", "")
    raise ServiceError(
        "AccessDeniedException",
        f"User: {caller} is not authorized to perform: {action} on resource: {arn} because no identity-based "
        f"policy allows the {action} action",
    )
