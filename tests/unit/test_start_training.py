import io
import json
import os
import re
import tarfile
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

import start_training
from common import keys
from common.errors import NoQuota, QuotaReached
from common.settings import settings
from tests.support.plans import draw, lead, put_verdict, run_of, upload_rows

RUN = run_of(shards=2)
ID = RUN["run_id"]
EVENT = {"run": RUN, "execution_name": "e1", "attempt": 0}
NAME = keys.resource_name("stocks", RUN, "e1")


@pytest.fixture(autouse=True)
def leads(buckets):
    """The run has a plan, and its execution leads the dataset."""
    lead(draw(put_verdict(upload_rows()), shards=2))


@pytest.fixture(autouse=True)
def enough(monkeypatch):
    """The account's quota of endpoints suffices; test_endpoint_quota.py asks for it."""
    monkeypatch.setattr(start_training.sagemaker, "must_have_endpoint_quota", lambda setting: None)


@pytest.fixture
def code(tmp_path, monkeypatch):
    """A training folder on the path, ahead of the project's."""
    folder = tmp_path / "code"
    folder.mkdir()
    for name in ("train.py", "model.py", "priors.json", "requirements.txt", "notes.md"):
        (folder / name).write_text(f"# {name}")
    monkeypatch.setattr("sys.path", [str(folder)])
    return folder


def test_the_job_is_what_sagemaker_needs(buckets, sagemaker, code, context):
    assert start_training.handler(EVENT, context) == {"job_name": NAME}
    job = sagemaker.described("TrainingJob", NAME)
    assert job["AlgorithmSpecification"]["TrainingInputMode"] == "File"
    assert job["AlgorithmSpecification"]["TrainingImage"].endswith("tensorflow-training:2")
    assert job["Environment"] == {"TRAINING_IMAGE": job["AlgorithmSpecification"]["TrainingImage"]}
    source = job["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    assert source["S3Uri"] == f"s3://work/runs/{ID}/shards/"
    assert job["InputDataConfig"][0]["ChannelName"] == "train"
    assert job["OutputDataConfig"]["S3OutputPath"] == f"s3://lake/models/dataset=us/run_id={ID}"
    assert job["ResourceConfig"] == {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30}
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600}
    assert not job["EnableInterContainerTrafficEncryption"]
    assert sagemaker.tags("TrainingJob", NAME) == {"Stack": "stocks", "Dataset": "us", "Run": ID}


