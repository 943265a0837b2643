"""Delete what no run cleaned up: this stack's resources in SageMaker that are older than any run can be.

Every kind goes on its own and nothing is waited for; what cannot go now is named, and the next sweep tries again.
Old versions of the steps' functions go, too.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import ClientError

from common import aws, clock, messages, sagemaker, telemetry, versions
from common.events import LambdaContext, ScheduleEvent, SweepResult
from common.settings import Settings, settings


class NotSwept(Exception):
    """Something of ours is too old and could not be deleted; the message names it."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """How SageMaker lists and ends one kind of resource; the listed fields begin with `field`."""

    word: str
    field: str
    lister: str
    listed: str
    end: str
    chosen: dict[str, str] = dataclasses.field(default_factory=dict)


KINDS = (
    Kind("endpoint", "Endpoint", "list_endpoints", "Endpoints", "delete_endpoint"),
    Kind("endpoint config", "EndpointConfig", "list_endpoint_configs", "EndpointConfigs", "delete_endpoint_config"),
    Kind("model", "Model", "list_models", "Models", "delete_model"),
    Kind(
        "training job", "TrainingJob", "list_training_jobs", "TrainingJobSummaries", "stop_training_job",
        {"StatusEquals": "InProgress"},
    ),
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Resource:
    kind: Kind
    name: str
    arn: str
    age: float  # seconds
    status: str

    def __str__(self) -> str:
        return f"{self.kind.word} {self.name}, {self.age / 3600:.1f} hours old"


@telemetry.step
def handler(event: ScheduleEvent, context: LambdaContext) -> SweepResult:
    setting = settings()
    oldest, swept, failed = sweep(setting, list(alike(setting.stack_name)))  # a failing list deletes nothing
    telemetry.metrics.add_metric("OldestEndpointMinutes", MetricUnit.Count, oldest / 60)
    if swept or failed:
        report(setting, swept, failed)
    failed += versions.sweep([setting.state_machine_arn, f"{setting.state_machine_arn}-clean-up"])
    if failed:
        raise NotSwept("; ".join(failed))
    return {"swept": swept}


def sweep(setting: Settings, resources: list[Resource]) -> tuple[float, list[str], list[str]]:
    """Seconds of the stack's oldest endpoint, what was deleted, and what should have been, with the reason."""
    oldest, swept, failed = 0.0, [], {}
    for resource in resources:
        old = resource.age > setting.sweep_after_hours * 3600
        if not old and resource.kind.word != "endpoint":
            continue
        try:
            if not is_ours(resource, setting.stack_name):
                continue
            if resource.kind.word == "endpoint":
                oldest = max(oldest, resource.age)
            # What a stuck endpoint uses stays with it: without its config SageMaker no longer tells its instances.
            if old and resource.status == "Deleting":
                failed[resource.name] = f"{resource}: SageMaker has begun to delete it and does not get on"
            elif old and resource.name not in failed:
                end(resource)
                swept.append(str(resource))
        except ClientError as error:
            if not old:
                telemetry.logger.warning(f"{resource}, of which SageMaker tells no tags: {error}")
            elif not is_over(resource, error):
                failed[resource.name] = f"{resource}: {error.response['Error'].get('Message', error)}"
    return oldest, swept, list(failed.values())


def alike(stack: str) -> Iterator[Resource]:
    """What bears the stack's prefix; a stack whose name begins with ours and a hyphen has it, too."""
    client: Any = aws.sagemaker()  # its calls and their answers are named by KINDS
    for kind in KINDS:
        for page in client.get_paginator(kind.lister).paginate(NameContains=f"{stack}-", **kind.chosen):
            for listed in page[kind.listed]:
                if (name := listed[f"{kind.field}Name"]).startswith(f"{stack}-"):
                    age = clock.seconds_since(listed["CreationTime"])
                    yield Resource(kind, name, listed[f"{kind.field}Arn"], age, listed.get(f"{kind.field}Status", ""))


def is_ours(resource: Resource, stack: str) -> bool:
    pages = aws.sagemaker().get_paginator("list_tags").paginate(ResourceArn=resource.arn)
    return {"Key": "Stack", "Value": stack} in [tag for page in pages for tag in page["Tags"]]


def end(resource: Resource) -> None:
    getattr(aws.sagemaker(), resource.kind.end)(**{f"{resource.kind.field}Name": resource.name})
    telemetry.logger.warning(f"swept up {resource}")


def is_over(resource: Resource, error: ClientError) -> bool:
    """Whether it went, or the job ended, since it was listed."""
    ended = resource.kind.word == "training job" and error.response["Error"]["Code"] == "ValidationException"
    return ended or sagemaker.is_missing(error)


def report(setting: Settings, swept: list[str], failed: list[str]) -> None:
    """One message for the topic's subscribers about everything that this sweep did and could not do."""
    lines = [f"Older than {setting.sweep_after_hours} hours, which no run takes, and therefore swept up:"]
    lines += [f"- deleted or stopped: {resource}" for resource in swept]
    lines += [f"- still there, and it may cost money: {reason}" for reason in failed]
    if failed:
        lines += ["", "The next sweep tries again; what stays can be deleted in the SageMaker console."]
    subject = f"Leftovers of {setting.stack_name}: {len(swept)} deleted, {len(failed)} still there"
    messages.publish(setting.topic_arn, subject, "\n".join(lines))
