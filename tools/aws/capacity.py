"""Whether the account may have what a run needs: instances of SageMaker and Lambdas at once."""

from collections.abc import Iterator

from common import sagemaker
from tools.aws.findings import Finding, Level, Target
from tools.template import template

LACKED = ("m5", "c5")  # families that newer regions do not have
TYPES = ("TrainingInstanceType", "EndpointInstanceType")
CONCURRENCY = "L-B99A9384"  # the quota of Lambda's concurrent executions
ONE_EACH = ("Sweep", "Resume")  # functions that have a Lambda of their own where Clean up has some
LEAST_UNRESERVED, UNRESERVED = 10, 100  # what AWS leaves to all others, in new accounts and in the rest


def instance_types(target: Target) -> Iterator[Finding]:
    """Parameters whose instance type the region does not have."""
    for name in TYPES:
        if is_lacked(target, target.parameter(name)):
            yield Finding("problem", f"{target.region} has no {target.parameter(name)}", _instead(target, name))


def newer_regions() -> list[str]:
    """Where a rule of the template asks for m6i or m7i. SageMaker's quotas say the same where they may be read."""
    return template()["Rules"]["RegionHasM6iOnly"]["RuleCondition"]["Fn::Contains"][0]


def is_lacked(target: Target, kind: str) -> bool:
    """Whether the region has no such instances."""
    return family(kind) in LACKED and target.region in newer_regions()


def uses(target: Target) -> dict[str, tuple[str, str]]:
    """As names of quotas have them what instances are for, with the parameters of their type and their number."""
    serving = sagemaker.USES[target.parameter("EndpointMode")]
    numbers = ("TrainingInstanceCount", "EndpointInstanceCount")
    return dict(zip(("training job", serving), zip(TYPES, numbers, strict=True), strict=True))


def quotas(target: Target) -> Iterator[Finding]:
    """SageMaker's quotas of the instance types; each use of a type has one of its own."""
    known = _known(target, "list_aws_default_service_quotas") | _known(target, "list_service_quotas")
    for use, (name, number) in uses(target).items():
        kind = target.parameter(name)
        needed = int(target.parameter(number))
        quota = known.get(f"{kind} for {use} usage")
        if is_lacked(target, kind):
            continue  # instance_types has said so
        if quota is None:
            yield Finding("problem", f"{target.region} has no {kind} for {use} usage", _instead(target, name))
        elif quota["Value"] < needed:
            what = f"the quota {quota['QuotaName']} is {quota['Value']:g}, and a run needs {needed}"
            yield Finding("problem", what, _request(target, "sagemaker", quota["QuotaCode"], needed))
        else:
            yield Finding("ok", f"quota {quota['QuotaName']}: {quota['Value']:g}")


def _known(target: Target, operation: str) -> dict[str, dict]:
    """Quotas by name; those of the account lack what it never asked for."""
    pages = target.client("service-quotas").get_paginator(operation).paginate(ServiceCode="sagemaker")
    return {quota["QuotaName"]: quota for page in pages for quota in page["Quotas"]}


def concurrency(target: Target) -> Iterator[Finding]:
    """A new account has ten Lambdas at once. Two maps of shards run side by side; what finds no room is retried."""
    limit = target.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    needed = 2 * int(target.parameter("MaxConcurrency"))
    if limit < needed:
        what = f"the account runs {limit} Lambdas at once, and a run wants {needed}: large files take longer"
        yield Finding("warning", what, _request(target, "lambda", CONCURRENCY, 1000))
    else:
        yield Finding("ok", f"Lambdas at once: {limit}")


def reservation(target: Target) -> Iterator[Finding]:
    """Clean up, Sweep and Resume may have Lambdas of their own; AWS keeps some of an account's from being reserved."""
    clean_ups = int(target.parameter("ReservedCleanUps"))
    if not clean_ups:
        yield Finding("ok", "no Lambdas are reserved for Clean up, Sweep and Resume (ReservedCleanUps is 0)")
        return
    wanted = clean_ups + len(ONE_EACH)
    limit = target.client("lambda").get_account_settings()["AccountLimit"]
    left = limit["UnreservedConcurrentExecutions"] - wanted
    what = f"ReservedCleanUps={clean_ups} reserves {wanted} Lambdas and leaves {max(left, 0)} unreserved"
    if left >= UNRESERVED:
        yield Finding("ok", what)
        return
    level: Level = "problem" if left < LEAST_UNRESERVED else "warning"
    refuses = "AWS refuses that" if level == "problem" else f"AWS may want {UNRESERVED}"
    request = _request(target, "lambda", CONCURRENCY, 1000)
    yield Finding(level, f"{what}; {refuses}", f"in samconfig.toml `ReservedCleanUps=0`, or {request}")


def family(kind: str) -> str:
    """m5 of ml.m5.large."""
    return kind.split(".")[1]


def _request(target: Target, service: str, code: str, value: int) -> str:
    which = f"--service-code {service} --quota-code {code} --desired-value {value}"
    return target.command(f"service-quotas request-service-quota-increase {which}")


def _instead(target: Target, parameter: str) -> str:
    """A type that the template allows and the region may have, or another region."""
    allowed = template()["Parameters"][parameter]["AllowedValues"]
    avoided = LACKED if target.region in newer_regions() else ("m5",)
    others = [kind for kind in allowed if family(kind) not in avoided]
    choose = f"in samconfig.toml `{parameter}={others[0]}`, or " if others else ""
    return f"{choose}deploy in another region, such as eu-central-1 or us-east-1"
