"""SageMaker's quotas of instances, which faults may lower: as Service Quotas lists them, and as jobs use them."""

import json

from local import faults, ministack
from local.ministack import Response
from local.sagemaker.errors import limit_exceeded
from local.sagemaker.models import Store

SERVICE = "servicequotas"
USES = {"training_quota": "training job", "endpoint_quota": "endpoint", "transform_quota": "transform job"}
SIZES = ("large", "xlarge", "2xlarge", "4xlarge")
FAMILIES = ("m5", "m6i", "m7i", "c5")
USUAL = 20  # instances of each type that a laptop's account has
_JSON = {"Content-Type": "application/x-amz-json-1.1"}


def install() -> None:
    ministack.handlers[SERVICE] = handle
    ministack.service_patterns[SERVICE] = {
        "target_prefixes": ["ServiceQuotasV20190624."],
        "credential_scope": SERVICE,
    }
    ministack.iam_namespaces[SERVICE] = SERVICE


async def handle(method: str, path: str, headers: dict, body: bytes, query: dict) -> Response:
    name = headers.get("x-amz-target", "").rpartition(".")[2]
    request = json.loads(body or b"{}")
    if name != "ListServiceQuotas":
        return _error("UnknownOperationException", f"The laptop cloud's Service Quotas has no operation {name!r}")
    if request.get("ServiceCode") != "sagemaker":
        return _error("NoSuchResourceException", "The laptop cloud has quotas of sagemaker only")
    listed = quotas()
    start, most = int(request.get("NextToken") or 0), request.get("MaxResults") or 100
    page: dict[str, object] = {"Quotas": listed[start : start + most]}
    if start + most < len(listed):
        page["NextToken"] = str(start + most)
    return 200, _JSON, json.dumps(page).encode()


def quotas() -> list[dict]:
    """Every quota of instances; a fault lowers one use, as an account may have 0 of it."""
    lowered = {use: faults.take(fault, use) for fault, use in USES.items()}
    listed = []
    for use in USES.values():
        fault = lowered[use]
        for number, kind in enumerate(f"ml.{family}.{size}" for family in FAMILIES for size in SIZES):
            listed.append(
                {
                    "ServiceCode": "sagemaker",
                    "ServiceName": "Amazon SageMaker",
                    "QuotaCode": f"L-{len(use):04X}{number:04X}",
                    "QuotaName": f"{kind} for {use} usage",
                    "Value": float(fault["quota"] if fault else USUAL),
                }
            )
    return listed


def must_have_instances(wanted: dict, jobs: Store, field: str) -> None:
    """Raise ResourceLimitExceeded where those of the jobs that run leave too few of the type."""
    kind, count = wanted.get("InstanceType", ""), wanted.get("InstanceCount", 1)
    running = [job.request[field] for job in jobs.all() if job.status in ("InProgress", "Stopping")]
    used = sum(one.get("InstanceCount", 1) for one in running if one.get("InstanceType", "") == kind)
    if used + count > USUAL:
        raise limit_exceeded(kind, jobs.called, USUAL, count, used)


def _error(code: str, message: str) -> Response:
    return 400, _JSON, json.dumps({"__type": code, "message": message}).encode()
