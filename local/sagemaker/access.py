"""IAM for SageMaker: which resources a call names, and what else it needs besides its own action."""

import json

from ministack import app
from ministack.core import iam_actions, iam_evaluator, router
from ministack.core.responses import get_region
from ministack.core.router import extract_access_key_id

from local.sagemaker import store
from local.sagemaker.errors import ServiceError

_NAMED_BY = {
    "TrainingJobName": store.jobs,
    "ModelName": store.models,
    "EndpointName": store.endpoints,
    "EndpointConfigName": store.configs,
}
_PASSES_ROLE = {"CreateTrainingJob": "RoleArn", "CreateModel": "ExecutionRoleArn"}
_CREATES = {
    "CreateTrainingJob": "TrainingJobName",
    "CreateModel": "ModelName",
    "CreateEndpointConfig": "EndpointConfigName",
    "CreateEndpoint": "EndpointName",
}


def install(handler) -> None:
    """Make the gateway route SageMaker's calls to the handler and check them like every other service's."""
    app.SERVICE_HANDLERS["sagemaker"] = handler
    router.SERVICE_PATTERNS["sagemaker"] = {"target_prefixes": ["SageMaker."], "credential_scope": "sagemaker"}
    iam_actions.SERVICE_TO_IAM_NAMESPACE["sagemaker"] = "sagemaker"
    typed = app.fix_success_content_type
    # An endpoint's answer keeps the container's own content type.
    app.fix_success_content_type = lambda service, *rest: None if service == "sagemaker" else typed(service, *rest)
    action_of, arn_of = iam_actions.extract_iam_action, iam_actions.extract_resource_arn

    def extract_iam_action(service, method, path, *rest):
        if service == "sagemaker" and path.startswith("/endpoints/"):
            return "sagemaker:InvokeEndpoint"
        return action_of(service, method, path, *rest)

    def extract_resource_arn(service, method, path, headers, body, query, region, account):
        if service == "sagemaker":
            return resource_arn(path, headers, body)
        return arn_of(service, method, path, headers, body, query, region, account)

    iam_actions.extract_iam_action = extract_iam_action
    iam_actions.extract_resource_arn = extract_resource_arn


def resource_arn(path: str, headers: dict, body: bytes) -> str:
    """The ARN of what the request is about; * for lists."""
    if path.startswith("/endpoints/"):
        return store.endpoints.arn(path.split("/")[2])
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
        _must_allow("sagemaker:CreateEndpoint", store.configs.arn(request["EndpointConfigName"]), headers)
    if operation in _CREATES and request.get("Tags"):
        key = _CREATES[operation]
        _must_allow("sagemaker:AddTags", _NAMED_BY[key].arn(request[key]), headers)
    if role := request.get(_PASSES_ROLE.get(operation, "")):
        _must_allow("iam:PassRole", role, headers, {"iam:PassedToService": "sagemaker.amazonaws.com"})


def _must_allow(action: str, arn: str, headers: dict, context: dict | None = None) -> None:
    key = extract_access_key_id(headers, {})
    denied = iam_evaluator.enforce(key, action, "sagemaker", get_region(), resource_arn=arn, service_context=context)
    if denied is None:
        return
    who = getattr(denied, "principal_arn", "")
    raise ServiceError(
        "AccessDeniedException",
        f"User: {who} is not authorized to perform: {action} on resource: {arn} because no identity-based "
        f"policy allows the {action} action",
    )