def test_several_instances_train_one_model_and_what_they_say_to_each_other_is_encrypted(
    buckets, sagemaker, code, context, monkeypatch
):
    monkeypatch.setenv("TRAINING_INSTANCE_COUNT", "3")
    start_training.handler(EVENT, context)
    job = sagemaker.described("TrainingJob", NAME)
    assert job["ResourceConfig"]["InstanceCount"] == 3
    assert job["EnableInterContainerTrafficEncryption"]
    source = job["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    assert source["S3DataDistributionType"] == "FullyReplicated", "all hosts draw the same batches"


def test_a_quota_below_the_instances_names_their_parameter(buckets, sagemaker, code, context, monkeypatch):
    monkeypatch.setenv("TRAINING_INSTANCE_COUNT", "3")
    sagemaker.quotas["TrainingJob"] = 2
    with pytest.raises(
        NoQuota, match=r"is 2, too few .* another TrainingInstanceType or a smaller TrainingInstanceCount"
    ):
        start_training.handler(EVENT, context)


def test_a_key_of_ones_own_encrypts_model_and_volume(buckets, sagemaker, code, context, monkeypatch):
    monkeypatch.setenv("KMS_KEY_ARN", "arn:aws:kms:us-east-1:123456789012:key/k")
    start_training.handler(EVENT, context)
    job = sagemaker.described("TrainingJob", NAME)
    assert job["OutputDataConfig"]["KmsKeyId"] == "arn:aws:kms:us-east-1:123456789012:key/k"
    assert job["ResourceConfig"]["VolumeKmsKeyId"] == "arn:aws:kms:us-east-1:123456789012:key/k"


def test_the_hyperparameters_of_script_mode_are_json(buckets, sagemaker, code, context):
    start_training.handler(EVENT, context)
    job = sagemaker.described("TrainingJob", NAME)
    assert {key: json.loads(value) for key, value in job["HyperParameters"].items()} == {
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": f"s3://work/runs/{ID}/source/sourcedir.tar.gz",
        "sagemaker_region": "us-east-1",
        "sagemaker_container_log_level": 20,
    }


def test_the_source_holds_the_modules_and_the_requirements_at_its_top(buckets, sagemaker, code, context):
    start_training.handler(EVENT, context)
    body = buckets.get_object(Bucket="work", Key=f"runs/{ID}/source/sourcedir.tar.gz")["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        assert archive.getnames() == ["model.py", "priors.json", "requirements.txt", "train.py"]
        train = archive.extractfile("train.py")
        assert train is not None
        assert train.read() == b"# train.py"


def archive() -> bytes:
    return start_training.source_archive(start_training.code.training_files())


def test_the_same_code_gives_the_same_bytes_whoever_wrote_it_and_when(code):
    before = archive()
    (code / "train.py").touch()
    os.utime(code / "train.py", (1, 1))
    (code / "model.py").chmod(0o600)
    assert archive() == before
    assert before[4:8] == bytes(4), "the time in gzip's header"
    (code / "train.py").write_text("print(2)")
    assert archive() != before


def test_the_losses_are_found_in_what_train_py_prints():
    line = "epoch 1/6 train_loss=0.1234 validation_loss=0.2345 seconds=3.2"
    definitions = start_training.job(settings(), RUN, NAME, "s3://x")["AlgorithmSpecification"]["MetricDefinitions"]
    found = {metric["Name"]: re.findall(metric["Regex"], line) for metric in definitions}
    assert found == {"train_loss": ["0.1234"], "validation_loss": ["0.2345"]}


def test_the_job_gets_every_file_of_the_projects_training_folder():
    folder = Path(__file__).parents[2] / "training"
    with tarfile.open(fileobj=io.BytesIO(archive())) as source:
        assert sorted(source.getnames()) == sorted(path.name for path in folder.iterdir() if path.is_file())


def test_a_job_that_an_earlier_try_started_is_fine(buckets, sagemaker, code, context):
    sagemaker.add("TrainingJob", NAME, "InProgress")
    assert start_training.handler(EVENT, context) == {"job_name": NAME}
    assert sagemaker.names("TrainingJob") == [NAME]


@pytest.mark.parametrize(
    ("quota", "error", "words"),
    [
        (0, NoQuota, "'ml.m5.large for training job usage' is 0"),
        (0, NoQuota, "request an increase"),
        (0, NoQuota, "another TrainingInstanceType"),
        (1, QuotaReached, "all 1 instances"),
        (4, QuotaReached, "all 4 instances of ml.m5.large"),
    ],
)
def test_a_quota_that_is_too_small_is_told_from_one_that_is_used_up(
    buckets, sagemaker, code, context, quota, error, words
):
    sagemaker.quotas["TrainingJob"] = quota
    for number in range(quota):
        sagemaker.add("TrainingJob", f"other-{number}", "InProgress")
    with pytest.raises(error, match=words):
        start_training.handler(EVENT, context)
    assert NAME not in sagemaker.names("TrainingJob")


@pytest.mark.parametrize(
    ("message", "error", "words"),
    [
        (
            "The account-level service limit 'ml.m5.large for training job usage' is 1 Instances, with current "
            "utilization of 0 Instances and a request delta of 2 Instances.",
            NoQuota,
            "is 1, too few",
        ),
        ("You have reached the limit of jobs", QuotaReached, "no further ml.m5.large now: You have reached"),
    ],
)
def test_other_words_about_a_limit_are_understood(buckets, sagemaker, code, context, message, error, words):
    sagemaker.refuse("CreateTrainingJob", message, "ResourceLimitExceeded")
    with pytest.raises(error, match=words):
        start_training.handler(EVENT, context)


def test_any_other_refusal_stays_what_it_is(buckets, sagemaker, code, context):
    sagemaker.refuse("CreateTrainingJob", "no such role")
    with pytest.raises(ClientError, match="no such role"):
        start_training.handler(EVENT, context)


def test_an_execution_that_leads_no_more_trains_nothing(buckets, sagemaker, code, context):
    buckets.delete_object(Bucket="lake", Key="leads/us.json")
    with pytest.raises(RuntimeError, match="no longer leads us"):
        start_training.handler(EVENT, context)
    with pytest.raises(KeyError):
        sagemaker.described("TrainingJob", NAME)
