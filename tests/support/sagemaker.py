"""SageMaker with a memory, for unit tests of the steps: what is created, looked at and deleted has a state.

Botocore asks it, so arguments and answers have the shapes of SageMaker, and refusals its codes and words. A resource
has a list of statuses: every look at it, a description or a list, moves it on to the next.
"""

import contextlib
import dataclasses
import datetime
import functools
import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.validate import validate_parameters

ARN = "arn:aws:sagemaker:us-east-1:123456789012"
GONE = ""  # the status after which there is nothing of that name
MADE = "made"  # the status of a model or config, which SageMaker does not tell
BUSY = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
# How ARNs and refusals name each kind.
KINDS = {
    "TrainingJob": ("training-job", "training job"),
    "TransformJob": ("transform-job", "transform job"),
    "Model": ("model", "model"),
    "EndpointConfig": ("endpoint-config", "endpoint configuration"),
    "Endpoint": ("endpoint", "endpoint"),
}
# What CreateTrainingJob takes and DescribeTrainingJob tells, for jobs of which a test says no more.
JOB = {
    "AlgorithmSpecification": {"TrainingInputMode": "File"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}
# Likewise of transform jobs.
TRANSFORM = {
    "ModelName": "m",
    "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://work/requests/"}}},
    "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
}
JOBS = {"TrainingJob": "ResourceConfig", "TransformJob": "TransformResources"}  # and where each names its instances
CONFIG = {"ProductionVariants": [{"VariantName": "all", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}]}


class Refused(Exception):
    """SageMaker's code and message."""

    def __init__(self, message: str, code: str = "ValidationException"):
        super().__init__(code, message)


@dataclasses.dataclass
class Resource:
    kind: str
    name: str
    statuses: list[str]
    created: datetime.datetime
    fields: dict[str, Any]

    @property
    def status(self) -> str:
        return self.statuses[0]

    @property
    def arn(self) -> str:
        return arn(self.kind, self.name)

    def summary(self) -> dict:
        """What SageMaker tells of it in a list."""
        summary = {f"{self.kind}Name": self.name, f"{self.kind}Arn": self.arn, "CreationTime": self.created}
        if self.status != MADE:
            summary |= {f"{self.kind}Status": self.status, "LastModifiedTime": self.created}
        return summary

    def description(self) -> dict:
        description = self.summary() | self.fields
        if self.kind == "TransformJob":
            del description["LastModifiedTime"]
        if self.kind == "TrainingJob":
            description.setdefault("SecondaryStatus", "Training" if self.status == "InProgress" else self.status)
        if self.kind == "TrainingJob" and self.status == "Completed":
            artifacts = {"S3ModelArtifacts": f"s3://lake/models/{self.name}/output/model.tar.gz"}
            description.setdefault("ModelArtifacts", artifacts)
        return description


