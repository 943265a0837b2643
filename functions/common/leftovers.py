"""What this stack has in SageMaker, by its names and its tag, and how each kind of it ends."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from common import aws, clock, sagemaker


@dataclasses.dataclass(frozen=True)
class Kind:
    """How SageMaker lists and ends one kind of resource; the listed fields begin with `field`."""

    word: str
    field: str
    lister: str
    listed: str
    end: str
    chosen: dict[str, str] = dataclasses.field(default_factory=dict)


ENDPOINT = Kind("endpoint", "Endpoint", "list_endpoints", "Endpoints", "delete_endpoint")
CONFIG = Kind("endpoint config", "EndpointConfig", "list_endpoint_configs", "EndpointConfigs", "delete_endpoint_config")
MODEL = Kind("model", "Model", "list_models", "Models", "delete_model")
JOB = Kind(
    "training job", "TrainingJob", "list_training_jobs", "TrainingJobSummaries", "stop_training_job",
    {"StatusEquals": "InProgress"},
)  # fmt: skip
TRANSFORM = Kind(
    "transform job", "TransformJob", "list_transform_jobs", "TransformJobSummaries", "stop_transform_job",
    {"StatusEquals": "InProgress"},
)  # fmt: skip
JOBS = (JOB, TRANSFORM)
STOPPING = tuple(dataclasses.replace(kind, chosen={"StatusEquals": "Stopping"}) for kind in JOBS)
KINDS = (ENDPOINT, CONFIG, MODEL, *JOBS)


@dataclasses.dataclass(frozen=True)
class Resource:
    kind: Kind
    name: str
    arn: str
    age: float  # seconds
    status: str

    def __str__(self) -> str:
        return f"{self.kind.word} {self.name}, {self.age / 3600:.1f} hours old"


def alike(stack: str, kinds: tuple[Kind, ...] = KINDS) -> Iterator[Resource]:
    """What bears the stack's prefix; a stack whose name begins with ours and a hyphen has it, too."""
    client: Any = aws.sagemaker()  # its calls and their answers are named by KINDS
    for kind in kinds:
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


def is_over(resource: Resource, error: ClientError) -> bool:
    """Whether it went, or the job ended, since it was listed."""
    ended = resource.kind in JOBS and error.response["Error"]["Code"] == "ValidationException"
    return ended or sagemaker.is_missing(error)
