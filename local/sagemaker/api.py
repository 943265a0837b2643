"""The SageMaker API as MiniStack's gateway hands it over: JSON 1.1, and POST /endpoints/<name>/invocations."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from local import clients, faults, ministack, permissions
from local.ministack import Response
from local.sagemaker import access, models, processes, quotas, transforms
from local.sagemaker.container import model_data_url
from local.sagemaker.endpoints import Endpoint, error_body
from local.sagemaker.errors import ServiceError, invalid, limit_exceeded
from local.sagemaker.models import Described, name_taken
from local.sagemaker.shapes import operation, validate
from local.sagemaker.training import TrainingJob

_PASSED_TO = "sagemaker.amazonaws.com"


def install() -> None:
    """Make the gateway route SageMaker's calls here."""
    ministack.handlers["sagemaker"] = handle
    ministack.service_patterns["sagemaker"] = {"target_prefixes": ["SageMaker."], "credential_scope": "sagemaker"}
    access.install()

    def set_content_type(service: str, *rest: Any) -> Any:
        """An endpoint's answer keeps the container's own content type."""
        return None if service == "sagemaker" else before(service, *rest)

    before = ministack.success_content_type.replace(set_content_type)


async def handle(method: str, path: str, headers: dict, body: bytes, query: dict) -> Response:
    """Answer one request. The work is done in a thread: it may call this same server with a role's credentials."""
    if path.startswith("/endpoints/"):
        return await asyncio.to_thread(_invoke, path, headers, body)
    return await asyncio.to_thread(_control, headers, body)


def _control(headers: dict, body: bytes) -> Response:
    name = headers.get("x-amz-target", "").rpartition(".")[2]
    kind = {"Content-Type": "application/x-amz-json-1.1"}
    try:
        if name not in OPERATIONS:
            raise ServiceError("UnknownOperationException", f"The laptop cloud's SageMaker has no operation {name!r}")
        request = json.loads(body or b"{}")
        validate(operation("sagemaker", name), request)
        access.check(name, request, headers)
        return 200, kind, json.dumps(OPERATIONS[name](request)).encode()
    except ServiceError as error:
        return error.status, kind, json.dumps({"__type": error.code, "message": error.message}).encode()


def _invoke(path: str, headers: dict, body: bytes) -> Response:
    name = unquote(path.split("/")[2])
    try:
        validate(operation("sagemaker-runtime", "InvokeEndpoint"), {"EndpointName": name, "Body": body})
        endpoint = models.endpoints.find(name)
        if endpoint is None or endpoint.status != "InService":
            account = models.endpoints.arn(name).split(":")[4]
            raise ServiceError("ValidationError", f"Endpoint {name} of account {account} not found.")
        kind, answer = endpoint.invoke(body, headers.get("content-type", ""))
    except ServiceError as error:
        return error.status, {"Content-Type": "application/json", "x-amzn-ErrorType": error.code}, error_body(error)
    variant = endpoint.variant["VariantName"]
    return 200, {"Content-Type": kind, "x-Amzn-Invoked-Production-Variant": variant}, answer


def _create_training_job(request: dict) -> dict:
    name, resources = request["TrainingJobName"], request["ResourceConfig"]
    if models.jobs.find(name):
        raise name_taken(models.jobs, name)
    _must_trust(request["RoleArn"])
    if fault := faults.take("training_limit", name):
        raise limit_exceeded(
            resources.get("InstanceType", ""), "training job", fault.get("quota", 0), resources.get("InstanceCount", 1)
        )
    quotas.must_have_instances(resources, models.jobs, "ResourceConfig")
    _must_find_input(request)
    job = TrainingJob(request)
    if not models.jobs.claim(job):
        raise name_taken(models.jobs, name)
    models.add_tags(job.arn, request.get("Tags", []))
    job.start()
    return {"TrainingJobArn": job.arn}


def _must_trust(role_arn: str) -> None:
    if not permissions.role_trusts(role_arn, _PASSED_TO):
        raise invalid(
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
            f"'{_PASSED_TO}' to assume the role."
        )


def _must_find_input(request: dict) -> None:
    s3 = clients.client("s3", processes.role_variables(request["RoleArn"], "SageMaker"))
    for channel in request.get("InputDataConfig", []):
        url = channel["DataSource"]["S3DataSource"]["S3Uri"]
        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        try:
            objects = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1).get("Contents")
        except ClientError:
            objects = None
        if not objects:
            raise invalid(
                f'No S3 objects found under S3 URL "{url}" given in input data source. Please ensure that the '
                f"bucket exists in the selected region, that objects exist under that S3 prefix, and that "
                f'the role "{request["RoleArn"]}" has "s3:ListBucket" permissions on bucket "{bucket}".'
            )


def _job(request: dict) -> TrainingJob:
    job = models.jobs.find(request["TrainingJobName"])
    if job is None:
        # botocore's model says ResourceNotFound; the service answers this (aws/aws-sdk issue 165).
        raise invalid("Requested resource not found.")
    return job


