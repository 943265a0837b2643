"""The sweep by its own role: what bears the stack's name and tag goes by its age, another stack's stays."""

import json

import pytest

from tests.support.eventually import eventually

STACK = "stock-forecasts-local"


@pytest.fixture
def sweep(cloud):
    """sweep() invokes the function as a schedule does, with an age that everything has reached."""
    client, formation = cloud.client("lambda"), cloud.client("cloudformation")
    detail = formation.describe_stack_resource(StackName=STACK, LogicalResourceId="SweepFunction")[
        "StackResourceDetail"
    ]
    name = detail["PhysicalResourceId"]
    variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]

    def call():
        answer = client.invoke(FunctionName=name, Payload=b"{}")
        return answer.get("FunctionError"), json.loads(answer["Payload"].read())

    client.update_function_configuration(
        FunctionName=name, Environment={"Variables": variables | {"SWEEP_AFTER_HOURS": "0"}}
    )
    yield call
    client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


@pytest.fixture
def leave(cloud):
    """leave(name, stack) creates model, endpoint config and endpoint of a stack."""
    sagemaker, s3, bucket = cloud.client("sagemaker"), cloud.client("s3"), cloud.outputs()["LakeBucket"]
    role = cloud.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId="EndpointRole")
    arn = cloud.client("iam").get_role(RoleName=role["StackResourceDetail"]["PhysicalResourceId"])["Role"]["Arn"]
    s3.put_object(Bucket=bucket, Key="models/left/model.tar.gz", Body=b"no archive, so the endpoint ends as Failed")
    names = []

    def create(name, stack):
        tags = [{"Key": "Stack", "Value": stack}]
        container = {"Image": "i", "ModelDataUrl": f"s3://{bucket}/models/left/model.tar.gz"}
        variant = {"VariantName": "all", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        sagemaker.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=arn, Tags=tags)
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], Tags=tags)
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name, Tags=tags)
        eventually(lambda: sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "Failed")
        names.append(name)

    yield create
    existing = {one["EndpointName"] for one in sagemaker.list_endpoints()["Endpoints"]}
    for name in existing & set(names):
        sagemaker.delete_endpoint(EndpointName=name)
        sagemaker.delete_endpoint_config(EndpointConfigName=name)
        sagemaker.delete_model(ModelName=name)
    s3.delete_object(Bucket=bucket, Key="models/left/model.tar.gz")


def test_the_sweep_deletes_its_own_stacks_leftovers_and_tells_of_them(cloud, sweep, leave):
    mine, others = f"{STACK}-left-1", f"{STACK}-b-left-2"
    leave(mine, STACK)
    leave(others, f"{STACK}-b")
    error, answer = sweep()
    assert error is None, answer
    assert [words.split(",")[0] for words in answer["swept"]] == [
        f"{kind} {mine}" for kind in ("endpoint", "endpoint config", "model")
    ]
    log = (cloud.state / "logs" / "notifications.log").read_text()
    assert f"deleted or stopped: endpoint {mine}" in log
    assert cloud.left_in_sagemaker()["models"] == [others]


def test_a_sweep_that_finds_nothing_is_silent(cloud, sweep):
    log = cloud.state / "logs" / "notifications.log"
    before = log.read_text() if log.exists() else ""
    assert sweep() == (None, {"swept": []})
    assert (log.read_text() if log.exists() else "") == before
