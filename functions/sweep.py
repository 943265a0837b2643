"""Delete what no run cleaned up: this stack's resources in SageMaker that are older than any run can be.

Every kind goes on its own and nothing is waited for; what cannot go now is named, and the next sweep tries again.
"""

import dataclasses
from collections.abc import Iterator

from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import ClientError

from common import aws, clock, sagemaker, telemetry
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
class Found:
    kind: Kind
    name: str
    arn: str
    age: float  # seconds
    status: str

    def __str__(self) -> str:
        return f"{self.kind.word} {self.name}, {self.age / 3600:.1f} hours old"


@telemetry.step
def handler(event, context):
    setting, oldest, swept, failed = settings(), 0.0, [], {}
    for one in list(alike(setting.stack_name)):  # a failing list deletes nothing
        old = one.age > setting.sweep_after_hours * 3600
        if not old and one.kind.word != "endpoint":
            continue
        try:
            if not is_ours(one, setting.stack_name):
                continue
            if one.kind.word == "endpoint":
                oldest = max(oldest, one.age)
            # What a stuck endpoint uses stays with it: without its config SageMaker no longer tells its instances.
            if old and one.status == "Deleting":
                failed[one.name] = f"{one}: SageMaker has begun to delete it and does not get on"
            elif old and one.name not in failed:
                end(one)
                swept.append(str(one))
        except ClientError as error:
            if not old:
                telemetry.logger.warning(f"{one}, of which SageMaker tells no tags: {error}")
            elif not is_over(one, error):
                failed[one.name] = f"{one}: {error.response['Error'].get('Message', error)}"
    telemetry.metrics.add_metric("OldestEndpointMinutes", MetricUnit.Count, oldest / 60)
    if swept or failed:
        tell(setting, swept, list(failed.values()))
    if failed:
        raise NotSwept("; ".join(failed.values()))
    return {"swept": swept}


def alike(stack: str) -> Iterator[Found]:
    """What bears the stack's prefix; a stack whose name begins with ours and a hyphen has it, too."""
    client = aws.client("sagemaker")
    for kind in KINDS:
        for page in client.get_paginator(kind.lister).paginate(NameContains=f"{stack}-", **kind.chosen):
            for one in page[kind.listed]:
                if (name := one[f"{kind.field}Name"]).startswith(f"{stack}-"):
                    age = clock.seconds_since(one["CreationTime"])
                    yield Found(kind, name, one[f"{kind.field}Arn"], age, one.get(f"{kind.field}Status", ""))


def is_ours(one: Found, stack: str) -> bool:
    pages = aws.client("sagemaker").get_paginator("list_tags").paginate(ResourceArn=one.arn)
    return {"Key": "Stack", "Value": stack} in [tag for page in pages for tag in page["Tags"]]


def end(one: Found) -> None:
    getattr(aws.client("sagemaker"), one.kind.end)(**{f"{one.kind.field}Name": one.name})
    telemetry.logger.warning(f"swept up {one}")


def is_over(one: Found, error: ClientError) -> bool:
    """Whether it went, or the job ended, since it was listed."""
    ended = one.kind.word == "training job" and error.response["Error"]["Code"] == "ValidationException"
    return ended or sagemaker.is_missing(error)


def tell(setting: Settings, swept: list[str], failed: list[str]) -> None:
    """One message for the topic's subscribers about everything that this sweep did and could not do."""
    lines = [f"Older than {setting.sweep_after_hours} hours, which no run takes, and therefore swept up:"]
    lines += [f"- deleted or stopped: {one}" for one in swept]
    lines += [f"- still there, and it may cost money: {one}" for one in failed]
    if failed:
        lines += ["", "The next sweep tries again; what stays can be deleted in the SageMaker console."]
    subject = f"Leftovers of {setting.stack_name}: {len(swept)} deleted, {len(failed)} still there"
    aws.client("sns").publish(TopicArn=setting.topic_arn, Subject=subject, Message="\n".join(lines))
