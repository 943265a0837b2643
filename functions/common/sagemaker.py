"""What the SageMaker steps share: a run's name and tags, and what SageMaker's refusals mean."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from common import aws, errors, keys, telemetry
from common.settings import Settings, settings

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import TagTypeDef

    from common.events import CleanUpEvent, CreateEndpointEvent, NamedRun, StartTrainingEvent

ATTEMPTS = 4  # of a job or an endpoint for which AWS has no instance; forecast.yaml counts them

USES = {"realtime": "endpoint", "transform": "transform job"}  # of an EndpointMode, as names of quotas have them

QUOTA_SECONDS = 8  # for which thousands of quotas are looked through; the step has 30

_LIMIT = re.compile(r"service limit '(?P<quota>[^']+)' is (?P<limit>\d+)")
_NEEDED = re.compile(r"request delta of (?P<needed>\d+)")


def name(event: StartTrainingEvent | CreateEndpointEvent) -> str:
    """The name of this attempt: a training job bears it, or a model, its endpoint config and endpoint."""
    return keys.resource_name(settings().stack_name, event["run"], event["execution_name"], event["attempt"])


def names(event: CleanUpEvent) -> list[str]:
    """What the attempts of a run and execution may have been called."""
    stack, run, execution = settings().stack_name, event["run"], event["execution_name"]
    return [keys.resource_name(stack, run, execution, attempt) for attempt in range(ATTEMPTS)]


def tags(run: NamedRun) -> list[TagTypeDef]:
    values = {"Stack": settings().stack_name, "Dataset": run["dataset"], "Run": run["run_id"]}
    return [{"Key": key, "Value": value} for key, value in values.items()]


def key(setting: Settings, parameter: str) -> dict[str, str]:
    """The argument that names the stack's own key; nothing without one, and SageMaker takes AWS's."""
    return {parameter: setting.kms_key_arn} if setting.kms_key_arn else {}


def model(setting: Settings, name: str, model_uri: str) -> dict:
    """The arguments of CreateModel; the SavedModel needs no network to answer."""
    return {
        "ModelName": name,
        "PrimaryContainer": {"Image": setting.inference_image, "ModelDataUrl": model_uri},
        "ExecutionRoleArn": setting.endpoint_role_arn,
        "EnableNetworkIsolation": True,
    }


def create(call: Callable[..., object], instance_type: str, parameter: str, **arguments: object) -> None:
    """Create, unless an earlier try did. Raises NoQuota and QuotaReached; both name what the operator can change."""
    try:
        call(**arguments)
    except ClientError as error:
        code, message = _code_and_message(error)
        if code == "ResourceLimitExceeded":
            raise _out_of_quota(message, instance_type, parameter) from error
        # Training says it with a code, hosting with a sentence.
        if code != "ResourceInUse" and not (code == "ValidationException" and "already existing" in message):
            raise


def job_lacks_capacity(status: str, reason: str) -> bool:
    """Whether AWS had no instance for a job of this status and FailureReason: another may get one minutes later."""
    return status == "Failed" and reason.startswith("CapacityError")


def must_have_endpoint_quota(setting: Settings) -> None:
    """Raise NoQuota where the account may not have the endpoint's or the transform job's instances.

    Silent where it is not known.
    """
    needed, kind = setting.endpoint_instance_count, setting.endpoint_instance_type
    use = USES[setting.endpoint_mode]
    try:
        quota = _quota(f"{kind} for {use} usage")
    except (ClientError, HTTPClientError, ConnectionError) as error:
        telemetry.logger.warning(f"the quota of {use}s cannot be asked", reason=str(error))
        return
    if quota and quota["Value"] < needed:
        raise errors.NoQuota(
            f"the account's quota '{quota['QuotaName']}' is {quota['Value']:.0f}, too few for the {use}, so nothing "
            f"is trained. Request it: aws service-quotas request-service-quota-increase --service-code sagemaker "
            f"--quota-code {quota['QuotaCode']} --desired-value {needed}. Or deploy the stack with another "
            "EndpointInstanceType"
        )


def _quota(name: str) -> dict | None:
    """SageMaker's quota of that name as the account has it; None where Service Quotas does not list it in time."""
    pages = (
        aws.quotas()
        .get_paginator("list_service_quotas")
        .paginate(ServiceCode="sagemaker", PaginationConfig={"PageSize": 100})
    )
    until = time.monotonic() + QUOTA_SECONDS
    for page in pages:
        if found := next((quota for quota in page["Quotas"] if quota["QuotaName"] == name), None):
            return found
        if time.monotonic() > until:
            break
    return None


def is_missing(error: ClientError) -> bool:
    """Whether there is nothing of that name; SageMaker often says so by a ValidationException."""
    code, message = _code_and_message(error)
    return code == "ResourceNotFound" or (
        code == "ValidationException" and ("Could not find" in message or "not found" in message)
    )


def if_there[Answer](call: Callable[..., Answer], **arguments: str) -> Answer | None:
    """The call's answer, or None where there is nothing of that name."""
    try:
        return call(**arguments)
    except ClientError as error:
        if is_missing(error):
            return None
        raise


def _out_of_quota(message: str, instance_type: str, parameter: str) -> Exception:
    """A quota below what one call asks for is as final as a quota of 0: no instance that becomes free would do."""
    quota_and_limit, needed = _LIMIT.search(message), _NEEDED.search(message)
    if not quota_and_limit:
        return errors.QuotaReached(f"SageMaker allows no further {instance_type} now: {message}")
    quota, limit = quota_and_limit["quota"], int(quota_and_limit["limit"])
    if limit < int(needed["needed"] if needed else 1):
        return errors.NoQuota(
            f"the account's quota '{quota}' is {limit}, too few to start {instance_type}: request an increase of it "
            f"(Service Quotas, Amazon SageMaker), or deploy the stack with another {parameter}"
        )
    return errors.QuotaReached(
        f"all {limit} instances of {instance_type} that the account's quota '{quota}' allows are in use: wait until "
        f"one is free, request an increase (Service Quotas, Amazon SageMaker), or deploy with another {parameter}"
    )


def _code_and_message(error: ClientError) -> tuple[str, str]:
    return error.response["Error"]["Code"], error.response["Error"].get("Message", "")
