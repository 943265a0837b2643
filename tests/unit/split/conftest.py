"""A bucket to drop files into, and executions that Split may find at work."""

import boto3
import pytest

from tests.support.split_runs import GOOD, OURS


@pytest.fixture
def drop(buckets):
    """Put a file into the incoming bucket; the event that Split gets for it."""
    buckets.put_bucket_versioning(Bucket="incoming", VersioningConfiguration={"Status": "Enabled"})

    def put(content=GOOD, key="incoming/Daily/prices.csv", execution_arn=OURS):
        body = content.encode() if isinstance(content, str) else content
        version = buckets.put_object(Bucket="incoming", Key=key, Body=body)["VersionId"]
        source = {"bucket": "incoming", "key": key, "version_id": version}
        return source | {"size": len(body), "execution_arn": execution_arn}

    return put


@pytest.fixture
def execution(buckets):
    """Start an execution of some name; its ARN."""
    states = boto3.client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/machine"
    machine = states.create_state_machine(name="machine", definition="{}", roleArn=role)["stateMachineArn"]
    return lambda name: states.start_execution(stateMachineArn=machine, name=name)["executionArn"]