def _stop_training_job(request: dict) -> dict:
    job = _job(request)
    if job.status != "InProgress":
        raise invalid(f"The request was rejected because the training job is in status {job.status}.")
    job.stop()
    return {}


def _create_model(request: dict) -> dict:
    models.models.must_be_new(request["ModelName"])
    if "PrimaryContainer" not in request or "ModelDataUrl" not in request["PrimaryContainer"]:
        raise invalid("The laptop cloud serves a PrimaryContainer with a ModelDataUrl only")
    role, url = request.get("ExecutionRoleArn", ""), model_data_url(request)
    _must_trust(role)
    bucket, _, key = url.removeprefix("s3://").partition("/")
    try:
        clients.client("s3", processes.role_variables(role, "SageMaker")).head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":
            raise invalid(f"Could not find model data at {url}.") from None
        raise invalid(
            f'Could not access model data at {url}. Please ensure that the role "{role}" exists and that its trust '
            f'relationship policy allows the action "sts:AssumeRole" for the service principal "{_PASSED_TO}". Also '
            'ensure that the role has "s3:GetObject" permissions and that the object is located in the selected region.'
        ) from None
    model = Described(models.models, request, "ModelName")
    models.models.add(model)
    models.add_tags(model.arn, request.get("Tags", []))
    return {"ModelArn": model.arn}


def _create_endpoint_config(request: dict) -> dict:
    models.configs.must_be_new(request["EndpointConfigName"])
    for variant in request["ProductionVariants"]:
        models.models.get(variant["ModelName"])
    config = Described(models.configs, request, "EndpointConfigName")
    models.configs.add(config)
    models.add_tags(config.arn, request.get("Tags", []))
    return {"EndpointConfigArn": config.arn}


def _create_endpoint(request: dict) -> dict:
    name = request["EndpointName"]
    models.endpoints.must_be_new(name)
    config = models.configs.get(request["EndpointConfigName"])
    variant = config.request["ProductionVariants"][0]
    model = models.models.get(variant["ModelName"])
    if fault := faults.take("endpoint_limit", name):
        raise limit_exceeded(
            variant.get("InstanceType", ""), "endpoint", fault.get("quota", 0), variant.get("InitialInstanceCount", 1)
        )
    endpoint = Endpoint(name, config, model)
    models.endpoints.add(endpoint)
    models.add_tags(endpoint.arn, request.get("Tags", []))
    endpoint.start()
    return {"EndpointArn": endpoint.arn}


def _delete_endpoint(request: dict) -> dict:
    endpoint = models.endpoints.get(request["EndpointName"])
    if endpoint.status not in ("InService", "Failed", "OutOfService"):
        raise invalid(f'Cannot update in-progress endpoint "{endpoint.arn}".')
    endpoint.delete()
    return {}


def _delete(kind: models.Store, key: str) -> Callable[[dict], dict]:
    def delete(request: dict) -> dict:
        kind.remove(request[key])
        return {}

    return delete


def _named(item: Described, *keys: str) -> dict:
    return {keys[0]: item.name, keys[1]: item.arn, "CreationTime": item.created}


def _add_tags(request: dict) -> dict:
    models.add_tags(request["ResourceArn"], request["Tags"])
    return {"Tags": models.list_tags(request["ResourceArn"])}


def _delete_tags(request: dict) -> dict:
    for key in request["TagKeys"]:
        models.tags.get(request["ResourceArn"], {}).pop(key, None)
    return {}


OPERATIONS: dict[str, Callable[[dict], Any]] = {
    "CreateTrainingJob": _create_training_job,
    "DescribeTrainingJob": lambda request: _job(request).describe(),
    "StopTrainingJob": _stop_training_job,
    "ListTrainingJobs": lambda request: models.jobs.page(request, "TrainingJobSummaries", TrainingJob.summary),
    **transforms.OPERATIONS,
    "CreateModel": _create_model,
    "DescribeModel": lambda request: models.models.get(request["ModelName"]).describe("ModelArn"),
    "DeleteModel": _delete(models.models, "ModelName"),
    "ListModels": lambda request: models.models.page(
        request, "Models", lambda item: _named(item, "ModelName", "ModelArn")
    ),
    "CreateEndpointConfig": _create_endpoint_config,
    "DescribeEndpointConfig": lambda request: models.configs.get(request["EndpointConfigName"]).describe(
        "EndpointConfigArn"
    ),
    "DeleteEndpointConfig": _delete(models.configs, "EndpointConfigName"),
    "ListEndpointConfigs": lambda request: models.configs.page(
        request, "EndpointConfigs", lambda item: _named(item, "EndpointConfigName", "EndpointConfigArn")
    ),
    "CreateEndpoint": _create_endpoint,
    "DescribeEndpoint": lambda request: models.endpoints.get(request["EndpointName"]).describe(),
    "DeleteEndpoint": _delete_endpoint,
    "ListEndpoints": lambda request: models.endpoints.page(request, "Endpoints", Endpoint.summary),
    "AddTags": _add_tags,
    "ListTags": lambda request: {"Tags": models.list_tags(request["ResourceArn"])},
    "DeleteTags": _delete_tags,
}
