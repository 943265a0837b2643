"""Training jobs on a laptop cloud, of a script that does its task: save a tiny model, fail, sleep or share."""

import io
import json
import tarfile

import pytest
from botocore.exceptions import ClientError

from tests.support.eventually import eventually

DEADLINE = 90
ROLE_NEEDS = [
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::work/*"},
    {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::work"},
    {"Effect": "Allow", "Action": "logs:*", "Resource": "*"},
]
TRAIN = """
import argparse, json, os, sys, time
parser = argparse.ArgumentParser()
parser.add_argument("--task", default="save")
task = parser.parse_known_args()[0].task
own = os.environ["SM_CURRENT_HOST"]
first, last = json.loads(os.environ["SM_HOSTS"])[0], json.loads(os.environ["SM_HOSTS"])[-1]
print(f"channel holds {os.listdir(os.environ['SM_CHANNEL_TRAIN'])}")
print("epoch 1 loss=0.5\\nepoch 2 loss=0.25")
if task == "fail":
    raise ValueError("too few rows for AAPL")
if task == "sleep":
    time.sleep(60)
if task == "die":
    if own == last:
        sys.exit("RuntimeError: the last host dies")
    time.sleep(60)
if task == "share":
    print(f"host {own} of {os.environ['SM_HOSTS']} in {os.environ['SM_MODEL_DIR']}")
    open(os.path.join(os.environ["SM_MODEL_DIR"], f"of-{own}.txt"), "w").write(own)
    os.makedirs(os.path.join(os.environ["SM_MODEL_DIR"], "common"), exist_ok=True)
    open(os.path.join(os.environ["SM_MODEL_DIR"], "common", own), "w").write(own)
    sys.exit(0)
import tensorflow as tf
spec = [tf.TensorSpec([None, None], tf.float32, name=name) for name in ("high", "low")]
module = tf.Module()
module.serve = tf.function(lambda high, low: {"prices": tf.stack([high, low], -1)}, input_signature=spec)
tf.saved_model.save(module, os.path.join(os.environ["SM_MODEL_DIR"], "1"), signatures=module.serve)
"""


@pytest.fixture(scope="module")
def role(laptop, make_role):
    """A role for SageMaker, and the bucket it reads: a channel and the sourcedir."""
    s3, source = laptop("s3"), io.BytesIO()
    s3.create_bucket(Bucket="work")
    with tarfile.open(fileobj=source, mode="w:gz") as archive:
        entry = tarfile.TarInfo("train.py")
        entry.size = len(TRAIN)
        archive.addfile(entry, io.BytesIO(TRAIN.encode()))
    s3.put_object(Bucket="work", Key="source/sourcedir.tar.gz", Body=source.getvalue())
    s3.put_object(Bucket="work", Key="shards/00000.npz", Body=b"x")
    return make_role("trainer", "sagemaker.amazonaws.com", *ROLE_NEEDS)


@pytest.fixture(scope="module")
def sagemaker(laptop):
    return laptop("sagemaker")


@pytest.fixture(scope="module")
def start_job(sagemaker, role):
    def start(name, task="save", seconds=600, **changes):
        parameters = {
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": "s3://work/source/sourcedir.tar.gz",
            "sagemaker_region": "us-east-1",
            "sagemaker_container_log_level": 20,
            "task": task,
        }
        source = {"S3DataType": "S3Prefix", "S3Uri": "s3://work/shards/", "S3DataDistributionType": "FullyReplicated"}
        request = {
            "TrainingJobName": name,
            "RoleArn": role,
            "AlgorithmSpecification": {
                "TrainingImage": "tensorflow-training",
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+)"}],
            },
            "HyperParameters": {key: json.dumps(value) for key, value in parameters.items()},
            "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}],
            "OutputDataConfig": {"S3OutputPath": "s3://work/models"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
            "StoppingCondition": {"MaxRuntimeInSeconds": seconds},
        }
        return sagemaker.create_training_job(**{**request, **changes})

    return start


def ended(sagemaker, name):
    return eventually(
        lambda: sagemaker.describe_training_job(TrainingJobName=name),
        DEADLINE,
        done=lambda job: job["TrainingJobStatus"] not in ("InProgress", "Stopping"),
    )


def refused(call, code, message, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    assert error["Code"] == code
    assert message in error["Message"]
    return caught.value.response
