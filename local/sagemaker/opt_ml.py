"""What a training container finds under /opt/ml, and what is taken from there."""

import json
import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def hosts(request: dict) -> list[str]:
    """Names of the job's hosts: AWS's are algo-1 and so on, and here each is an address of this machine."""
    count = request["ResourceConfig"].get("InstanceCount", 1)
    return [f"127.0.0.{number}" for number in range(1, count + 1)] if count > 1 else ["localhost"]


def lay_out(folder: Path, request: dict, host: str = "localhost") -> None:
    """The folders and files that the container of this host finds under /opt/ml."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("input/config", "input/data", "model", "output/data", "code", "tmp"):
        (folder / name).mkdir(parents=True)
    instance = request["ResourceConfig"].get("InstanceType", "")
    channels = {
        channel["ChannelName"]: {
            "TrainingInputMode": "File",
            "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": "None",
        }
        for channel in request.get("InputDataConfig", [])
    }
    files = {
        "hyperparameters": request.get("HyperParameters", {}),
        "inputdataconfig": channels,
        "resourceconfig": {
            "current_host": host,
            "hosts": hosts(request),
            "current_instance_type": instance,
            "current_group_name": "homogeneousCluster",
            "instance_groups": [
                {"instance_group_name": "homogeneousCluster", "instance_type": instance, "hosts": hosts(request)}
            ],
            "network_interface_name": "lo",
        },
    }
    for name, content in files.items():
        (folder / "input" / "config" / f"{name}.json").write_text(json.dumps(content))


def download(s3: Any, folder: Path, channel: dict) -> None:
    """All objects whose key begins with the channel's prefix, below input/data/<channel>."""
    source = channel["DataSource"]["S3DataSource"]["S3Uri"]
    bucket, _, prefix = source.removeprefix("s3://").partition("/")
    target = folder / "input" / "data" / channel["ChannelName"]
    target.mkdir(parents=True, exist_ok=True)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for key in [item["Key"] for page in pages for item in page.get("Contents", [])]:
        if not key.endswith("/"):
            file = target / key[prefix.rfind("/") + 1 :]
            file.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, key, str(file))


def fetch_source(s3: Any, folder: Path, request: dict) -> None:
    """The code's archive below code/, which in a job that follows no script AWS's toolkit fetches."""
    uri = json.loads(request["HyperParameters"]["sagemaker_submit_directory"])
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    s3.download_file(bucket, key, str(folder / "code" / "sourcedir.tar.gz"))


def upload(s3: Any, folders: Sequence[Path], uri: str) -> None:
    """What the hosts left in model/, together as model.tar.gz; nothing if they left nothing.

    Where two left a file of the same name, that of the later host stands.
    """
    left = {
        path.relative_to(folder / "model"): path for folder in folders for path in sorted((folder / "model").rglob("*"))
    }
    if not left:
        return
    archive = folders[0] / "model.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=6) as tar:
        for name, path in sorted(left.items()):
            tar.add(path, str(name), recursive=False)
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    s3.upload_file(str(archive), bucket, key)


def variables(folder: Path, name: str, arn: str) -> dict[str, str]:
    """What the container's environment tells the toolkit."""
    return {
        "HOME": str(folder / "tmp"),
        "TMPDIR": str(folder / "tmp"),
        "SAGEMAKER_BASE_DIR": str(folder),
        "SAGEMAKER_TRAINING_MODULE": "sagemaker_tensorflow_container.training:main",
        "SAGEMAKER_MANAGED_WARMPOOL_CACHE_DIRECTORY": str(folder / "tmp"),
        "TRAINING_JOB_NAME": name,
        "TRAINING_JOB_ARN": arn,
        # requirements.txt must already be met: a job may not change the environment it shares with the tests.
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
