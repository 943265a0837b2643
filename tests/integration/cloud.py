"""A laptop cloud as the tests use it: the command line of a user and the APIs of AWS."""

import dataclasses
import json
import os
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import boto3

ROOT = Path(__file__).parents[2]
RUN_SECONDS = 300


@dataclasses.dataclass(frozen=True)
class Cloud:
    state: Path

    def local(self, *arguments) -> subprocess.CompletedProcess:
        """python -m local ARGUMENTS, as a user types it."""
        return subprocess.run(
            [sys.executable, "-m", "local", *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, "LOCAL_STATE": str(self.state)},
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
        )

    def client(self, service: str):
        settings = json.loads((self.state / "cloud.json").read_text())
        session: Any = boto3.session.Session()
        return session.client(
            service,
            endpoint_url=settings["endpoint"],
            region_name=settings["region"],
            aws_access_key_id=settings["account"],
            aws_secret_access_key="laptop",
        )

    def outputs(self) -> dict[str, str]:
        name = tomllib.loads((ROOT / "samconfig.toml").read_text())["local"]["global"]["parameters"]["stack_name"]
        stack = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def faults(self, **faults) -> None:
        (self.state / "faults.json").write_text(json.dumps(faults))

    def keys(self, bucket: str, prefix: str) -> list[str]:
        pages = (
            self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.outputs()[bucket], Prefix=prefix)
        )
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def upload(self, key: str, body: bytes) -> str:
        """Drop an object; the ARN of the execution that the event starts."""
        version = self.client("s3").put_object(Bucket=self.outputs()["IncomingBucket"], Key=key, Body=body)["VersionId"]
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for execution in self.executions():
                if execution["input"]["detail"]["object"].get("version-id") == version:
                    return execution["executionArn"]
            time.sleep(0.2)
        raise AssertionError(f"{key} started no execution")

    def executions(self) -> list[dict]:
        states, machine = self.client("stepfunctions"), self.outputs()["StateMachineArn"]
        arns = [one["executionArn"] for one in states.list_executions(stateMachineArn=machine)["executions"]]
        described = [states.describe_execution(executionArn=arn) for arn in arns]
        return [one | {"input": json.loads(one["input"])} for one in described]

    def ended(self, arn: str) -> dict:
        """The execution's description once it has ended."""
        states, deadline = self.client("stepfunctions"), time.monotonic() + RUN_SECONDS
        while time.monotonic() < deadline:
            described = states.describe_execution(executionArn=arn)
            if described["status"] != "RUNNING":
                return described
            time.sleep(0.5)
        raise AssertionError(f"{arn} still runs after {RUN_SECONDS} s")

    def history(self, arn: str) -> list[dict]:
        pages = self.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
        return [event for page in pages for event in page["events"]]

    def left_in_sagemaker(self) -> dict[str, list[str]]:
        """What would cost money: everything but jobs that have ended."""
        sagemaker = self.client("sagemaker")
        jobs = sagemaker.list_training_jobs()["TrainingJobSummaries"]
        running = [job["TrainingJobName"] for job in jobs if job["TrainingJobStatus"] in ("InProgress", "Stopping")]
        left = {
            "endpoints": [one["EndpointName"] for one in sagemaker.list_endpoints()["Endpoints"]],
            "configs": [one["EndpointConfigName"] for one in sagemaker.list_endpoint_configs()["EndpointConfigs"]],
            "models": [one["ModelName"] for one in sagemaker.list_models()["Models"]],
            "jobs": running,
        }
        return {kind: names for kind, names in left.items() if names}


def eventually(found):
    """The first truthy answer of found(). Raises AssertionError after a deadline."""
    deadline = time.monotonic() + RUN_SECONDS
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"it has not come within {RUN_SECONDS} s")


def as_csv(rows: list[dict]) -> bytes:
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    return "\n".join(lines).encode() + b"\n"