class SageMaker:
    """Its resources by kind and name.

    `quotas` bounds the instances of all endpoints and of all jobs, by kind. `deleting` and `stopping` are the statuses
    that an endpoint and a job go through once they are asked to. `calls` names the operations so far.
    """

    def __init__(self) -> None:
        self.quotas: dict[str, int] = {}
        self.deleting, self.stopping = ["Deleting", GONE], ["Stopping", "Stopped"]
        self.page_size = 100
        self.calls: list[str] = []
        self._resources: dict[tuple[str, str], Resource] = {}
        self._tags: dict[str, dict[str, str]] = {}
        self._refusals: dict[str, Refused] = {}

    def add(self, kind: str, name: str, *statuses: str, seconds: float = 0, tags: dict | None = None, **fields) -> None:
        """There is one of this age, with these statuses to come; further fields are its description's."""
        defaults: dict[str, dict] = {"TrainingJob": JOB, "TransformJob": TRANSFORM, "EndpointConfig": CONFIG}
        created = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=seconds)
        of_kind = defaults.get(kind, {})
        resource = Resource(kind, name, list(statuses or [MADE]), created, of_kind | fields)
        self._resources[kind, name], self._tags[resource.arn] = resource, tags or {}

    def refuse(self, operation: str, message: str, code: str = "ValidationException") -> None:
        """From now on every such call is refused, whatever there is."""
        self._refusals[operation] = Refused(message, code)

    def status(self, kind: str, name: str) -> str | None:
        """The status that the next look would tell; None where there is nothing of that name."""
        resource = self._resources.get((kind, name))
        return resource.status if resource else None

    def names(self, kind: str) -> list[str]:
        return [name for of_kind, name in self._resources if of_kind == kind]

    def tags(self, kind: str, name: str) -> dict[str, str]:
        return self._tags[arn(kind, name)]

    def described(self, kind: str, name: str) -> dict:
        """What a description would tell, without being a look."""
        return self._resources[kind, name].description()

    def answer(self, model, params, **_) -> tuple[AWSResponse, dict]:
        """Answer a call of botocore, whose event before-call gives the operation's model and the request."""
        self.calls.append(model.name)
        try:
            if model.name in self._refusals:
                raise self._refusals[model.name]
            answer = self._operate(model.name, json.loads(params["body"]))
        except Refused as refused:
            code, message = refused.args
            return AWSResponse("", 400, HTTPHeaders(), None), {"Error": {"Code": code, "Message": message}}
        if model.output_shape:
            # botocore claims that a job has artifacts from its beginning; SageMaker leaves them out until it completes.
            always = {"ModelArtifacts": {"S3ModelArtifacts": ""}} if model.name == "DescribeTrainingJob" else {}
            validate_parameters(always | answer, model.output_shape)
        return AWSResponse("", 200, HTTPHeaders(), None), answer

    def _operate(self, operation: str, asked: dict) -> dict:
        if operation == "ListTags":
            return {"Tags": [{"Key": key, "Value": value} for key, value in self._tags[asked["ResourceArn"]].items()]}
        _, verb, kind = re.split("^(Create|Describe|Delete|Stop|List)", operation)
        if verb == "List":
            return self._list(kind.removesuffix("s"), **asked)
        name = asked.pop(f"{kind}Name")
        if verb == "Create":
            return self._create(kind, name, **asked)
        resource = self._find(kind, name)
        if verb == "Describe":
            description = resource.description()
            self._move_on(resource)
            return description
        if verb == "Stop":
            return self._stop(resource)
        return self._delete(resource)

    def _find(self, kind: str, name: str) -> Resource:
        if (kind, name) in self._resources:
            return self._resources[kind, name]
        if kind == "TrainingJob":
            raise Refused("Requested resource not found.")
        if kind == "TransformJob":
            raise Refused(f'Could not find transform job "{arn(kind, name)}".', "ResourceNotFound")
        raise Refused(f'Could not find {KINDS[kind][1]} "{arn(kind, name)}".')

    def _create(self, kind: str, name: str, Tags: list[dict], **fields) -> dict:
        if (kind, name) in self._resources:
            if kind in JOBS:
                word = KINDS[kind][1].capitalize()
                raise Refused(f"{word} names must be unique within an AWS account and region", "ResourceInUse")
            raise Refused(f'Cannot create already existing {KINDS[kind][1]} "{arn(kind, name)}".')
        for variant in fields.get("ProductionVariants", []):
            self._find("Model", variant["ModelName"])
        if kind == "Endpoint":
            config = self._find("EndpointConfig", fields["EndpointConfigName"])
            (variant,) = config.fields["ProductionVariants"]
            self._reserve(kind, variant["InstanceType"], variant["InitialInstanceCount"])
        if kind == "TransformJob":
            self._find("Model", fields["ModelName"])
        if kind in JOBS:
            resources = fields[JOBS[kind]]
            self._reserve(kind, resources["InstanceType"], resources["InstanceCount"])
        first = {"Endpoint": "Creating"}.get(kind, "InProgress" if kind in JOBS else MADE)
        self.add(kind, name, first, tags={tag["Key"]: tag["Value"] for tag in Tags}, **fields)
        return {f"{kind}Arn": arn(kind, name)}

    def _reserve(self, kind: str, instance_type: str, count: int) -> None:
        """Raises Refused where the account's quota does not allow these instances beside those in use."""
        used = sum(resource.status not in ("Completed", "Failed", "Stopped") for resource in self._of(kind))
        quota = self.quotas.get(kind, used + count)
        if used + count > quota:
            raise Refused(
                f"The account-level service limit '{instance_type} for {KINDS[kind][1]} usage' is {quota} Instances, "
                f"with current utilization of {used} Instances and a request delta of {count} Instances. Please "
                "contact AWS support to request an increase for this limit.",
                "ResourceLimitExceeded",
            )

    def _stop(self, job: Resource) -> dict:
        if job.status != "InProgress":
            raise Refused(f"The request was rejected because the {KINDS[job.kind][1]} is in status {job.status}.")
        job.statuses = list(self.stopping)
        return {}

    def _delete(self, resource: Resource) -> dict:
        if resource.status in BUSY:
            raise Refused(f'Cannot update in-progress endpoint "{resource.arn}".')
        if resource.kind == "Endpoint":
            resource.statuses = list(self.deleting)
        else:
            del self._resources[resource.kind, resource.name]
        return {}

    def _list(self, kind: str, NameContains: str = "", StatusEquals: str = "", NextToken: str = "0", **_) -> dict:
        chosen = [
            resource
            for resource in self._of(kind)
            if NameContains in resource.name and StatusEquals in (resource.status, "")
        ]
        end = int(NextToken) + self.page_size
        page = chosen[int(NextToken) : end]
        summaries = [resource.summary() for resource in page]
        for resource in page:
            self._move_on(resource)
        more = {"NextToken": str(end)} if end < len(chosen) else {}
        return {f"{kind}Summaries" if kind in JOBS else f"{kind}s": summaries, **more}

    def _of(self, kind: str) -> list[Resource]:
        return [resource for resource in self._resources.values() if resource.kind == kind]

    def _move_on(self, resource: Resource) -> None:
        if len(resource.statuses) > 1:
            resource.statuses.pop(0)
        if resource.status == GONE:
            del self._resources[resource.kind, resource.name]


def arn(kind: str, name: str) -> str:
    return f"{ARN}:{KINDS[kind][0]}/{name}"


@functools.cache
def client():
    """One client of botocore for all tests, since its model of SageMaker takes long to read."""
    session = boto3.session.Session()
    return session.client(
        "sagemaker", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )


@contextlib.contextmanager
def answering(sagemaker: SageMaker) -> Iterator[Any]:
    """The client, whose calls go to this SageMaker meanwhile."""
    events = client().meta.events
    events.register_first("before-call.sagemaker", sagemaker.answer)
    try:
        yield client()
    finally:
        events.unregister("before-call.sagemaker", sagemaker.answer)
