import boto3
import pytest

import create_endpoint
from common import keys
from common.errors import NoQuota, QuotaReached
from common.events import Run

RUN: Run = {"run_id": "us-0123456789ab", "dataset": "us", "shards": 1}
EVENT = {"run": RUN, "execution_name": "e1", "model_uri": "s3://lake/models/j/output/model.tar.gz"}
NAME = keys.resource_name("stocks", RUN, "e1")
ARN = "arn:aws:sagemaker:us-east-1:123456789012:"


def test_model_config_and_endpoint_are_created_and_tagged(buckets, context):
    assert create_endpoint.handler(EVENT, context) == {"endpoint_name": NAME}
    sagemaker = boto3.client("sagemaker")
    model = sagemaker.describe_model(ModelName=NAME)
    config = sagemaker.describe_endpoint_config(EndpointConfigName=NAME)
    endpoint = sagemaker.describe_endpoint(EndpointName=NAME)
    assert model["PrimaryContainer"]["ModelDataUrl"] == EVENT["model_uri"]
    assert model["PrimaryContainer"]["Image"].endswith("tensorflow-inference:2")
    assert model["ExecutionRoleArn"].endswith("role/endpoint")
    (variant,) = config["ProductionVariants"]
    assert (variant["ModelName"], variant["InstanceType"], variant["InitialInstanceCount"]) == (NAME, "ml.m5.large", 1)
    assert endpoint["EndpointConfigName"] == NAME
    for arn in (model["ModelArn"], config["EndpointConfigArn"], endpoint["EndpointArn"]):
        tags = sagemaker.list_tags(ResourceArn=arn)["Tags"]
        assert {tag["Key"]: tag["Value"] for tag in tags} == {"Stack": "stocks", "Dataset": "us", "Run": RUN["run_id"]}


@pytest.mark.parametrize("key", ["", "arn:aws:kms:us-east-1:123456789012:key/k"])
def test_a_key_of_ones_own_encrypts_the_endpoints_volume(buckets, context, monkeypatch, key):
    monkeypatch.setenv("KMS_KEY_ARN", key)
    create_endpoint.handler(EVENT, context)
    assert boto3.client("sagemaker").describe_endpoint_config(EndpointConfigName=NAME).get("KmsKeyId", "") == key


def test_a_retry_goes_on_where_the_earlier_try_stopped(stub, context):
    sagemaker = stub("sagemaker")
    for call, kind in (("create_model", "model"), ("create_endpoint_config", "endpoint configuration")):
        sagemaker.add_client_error(call, "ValidationException", f'Cannot create already existing {kind} "{ARN}x".')
    sagemaker.add_response("create_endpoint", {"EndpointArn": f"{ARN}endpoint/{NAME}"})
    assert create_endpoint.handler(EVENT, context) == {"endpoint_name": NAME}


def test_a_retry_after_everything_was_created_is_fine(stub, context):
    sagemaker = stub("sagemaker")
    for call in ("create_model", "create_endpoint_config", "create_endpoint"):
        sagemaker.add_client_error(call, "ValidationException", f'Cannot create already existing thing "{ARN}x".')
    assert create_endpoint.handler(EVENT, context) == {"endpoint_name": NAME}


@pytest.mark.parametrize(("limit", "error"), [(0, NoQuota), (2, QuotaReached)])
def test_a_quota_names_what_to_change(stub, context, limit, error):
    sagemaker = stub("sagemaker")
    sagemaker.add_response("create_model", {"ModelArn": f"{ARN}model/{NAME}"})
    sagemaker.add_response("create_endpoint_config", {"EndpointConfigArn": f"{ARN}endpoint-config/{NAME}"})
    sagemaker.add_client_error(
        "create_endpoint",
        "ResourceLimitExceeded",
        f"The account-level service limit 'ml.m5.large for endpoint usage' is {limit} Instances, with current "
        "utilization of 0 Instances and a request delta of 1 Instances.",
    )
    with pytest.raises(error, match=r"ml.m5.large for endpoint usage.*EndpointInstanceType"):
        create_endpoint.handler(EVENT, context)


def test_a_role_that_cannot_be_assumed_is_not_taken_for_success(stub, context):
    sagemaker = stub("sagemaker")
    sagemaker.add_client_error("create_model", "ValidationException", "Could not assume role")
    with pytest.raises(sagemaker.client.exceptions.ClientError, match="assume role"):
        create_endpoint.handler(EVENT, context)
