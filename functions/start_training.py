"""Start the training job on the run's shards."""

import gzip
import io
import json
import tarfile
from collections.abc import Iterable
from pathlib import Path

from common import aws, code, dataset, keys, sagemaker, storage, telemetry
from common.events import LambdaContext, Run, StartTrainingEvent, StartTrainingResult
from common.settings import Settings, settings

SOURCE = "source/sourcedir.tar.gz"
LOSSES = ("train_loss", "validation_loss")  # as train.py prints them after every epoch: train_loss=0.1234


@telemetry.step
def handler(event: StartTrainingEvent, context: LambdaContext) -> StartTrainingResult:
    setting, run, job_name = settings(), event["run"], sagemaker.name(event)
    dataset.must_lead(dataset.planned(run))  # an execution that is redriven has lost the lease
    source, archive = keys.work(run["run_id"], SOURCE), source_archive(code.training_files())
    if storage.put_if(setting.work_bucket, source, archive, "", "application/gzip"):  # the first try, of some hundred
        sagemaker.must_have_endpoint_quota(setting)  # before a training is paid for
    sagemaker.create(
        aws.sagemaker().create_training_job,
        instance_type=setting.training_instance_type,
        parameter=other(setting),
        **job(setting, run, job_name, f"s3://{setting.work_bucket}/{source}"),
    )
    return {"job_name": job_name}


def source_archive(files: Iterable[Path]) -> bytes:
    """The files of the training folder as a tar.gz, the same bytes for the same code."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in files:
            content = path.read_bytes()
            member = tarfile.TarInfo(path.name)  # its defaults are owner 0 and time 0
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)


def job(setting: Settings, run: Run, job_name: str, source: str) -> dict:
    """The arguments of CreateTrainingJob."""
    return {
        "TrainingJobName": job_name,
        "AlgorithmSpecification": {
            "TrainingImage": setting.training_image,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": name, "Regex": rf"\b{name}=([-+.0-9eE]+)"} for name in LOSSES],
        },
        "HyperParameters": script_mode(source),
        "Environment": {"TRAINING_IMAGE": setting.training_image},  # train.py cannot ask in what it runs
        "InputDataConfig": [channel(f"s3://{setting.work_bucket}/{keys.work(run['run_id'], 'shards/')}")],
        "OutputDataConfig": {"S3OutputPath": f"s3://{setting.lake_bucket}/{keys.lake('models', run)}".rstrip("/")}
        | sagemaker.key(setting, "KmsKeyId"),
        "ResourceConfig": {
            "InstanceType": setting.training_instance_type,
            "InstanceCount": setting.training_instance_count,
            "VolumeSizeInGB": 30,
        }
        | sagemaker.key(setting, "VolumeKmsKeyId"),
        "StoppingCondition": {"MaxRuntimeInSeconds": setting.training_max_seconds},
        "RoleArn": setting.training_role_arn,
        "EnableNetworkIsolation": False,  # script mode fetches the source itself
        "EnableInterContainerTrafficEncryption": setting.training_instance_count > 1,
        "Tags": sagemaker.tags(run),
    }


def other(setting: Settings) -> str:
    """What else the stack may be deployed with, where the account has too few instances."""
    fewer = " or a smaller TrainingInstanceCount" if setting.training_instance_count > 1 else ""
    return f"TrainingInstanceType{fewer}"


def script_mode(source: str) -> dict[str, str]:
    """What tells AWS's containers to run train.py; every value is JSON."""
    values = {
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": source,
        "sagemaker_region": aws.sagemaker().meta.region_name,
        "sagemaker_container_log_level": 20,
    }
    return {key: json.dumps(value) for key, value in values.items()}


def channel(uri: str) -> dict:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": "train", "DataSource": {"S3DataSource": source}}
