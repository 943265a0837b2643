import pytest
from botocore.exceptions import ClientError

import create_endpoint
from common import keys
from common.errors import NoQuota, QuotaReached
from common.events import Run

RUN: Run = {"run_id": "us-0123456789ab", "dataset": "us", "shards": 1}
EVENT = {"run": RUN, "execution_name": "e1", "attempt": 0, "model_uri": "s3://lake/models/j/output/model.tar.gz"}
NAME = keys.resource_name("stocks", RUN, "e1")
KINDS = ("Model", "EndpointConfig", "Endpoint")


@pytest.fixture
def create(sagemaker, logs, context):
    return lambda: create_endpoint.handler(EVENT, context)


def test_model_config_and_endpoint_are_created_and_tagged(sagemaker, create):
    assert create() == {"endpoint_name": NAME}
    model, config, endpoint = (sagemaker.described(kind, NAME) for kind in KINDS)
    assert model["PrimaryContainer"]["ModelDataUrl"] == EVENT["model_uri"]
    assert model["PrimaryContainer"]["Image"].endswith("tensorflow-inference:2")
    assert model["ExecutionRoleArn"].endswith("role/endpoint")
    (variant,) = config["ProductionVariants"]
    assert (variant["ModelName"], variant["InstanceType"], variant["InitialInstanceCount"]) == (NAME, "ml.m5.large", 1)
    assert endpoint["EndpointConfigName"] == NAME
    for kind in KINDS:
        assert sagemaker.tags(kind, NAME) == {"Stack": "stocks", "Dataset": "us", "Run": RUN["run_id"]}


@pytest.mark.parametrize("key", ["", "arn:aws:kms:us-east-1:123456789012:key/k"])
def test_a_key_of_ones_own_encrypts_the_endpoints_volume(sagemaker, create, monkeypatch, key):
    monkeypatch.setenv("KMS_KEY_ARN", key)
    create()
    assert sagemaker.described("EndpointConfig", NAME).get("KmsKeyId", "") == key


@pytest.mark.parametrize("key", ["", "arn:aws:kms:us-east-1:123456789012:key/k"])
def test_its_log_has_the_stacks_retention_tag_and_key_before_it_is_created(sagemaker, logs, create, monkeypatch, key):
    monkeypatch.setenv("KMS_KEY_ARN", key)
    monkeypatch.setenv("LOG_RETENTION_DAYS", "7")
    sagemaker.refuse("CreateEndpoint", "not yet")
    with pytest.raises(ClientError, match="not yet"):
        create()
    (group,) = logs.describe_log_groups()["logGroups"]
    assert group["logGroupName"] == f"/aws/sagemaker/Endpoints/{NAME}"
    assert (group["retentionInDays"], group.get("kmsKeyId", "")) == (7, key)
    tags = logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
    assert tags == {"Stack": "stocks", "Dataset": "us", "Run": RUN["run_id"]}


def test_a_log_that_an_earlier_try_made_gets_its_retention(logs, create):
    logs.create_log_group(logGroupName=f"/aws/sagemaker/Endpoints/{NAME}")
    create()
    assert [group["retentionInDays"] for group in logs.describe_log_groups()["logGroups"]] == [30]


@pytest.mark.parametrize("existing", [0, 1, 2, 3])
def test_a_retry_goes_on_where_the_earlier_try_stopped(sagemaker, create, existing):
    for kind in KINDS[:existing]:
        sagemaker.add(kind, NAME)
    assert create() == {"endpoint_name": NAME}
    assert [sagemaker.names(kind) for kind in KINDS] == [[NAME]] * 3


@pytest.mark.parametrize(("limit", "error"), [(0, NoQuota), (2, QuotaReached)])
def test_a_quota_names_what_to_change(sagemaker, create, limit, error):
    sagemaker.quotas["Endpoint"] = limit
    for number in range(limit):
        sagemaker.add("Endpoint", f"other-{number}", "InService")
    with pytest.raises(error, match=r"ml.m5.large for endpoint usage.*EndpointInstanceType"):
        create()
    assert NAME not in sagemaker.names("Endpoint")


def test_a_role_that_cannot_be_assumed_is_not_taken_for_success(sagemaker, create):
    sagemaker.refuse("CreateModel", "Could not assume role")
    with pytest.raises(ClientError, match="assume role"):
        create()


@pytest.fixture
def attempt(sagemaker, logs, context):
    """attempt(N): one of the later tries, of which each has names of its own."""
    return lambda number: create_endpoint.handler({**EVENT, "attempt": number}, context)["endpoint_name"]


def test_a_failed_attempt_makes_room_for_the_next_within_a_quota_of_one(sagemaker, attempt):
    sagemaker.quotas["Endpoint"] = 1
    first = attempt(0)
    sagemaker.add("Endpoint", first, "Failed")
    with pytest.raises(QuotaReached):
        attempt(1)
    assert sagemaker.status("Endpoint", first) == "Deleting"
    second = attempt(1)  # the machine asks again
    assert sagemaker.names("Endpoint") == [second]
    sagemaker.add("Endpoint", second, "Failed")
    with pytest.raises(QuotaReached):
        attempt(2)
    third = attempt(2)
    assert sagemaker.names("Endpoint") == [third]


@pytest.mark.parametrize("status", ["Creating", "InService", "Deleting"])
def test_nothing_but_a_failed_attempt_is_deleted(sagemaker, attempt, status):
    sagemaker.add("Endpoint", NAME, status)
    attempt(1)
    assert sagemaker.status("Endpoint", NAME) == status
    assert "DeleteEndpoint" not in sagemaker.calls


def test_an_attempt_before_that_is_gone_is_no_obstacle(sagemaker, attempt):
    assert attempt(3) in sagemaker.names("Endpoint")
    assert "DeleteEndpoint" not in sagemaker.calls
