"""A laptop cloud as the tests use it: the command line of a user and the APIs of AWS."""

import dataclasses
import functools
import io
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import boto3
import pandas as pd
import pyarrow.parquet as pq

from tests.support.eventually import eventually

ROOT = Path(__file__).parents[2]
RUN_SECONDS = 300


@dataclasses.dataclass(frozen=True, eq=False)
class Cloud:
    state: Path
    variables: dict[str, str] = dataclasses.field(default_factory=dict)  # of the cloud's own environment

    def local(self, *arguments) -> subprocess.CompletedProcess:
        """python -m local ARGUMENTS, as a user types it."""
        return subprocess.run(
            [sys.executable, "-m", "local", *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, **self.variables, "LOCAL_STATE": str(self.state)},
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
        )

    def client(self, service: str):
        settings = json.loads((self.state / "cloud.json").read_text())
        return client(service, settings["endpoint"], settings["region"], settings["account"], settings["secret"])

    @functools.cache  # noqa: B019  a cloud of the tests lives as long as they do, and its stack keeps its outputs
    def outputs(self) -> dict[str, str]:
        name = tomllib.loads((ROOT / "samconfig.toml").read_text())["local"]["global"]["parameters"]["stack_name"]
        stack = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def faults(self, **faults) -> None:
        """Replace the faults at once: the cloud reads the file at every decision, and half a file ends an execution."""
        new = self.state / "faults.wanted"
        new.write_text(json.dumps(faults))
        new.replace(self.state / "faults.json")

    def messages(self, words: str) -> list[str]:
        """What the topic was told, each with its subject, as far as the words stand in it."""
        log = self.state / "logs" / "notifications.log"
        text = log.read_text() if log.exists() else ""
        every = re.split(r"^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d )", text, flags=re.MULTILINE)
        return [message for message in every if words in message]

    def keys(self, bucket: str, prefix: str) -> list[str]:
        pages = (
            self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.outputs()[bucket], Prefix=prefix)
        )
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def stored(self, bucket: str, key: str) -> bytes:
        return self.client("s3").get_object(Bucket=self.outputs()[bucket], Key=key)["Body"].read()

    def lease(self, dataset: str) -> dict:
        return json.loads(self.stored("LakeBucket", f"leads/{dataset}.json"))

    def plan(self, dataset: str, run_id: str) -> dict:
        return json.loads(self.stored("LakeBucket", f"plans/dataset={dataset}/run_id={run_id}/plan.json"))

    def table(self, name: str, dataset: str, run_id: str) -> pd.DataFrame:
        """The run's rows of a table of the lake, in the order of its files."""
        found = self.keys("LakeBucket", f"{name}/dataset={dataset}/run_id={run_id}/")
        parts = [pq.read_table(io.BytesIO(self.stored("LakeBucket", key))).to_pandas() for key in found]
        return pd.concat(parts, ignore_index=True)

    def nudge(self, dataset: str) -> str:
        """Start an execution without a file, as a person does; its ARN."""
        detail = {"bucket": {"name": self.outputs()["IncomingBucket"]}, "object": {"key": f"incoming/{dataset}/"}}
        given = {"stateMachineArn": self.outputs()["StateMachineArn"], "input": json.dumps({"detail": detail})}
        return self.client("stepfunctions").start_execution(**given)["executionArn"]

    def upload(self, key: str, body: bytes) -> str:
        """Drop an object; the ARN of the execution that the event starts."""
        version = self.client("s3").put_object(Bucket=self.outputs()["IncomingBucket"], Key=key, Body=body)["VersionId"]
        (arn,) = eventually(lambda: self.executions_of("version-id", version), 30)
        return arn

    def executions_of(self, field: str, value: str) -> list[str]:
        """The ARNs of the executions for an object whose event has this value."""
        return [
            execution["executionArn"]
            for execution in self.executions()
            if execution["input"]["detail"]["object"].get(field) == value
        ]

    def executions(self) -> list[dict]:
        """Those that an upload started, whatever else tests have started by hand."""
        states, machine = self.client("stepfunctions"), self.outputs()["StateMachineArn"]
        listed = states.list_executions(stateMachineArn=machine)["executions"]
        executions = [execution | {"input": self._input(execution["executionArn"])} for execution in listed]
        return [execution for execution in executions if "detail" in execution["input"]]

    @functools.cache  # noqa: B019  see outputs
    def _input(self, arn: str) -> dict:
        return json.loads(self.client("stepfunctions").describe_execution(executionArn=arn)["input"])

    def ended(self, arn: str, seconds: int = RUN_SECONDS) -> dict:
        """The execution's description once it has ended."""
        states = self.client("stepfunctions")
        return eventually(
            lambda: states.describe_execution(executionArn=arn),
            seconds,
            pause=0.2,
            done=lambda execution: execution["status"] != "RUNNING",
        )

    def cleaned(self, arn: str) -> dict:
        """The clean-up machine's execution for this one, once it has ended."""
        states, machine = self.client("stepfunctions"), f"{self.outputs()['StateMachineArn']}-clean-up"

        def started() -> str:
            for one in states.list_executions(stateMachineArn=machine)["executions"]:
                event = json.loads(states.describe_execution(executionArn=one["executionArn"])["input"])
                if event["detail"]["executionArn"] == arn:
                    return one["executionArn"]
            return ""

        return self.ended(eventually(started))

    def history(self, arn: str) -> list[dict]:
        pages = self.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
        return [event for page in pages for event in page["events"]]

    def left_in_sagemaker(self, name: str = "") -> dict[str, list[str]]:
        """What would cost money and has the text in its name: everything but jobs that have ended."""
        sagemaker = self.client("sagemaker")

        def names(kind: str, key: str, **conditions) -> list[str]:
            pages = sagemaker.get_paginator(f"list_{kind}").paginate(
                **({"NameContains": name} if name else {}), **conditions
            )
            return [item[key] for page in pages for items in page.values() if isinstance(items, list) for item in items]

        left = {
            "endpoints": names("endpoints", "EndpointName"),
            "configs": names("endpoint_configs", "EndpointConfigName"),
            "models": names("models", "ModelName"),
            "jobs": [
                job
                for status in ("InProgress", "Stopping")
                for job in names("training_jobs", "TrainingJobName", StatusEquals=status)
            ],
            "transform jobs": [
                job
                for status in ("InProgress", "Stopping")
                for job in names("transform_jobs", "TransformJobName", StatusEquals=status)
            ],
        }
        return {kind: found for kind, found in left.items() if found}


@functools.cache
def client(service: str, endpoint: str, region: str, account: str, secret: str):
    session: Any = boto3.session.Session()
    return session.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key=secret,
    )


def as_csv(rows: list[dict]) -> bytes:
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    return "\n".join(lines).encode() + b"\n"
