"""train.py under AWS's own toolkit, as a job starts it: its command, folders, variables and failure file."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import train
from local.sagemaker import opt_ml

FAULTS = """
import ctypes, resource, sys
sys.path.insert(0, sys.argv[1])
import train
if sys.argv[2:]:
    train.keep_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes, libc.memset.argtypes = [ctypes.c_void_p], [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
for _ in range(20):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    parts = [libc.malloc(4 << 20) for _ in range(10)]
    for part in parts:
        libc.memset(part, 1, 4 << 20)
    for part in parts:
        libc.free(part)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training@sha256:" + "0f" * 32
SOURCE = Path(train.__file__).parent


@pytest.fixture(scope="module")
def job(tmp_path_factory, random_walk, write_shard):
    """job(tickers) -> exit code, the base folder as the job leaves it, and what it logged; the archive lies here."""

    def run(tickers):
        folder = tmp_path_factory.mktemp("opt") / "ml"
        archive = folder.parent / "sourcedir.tar.gz"
        with tarfile.open(archive, "w:gz") as tar:
            for file in sorted(SOURCE.glob("*.*")):
                tar.add(file, file.name)
        parameters = {"sagemaker_program": "train.py", "sagemaker_submit_directory": str(archive), "epochs": 1}
        request = {
            "ResourceConfig": {"InstanceType": "ml.m5.large"},
            "HyperParameters": {name: json.dumps(value) for name, value in parameters.items()},
            "InputDataConfig": [{"ChannelName": "train"}],
        }
        opt_ml.lay_out(folder, request)
        (folder / "input/data/train").mkdir()
        if tickers:
            series = {ticker: random_walk(480, seed) for seed, ticker in enumerate(tickers)}
            write_shard(folder / "input/data/train/00000.npz", series, [260, 300, 400, 480])
        given = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1", "TRAINING_IMAGE": IMAGE}
        done = subprocess.run(
            [Path(sys.executable).parent / "train"],
            cwd=folder,
            env=given | opt_ml.variables(folder, "j", "arn:aws:sagemaker:us-east-1:123456789012:training-job/j"),
            capture_output=True,
            text=True,
            timeout=300,
        )
        return done.returncode, folder, done.stdout + done.stderr

    return run


def test_a_job_leaves_its_model_and_evidence_that_names_its_container(job):
    code, folder, said = job("ABCDEF")
    assert code == 0, said
    evidence = json.loads((folder / "model/evidence.json").read_text())
    assert evidence["image"] == IMAGE
    assert evidence["versions"]["numpy"] == np.__version__
    assert evidence["hyperparameters"]["epochs"] == 1
    assert (evidence["tickers"], evidence["fallback"]) == (6, [])
    assert "epoch 1/1 train_loss=" in said
    served = tf.saved_model.load(folder / "model/1").signatures["serving_default"]
    window = tf.fill([1, 120], 5.0)
    assert served(adjclose=window, high=window, low=window)["outputs"].shape == (1, 1, 3, 8)
    assert not (folder / "output/failure").exists()


def test_a_job_that_fails_says_why_in_the_file_that_becomes_its_failure_reason(job):
    code, folder, said = job("")
    assert code != 0
    assert "no .npz shard in" in (folder / "output/failure").read_text(), said
    assert not (folder / "model/evidence.json").exists()


def test_memory_of_a_step_is_there_for_the_next():
    """Pages that the kernel has to give anew for 40 MiB that were freed just before."""

    def faults(*keep):
        command = [sys.executable, "-c", FAULTS, str(SOURCE), *keep]
        return int(subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout)

    assert faults("keep") < 100
    assert faults() > 1000
