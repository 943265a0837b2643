"""A cloud of their own for the tests of a module, without the stack: the tests make functions, roles and machines."""

import functools
import io
import itertools
import json
import tempfile
import zipfile
from pathlib import Path

import pytest

from local import cloud, paths
from tests.support import crawler_lab
from tests.support.eventually import eventually
from tests.support.signed import BUCKET, Signer

DEADLINE = 60
NUMBER = itertools.count()


@pytest.fixture(scope="module")
def laptop():
    """The client factory of a running cloud whose state is a temporary folder."""
    before = paths.STATE
    with tempfile.TemporaryDirectory() as folder:
        paths.use(Path(folder))
        try:
            cloud.start()
            yield cloud.client
        finally:
            cloud.stop()
            paths.use(before)


@pytest.fixture(scope="module")
def make_role(laptop):
    """make_role(name, service, *statements) -> ARN"""

    def make(name, service, *statements):
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        role = laptop("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
        if statements:
            policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            laptop("iam").put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy)
        return role["Role"]["Arn"]

    return make


@pytest.fixture(scope="module")
def root(laptop):
    """What signs with the cloud's own key; there is a bucket."""
    laptop("s3").create_bucket(Bucket=BUCKET)
    settings = cloud.settings()
    return Signer(settings["endpoint"], settings["account"], settings["secret"])


@pytest.fixture(scope="module")
def reader(laptop, root, make_role):
    """A role that may read the bucket, with keys of this cloud's STS."""
    make_role("reader", "lambda.amazonaws.com", {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"})
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    laptop("iam").update_assume_role_policy(RoleName="reader", PolicyDocument=json.dumps({"Statement": [trust]}))
    arn = f"arn:aws:iam::{paths.ACCOUNT}:role/reader"
    keys = laptop("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    return Signer(root.endpoint, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


@pytest.fixture
def put(laptop, root):
    """A signed PutObject that nobody has sent yet."""
    laptop("s3").delete_object(Bucket=BUCKET, Key="a.txt")
    return root.call("s3", "PUT", f"/{BUCKET}/a.txt", b"text", x_amz_meta_who="me", content_type="text/plain")


@pytest.fixture(scope="module")
def make_function(laptop, make_role):
    """make_function(name, source, *statements, **settings) -> ARN; the source's handler is `handler`"""

    def make(name, source, *statements, **settings):
        role = make_role(f"{name}-role", "lambda.amazonaws.com", *statements)
        created = laptop("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="work.handler",
            Role=role,
            Code={"ZipFile": zip_files({"work.py": source})},
            **{"Timeout": 10, **settings},
        )
        active = laptop("lambda").get_waiter("function_active_v2")
        active.wait(FunctionName=name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 50 * DEADLINE})
        return created["FunctionArn"]

    return make


@pytest.fixture(scope="module")
def execute(laptop, make_role):
    """execute(states, start, input, **machine settings) -> (description, events); with a deadline.

    execute.start(...) -> ARN does not wait, execute.finish(ARN) does.
    """
    count = iter(range(1000))

    def run(states, start, data=None, functions=(), **settings):
        arn = start_machine(states, start, data, functions, **settings)
        return finished(laptop, arn)

    def start_machine(states, start, data=None, functions=(), **settings):
        name = f"machine-{next(count)}"
        statements = (
            [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": list(functions)}] if functions else []
        )
        definition = {"QueryLanguage": "JSONata", "StartAt": start, "States": states, **settings}
        machine = laptop("stepfunctions").create_state_machine(
            name=name,
            definition=json.dumps(definition),
            roleArn=make_role(name, "states.amazonaws.com", *statements),
        )["stateMachineArn"]
        started = laptop("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps(data or {}))
        return started["executionArn"]

    run.start = start_machine
    run.finish = functools.partial(finished, laptop)
    return run


def finished(laptop, arn):
    states = laptop("stepfunctions")
    described = eventually(
        lambda: states.describe_execution(executionArn=arn),
        DEADLINE,
        pause=0.05,
        done=lambda execution: execution["status"] != "RUNNING",
    )
    return described, states.get_execution_history(executionArn=arn, maxResults=1000)["events"]


@pytest.fixture(scope="session")
def zipped():
    return zip_files


def zip_files(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def crawler_role(make_role):
    return make_role("crawler", "glue.amazonaws.com", crawler_lab.ALL)


@pytest.fixture(scope="module")
def crawler_clients(laptop):
    return laptop("glue"), laptop("s3"), laptop("logs")


@pytest.fixture
def lab(crawler_clients, crawler_role):
    return crawler_lab.Lab(crawler_clients, crawler_role, f"lab-{next(NUMBER)}")
