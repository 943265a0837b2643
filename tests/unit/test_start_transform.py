import pytest
from botocore.exceptions import ClientError

import start_transform
from common import keys
from common.errors import NoQuota, QuotaReached
from common.events import Run

RUN: Run = {"run_id": "us-0123456789ab", "dataset": "us", "shards": 1}
EVENT = {"run": RUN, "execution_name": "e1", "attempt": 0, "model_uri": "s3://lake/models/j/output/model.tar.gz"}
NAME = keys.resource_name("stocks", RUN, "e1")
KINDS = ("Model", "TransformJob")
MEGABYTES = 100  # that SageMaker has under way at once


@pytest.fixture
def start(sagemaker, context):
    return lambda **more: start_transform.handler(EVENT | more, context)


def test_model_and_job_are_created_and_tagged(sagemaker, start, monkeypatch):
    monkeypatch.setenv("ENDPOINT_INSTANCE_COUNT", "2")
    assert start() == {"job_name": NAME}
    model, job = (sagemaker.described(kind, NAME) for kind in KINDS)
    assert model["PrimaryContainer"]["ModelDataUrl"] == EVENT["model_uri"]
    assert (model["ExecutionRoleArn"].rpartition("/")[2], model["EnableNetworkIsolation"]) == ("endpoint", True)
    assert job["ModelName"] == NAME
    assert job["TransformResources"] == {"InstanceType": "ml.m5.large", "InstanceCount": 2}
    for kind in KINDS:
        assert sagemaker.tags(kind, NAME) == {"Stack": "stocks", "Dataset": "us", "Run": RUN["run_id"]}


def test_each_object_is_one_request_and_each_answer_one_object(sagemaker, start):
    start()
    job = sagemaker.described("TransformJob", NAME)
    asked, answered = job["TransformInput"], job["TransformOutput"]
    source = asked["DataSource"]["S3DataSource"]
    assert source == {"S3DataType": "S3Prefix", "S3Uri": "s3://work/runs/us-0123456789ab/requests/"}
    assert (asked["SplitType"], job["BatchStrategy"], answered["AssembleWith"]) == ("None", "SingleRecord", "None")
    assert asked["ContentType"] == answered["Accept"] == "application/json"
    assert answered["S3OutputPath"] == f"s3://work/runs/us-0123456789ab/answers/{NAME}"
    assert job["MaxPayloadInMB"] * job["MaxConcurrentTransforms"] <= MEGABYTES
    assert job["MaxPayloadInMB"] > 4, "of which a request and an answer stay below"


@pytest.mark.parametrize("key", ["", "arn:aws:kms:us-east-1:123456789012:key/k"])
def test_a_key_of_ones_own_encrypts_volume_and_answers(sagemaker, start, monkeypatch, key):
    monkeypatch.setenv("KMS_KEY_ARN", key)
    start()
    job = sagemaker.described("TransformJob", NAME)
    assert job["TransformResources"].get("VolumeKmsKeyId", "") == key
    assert job["TransformOutput"].get("KmsKeyId", "") == key


@pytest.mark.parametrize("existing", [0, 1, 2])
def test_a_retry_goes_on_where_the_earlier_try_stopped(sagemaker, start, existing):
    for kind in KINDS[:existing]:
        sagemaker.add(kind, NAME)
    assert start() == {"job_name": NAME}
    assert [sagemaker.names(kind) for kind in KINDS] == [[NAME]] * 2


def test_each_attempt_has_a_job_and_answers_of_its_own(sagemaker, start):
    start()
    second = start(attempt=1)["job_name"]
    assert second != NAME
    paths = {sagemaker.described("TransformJob", name)["TransformOutput"]["S3OutputPath"] for name in (NAME, second)}
    assert len(paths) == 2


@pytest.mark.parametrize(("limit", "error"), [(0, NoQuota), (2, QuotaReached)])
def test_a_quota_names_what_to_change(sagemaker, start, limit, error):
    sagemaker.quotas["TransformJob"] = limit
    for number in range(limit):
        sagemaker.add("TransformJob", f"other-{number}", "InProgress")
    with pytest.raises(error, match=r"ml.m5.large for transform job usage.*EndpointInstanceType"):
        start()
    assert NAME not in sagemaker.names("TransformJob")


def test_what_sagemaker_does_not_accept_is_not_taken_for_success(sagemaker, start):
    sagemaker.refuse("CreateTransformJob", "1 validation error detected")
    with pytest.raises(ClientError, match="validation error"):
        start()
