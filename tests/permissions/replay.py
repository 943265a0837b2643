"""A finished run on the laptop cloud whose steps can be taken again, each with less than its role is granted."""

import contextlib
import functools
import itertools
import json
from collections.abc import Iterator

from tests.permissions.policies import Grant, flattened, grants_of
from tests.support import csv_files
from tests.support.cloud import Cloud
from tests.support.eventually import eventually

DATASET = "needed"
SECONDS = 60
ALARM = {
    "region": "us-east-1",
    "alarmData": {
        "alarmName": "some",
        "state": {"value": "ALARM", "reason": "threshold crossed", "timestamp": "2026-01-01T00:00:00.000+0000"},
    },
}


def prices_csv(days: int = 320) -> bytes:
    """One ticker, one too short to be forecast, a row whose price is none, and one that contradicts another."""
    alder, short = csv_files.bars("ALDER", 7, days, memory=0), csv_files.bars("SHORT", 8, 20, memory=0)
    first = alder["date"][0]
    bad = [f"ALDER,{first},ten", f"ALDER,{first},1"]
    return csv_files.csv(*(frame[["ticker", "date", "adjclose"]] for frame in (alder, short))) + "\n".join(bad).encode()


class Replay:
    """The run, what the machine gave each function in it, and the roles' policies.

    It is the second of its dataset, so it has a base, and the dataset has a settings.json.
    """

    def __init__(self, cloud: Cloud):
        self.cloud, self.outputs = cloud, cloud.outputs()
        self.client = functools.cache(cloud.client)
        self.stack = self.outputs["StateMachineArn"].rpartition(":")[2]
        self._numbers = itertools.count()
        cloud.faults(scripted={"match": f"-{DATASET}-"})
        self.uploaded("settings.json", b'{"mode": "append"}')
        self.uploaded("older.csv", prices_csv(300))
        self.arn = self.uploaded("prices.csv", prices_csv())
        self.payloads = self.recorded(self.arn)  # and what others than the machine give a function
        self.payloads["FindRunFunction"] = {"execution_arn": self.arn}
        self.payloads |= {"WriteRequestsFunction": self.payloads["ScaleFunction"]}  # as the other mode would give them
        self.payloads |= {"StartTransformFunction": self.payloads["CreateEndpointFunction"]}
        self.payloads |= {"CheckTransformFunction": {"run": self.payloads["CreateEndpointFunction"]["run"]}}
        self.payloads |= {"SweepFunction": {}, "ResumeFunction": {}, "RetireFunction": {}, "ReportAlarmFunction": ALARM}
        self.run = self.payloads["ScaleFunction"]["run"]
        self.source = {name: self.payloads["SplitFunction"][name] for name in ("bucket", "key", "version_id")}
        self.aborted = self._abort()
        self.served = self.endpoint = ""  # the execution that made the newest endpoint, and its name
        self.transformed = ""  # the newest transform job
        self.foreign = self.outputs["LakeBucket"].replace("-lake-", "-foreign-")
        self.client("s3").create_bucket(Bucket=self.foreign)

    def _abort(self) -> str:
        """An execution that a person stopped after Split had begun, in a dataset of its own: nobody waits for it."""
        arn = self.cloud.upload("incoming/aborted/aborted.csv", prices_csv())
        eventually(lambda: "SplitFunction" in self.recorded(arn))
        self.client("stepfunctions").stop_execution(executionArn=arn)
        self.cloud.ended(arn)
        return arn

    def uploaded(self, name: str, body: bytes) -> str:
        """The ARN of the execution that took the object, once it has succeeded."""
        arn = self.cloud.upload(f"incoming/{DATASET}/{name}", body)
        ended = self.cloud.ended(arn)
        assert ended["status"] == "SUCCEEDED", ended
        return arn

    def recorded(self, arn: str) -> dict[str, dict]:
        """What an execution gave each function, by logical name."""
        details = [event.get("taskScheduledEventDetails") for event in self.cloud.history(arn)]
        scheduled = [json.loads(detail["parameters"]) for detail in details if detail]
        return {self.logical(one["FunctionName"]): one["Payload"] for one in scheduled}

    @functools.cache  # noqa: B019  a replayed lives as long as its tests
    def physical(self, kind: str) -> dict[str, str]:
        """The names in the cloud of the stack's resources of one type."""
        found = self.client("cloudformation").describe_stack_resources(StackName=self.stack)["StackResources"]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found if one["ResourceType"] == kind}

    def function(self, logical: str) -> str:
        return self.physical("AWS::Lambda::Function")[logical]

    def logical(self, function_arn: str) -> str:
        """The template's name of the function whose version this is."""
        name = function_arn.split(":")[6]
        return next(logical for logical, one in self.physical("AWS::Lambda::Function").items() if one == name)

    def new(self) -> str:
        """An execution's name that has not been yet."""
        return f"execution-{next(self._numbers)}"

    def call(self, function: str, **changes) -> tuple[str, str]:
        """What the function was refused with, and what it answered, to the recorded payload with these changes."""
        payload = json.dumps(self.payloads[function] | changes)
        answer = self.client("lambda").invoke(FunctionName=self.function(function), Payload=payload)
        body = answer["Payload"].read().decode()
        return (json.loads(body)["errorMessage"], "") if "FunctionError" in answer else ("", body)

    def policy(self, role: str) -> tuple[str, dict]:
        """Name and document of the role's one policy as it is deployed."""
        iam, name = self.client("iam"), self.physical("AWS::IAM::Role")[role]
        (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
        return policy, iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]

    def put(self, role: str, policy: str, document: dict) -> None:
        name = self.physical("AWS::IAM::Role")[role]
        self.client("iam").put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))

    @contextlib.contextmanager
    def statements(self, role: str, statements: list[dict]) -> Iterator[None]:
        """The role has these statements only, meanwhile."""
        policy, document = self.policy(role)
        self.put(role, policy, {**document, "Statement": statements})
        try:
            yield
        finally:
            self.put(role, policy, document)

    @contextlib.contextmanager
    def without(self, grant: Grant) -> Iterator[str]:
        """The role lacks the one grant meanwhile; yields the grant's resource as it is deployed."""
        statements, grants = flattened(self.policy(grant.role)[1]), grants_of(grant.role)
        assert [one["Action"] for one in statements] == [one.action for one in grants]
        place = grants.index(grant)
        with self.statements(grant.role, statements[:place] + statements[place + 1 :]):
            yield statements[place]["Resource"]
