"""Batch transform as SageMaker's pages say it, with a model that follows a script: its answers are known."""

import io
import json
import tarfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from local import paths
from local.sagemaker import scripted
from tests.support.eventually import eventually

ROLE_NEEDS = [
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::work/*"},
    {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::work"},
]
DEADLINE = 60
SOURCE = {"S3DataType": "S3Prefix", "S3Uri": "s3://work/requests/"}


def body(price: float) -> bytes:
    return json.dumps({"instances": [{"adjclose": [price] * 121}]}).encode()


BODIES = {"00000-00000.json": body(1.5), "00000-00001.json": body(2.5), "more/00001-00000.json": body(3.5)}


@pytest.fixture(scope="module")
def role(laptop, make_role):
    s3, archive = laptop("s3"), io.BytesIO()
    s3.create_bucket(Bucket="work")
    with tarfile.open(fileobj=archive, mode="w:gz") as content:
        entry = tarfile.TarInfo("1/saved_model.pb")
        entry.size = len(scripted.MARK)
        content.addfile(entry, io.BytesIO(scripted.MARK))
    s3.put_object(Bucket="work", Key="model.tar.gz", Body=archive.getvalue())
    for name, content in BODIES.items():
        s3.put_object(Bucket="work", Key=f"requests/{name}", Body=content)
    s3.put_object(Bucket="work", Key="requests-of-others/a.json", Body=b"{}")
    return make_role("server", "sagemaker.amazonaws.com", *ROLE_NEEDS)


@pytest.fixture(scope="module")
def sagemaker(laptop, role):
    container = {"Image": "tensorflow-inference", "ModelDataUrl": "s3://work/model.tar.gz"}
    laptop("sagemaker").create_model(ModelName="m", ExecutionRoleArn=role, PrimaryContainer=container)
    return laptop("sagemaker")


@pytest.fixture
def faults(laptop):
    """faults(kind, **values): the fault file says so until the test ends."""

    def write(**entries):
        paths.FAULTS.write_text(json.dumps(entries))

    yield write
    paths.FAULTS.unlink(missing_ok=True)


@pytest.fixture
def start(sagemaker):
    def call(name, source=SOURCE, **changes):
        request = {
            "TransformJobName": name,
            "ModelName": "m",
            "TransformInput": {"DataSource": {"S3DataSource": source}, "ContentType": "application/json"},
            "TransformOutput": {"S3OutputPath": f"s3://work/answers/{name}", "Accept": "application/json"},
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        }
        return sagemaker.create_transform_job(**request | changes)["TransformJobArn"]

    return call


def ended(sagemaker, name):
    return eventually(
        lambda: sagemaker.describe_transform_job(TransformJobName=name),
        DEADLINE,
        done=lambda job: job["TransformJobStatus"] not in ("InProgress", "Stopping"),
    )


def answers(laptop, name):
    s3, prefix = laptop("s3"), f"answers/{name}/"
    found = s3.list_objects_v2(Bucket="work", Prefix=prefix).get("Contents", [])
    return {
        one["Key"].removeprefix(prefix): s3.get_object(Bucket="work", Key=one["Key"])["Body"].read() for one in found
    }


def refusal(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]


def test_the_answer_to_each_object_is_an_object_of_its_name(laptop, sagemaker, start):
    start("whole", Tags=[{"Key": "Stack", "Value": "s"}])
    job = ended(sagemaker, "whole")
    assert job["TransformJobStatus"] == "Completed"
    assert job["CreationTime"] <= job["TransformStartTime"] <= job["TransformEndTime"]
    assert answers(laptop, "whole") == {f"{name}.out": scripted.answer(asked)[2] for name, asked in BODIES.items()}
    assert sagemaker.list_tags(ResourceArn=job["TransformJobArn"])["Tags"] == [{"Key": "Stack", "Value": "s"}]
    (listed,) = sagemaker.list_transform_jobs(NameContains="whole", StatusEquals="Completed")["TransformJobSummaries"]
    assert listed["TransformEndTime"] == job["TransformEndTime"]


def test_a_name_is_taken_for_ever(sagemaker, start):
    start("taken")
    ended(sagemaker, "taken")
    refused = refusal(start, name="taken")
    assert refused["Code"] == "ResourceInUse"
    assert "already exists" in refused["Message"]


def test_of_calls_at_once_one_gets_the_name(start):
    with ThreadPoolExecutor(6) as pool:
        ended = [pool.submit(start, "raced") for _ in range(6)]
        wrong = [one.exception() for one in ended]
    assert [error.response["Error"]["Code"] for error in wrong if error] == ["ResourceInUse"] * 5


def test_what_there_is_not_is_refused(sagemaker, start):
    assert refusal(sagemaker.describe_transform_job, TransformJobName="none")["Code"] == "ResourceNotFound"
    assert refusal(sagemaker.stop_transform_job, TransformJobName="none")["Code"] == "ResourceNotFound"
    assert "Could not find model" in refusal(start, name="no-model", ModelName="none")["Message"]


@pytest.mark.parametrize(
    "changes",
    [
        {"MaxConcurrentTransforms": 20, "MaxPayloadInMB": 6},
        {"TransformResources": {"InstanceType": "ml.c5.large", "InstanceCount": 1}},  # which endpoints have
        {"TransformOutput": {"S3OutputPath": "work/answers"}},
    ],
)
def test_what_aws_does_not_take_is_refused(start, changes):
    assert refusal(start, name="refused", **changes)["Code"] == "ValidationException"


def test_a_job_without_objects_fails(sagemaker, start):
    start("empty", SOURCE | {"S3Uri": "s3://work/nothing/"})
    job = ended(sagemaker, "empty")
    assert job["TransformJobStatus"] == "Failed"
    assert "No S3 objects found" in job["FailureReason"]


def test_an_object_above_the_payload_fails_the_job_and_leaves_no_answer(laptop, sagemaker, start):
    laptop("s3").put_object(Bucket="work", Key="large/a.json", Body=b" " * (1024 * 1024 + 1))
    start("large", SOURCE | {"S3Uri": "s3://work/large/"}, MaxPayloadInMB=1)
    assert ended(sagemaker, "large")["TransformJobStatus"] == "Failed"
    assert answers(laptop, "large") == {}


def test_a_role_that_may_not_write_fails_the_job(laptop, sagemaker, start, make_role):
    reader = make_role(
        "reads-only", "sagemaker.amazonaws.com", {**ROLE_NEEDS[0], "Action": "s3:GetObject"}, ROLE_NEEDS[1]
    )
    container = {"Image": "tensorflow-inference", "ModelDataUrl": "s3://work/model.tar.gz"}
    sagemaker.create_model(ModelName="reads", ExecutionRoleArn=reader, PrimaryContainer=container)
    start("denied", ModelName="reads")
    job = ended(sagemaker, "denied")
    assert job["TransformJobStatus"] == "Failed"
    assert "AccessDenied" in job["FailureReason"]


def test_a_job_is_stopped_once_and_stores_nothing(laptop, sagemaker, start, faults):
    faults(transform_hangs={"match": "slow", "age": 500})
    start("slow")
    eventually(lambda: "TransformStartTime" in sagemaker.describe_transform_job(TransformJobName="slow"))
    sagemaker.stop_transform_job(TransformJobName="slow")
    assert ended(sagemaker, "slow")["TransformJobStatus"] == "Stopped"
    assert answers(laptop, "slow") == {}
    assert "in status Stopped" in refusal(sagemaker.stop_transform_job, TransformJobName="slow")["Message"]


@pytest.mark.parametrize(
    ("times", "tries_more", "status", "ends"),
    [(2, 2, 500, "Completed"), (2, 1, 500, "Failed"), (1, 3, 400, "Failed"), (1, 3, 0, "Completed")],
)
def test_a_request_is_tried_again_where_the_model_failed_and_not_where_it_refused(
    sagemaker, start, faults, times, tries_more, status, ends
):
    name = f"again-{times}-{tries_more}-{status}"
    faults(invocation_fails={"match": name, "status": status, "message": "", "times": times})
    start(name, MaxConcurrentTransforms=1, ModelClientConfig={"InvocationsMaxRetries": tries_more})
    job = ended(sagemaker, name)
    assert job["TransformJobStatus"] == ends
    whose = "ClientError" if status == 400 else "AlgorithmError"
    assert job.get("FailureReason", "") == (
        "" if ends == "Completed" else f"{whose}: See job logs for more information"
    )


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        ({"transform_full": {}}, "Failed", "CapacityError"),
        ({"transform_fails": {"reason": "InternalServerError: boom"}}, "Failed", "InternalServerError: boom"),
        ({"transform_stops": {}}, "Stopped", ""),
    ],
)
def test_a_fault_ends_the_job(sagemaker, start, faults, fault, status, reason):
    faults(**fault)
    start(next(iter(fault)).replace("_", "-"))
    job = ended(sagemaker, next(iter(fault)).replace("_", "-"))
    assert job["TransformJobStatus"] == status
    assert reason in job.get("FailureReason", "")


def test_an_answer_can_be_lost_and_a_quota_be_none(laptop, sagemaker, start, faults):
    faults(transform_loses={"match": "00000-00001"}, transform_limit={"match": "limited", "quota": 0})
    start("loses")
    assert ended(sagemaker, "loses")["TransformJobStatus"] == "Completed"
    assert "00000-00001.json.out" not in answers(laptop, "loses")
    assert len(answers(laptop, "loses")) == len(BODIES) - 1
    refused = refusal(start, name="limited")
    assert refused["Code"] == "ResourceLimitExceeded"
    assert "ml.m5.large for transform job usage' is 0 Instances" in refused["Message"]


def test_instances_beyond_the_quota_are_refused(start):
    refused = refusal(start, name="many", TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 21})
    assert "transform job usage' is 20 Instances, with current utilization of 0" in refused["Message"]
