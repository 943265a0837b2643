"""The whole path in one process: a CSV through the real steps and the real training code to the tables.

S3 is in memory. The SavedModel of the run's own model.tar.gz stands in for the endpoint, behind TF Serving's JSON. The
forest has few trees and training few epochs in small batches; everything else is what runs on AWS.
"""

import contextlib
import dataclasses
import io
import json
import os
import tarfile
import tempfile
import types
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

import baseline
import calibrate
import check_data
import forecast
import publish
import scale
import split
import summarize
from common import aws, storage, working
from local.sagemaker import tf_json
from stocks import baseline as forests
from stocks.contract import HORIZONS
from tests.support import memory_s3, results, shards
from tests.support.lambda_environment import CONTEXT, ENVIRONMENT

OWNER = "arn:aws:states:us-east-1:123456789012:execution:machine:one"
TREES = 5  # of the forest
QUICK = ("--epochs", "4", "--batch-size", "32")
ORDER = ["ticker", "horizon", "origin_date"]


@dataclasses.dataclass(frozen=True)
class Ran:
    """Everything a run left in the work and lake buckets, by key without the parts that name the run."""

    files: dict[str, bytes]
    shards: int

    def table(self, name: str) -> pd.DataFrame:
        """All parts of a table, in one order however many parts there are."""
        parts = [pq.read_table(io.BytesIO(body)).to_pandas() for body in self.below(f"{name}/").values()]
        table = pd.concat(parts, ignore_index=True)
        order = [column for column in ORDER if column in table]
        return table.sort_values(order, ignore_index=True, kind="stable") if order else table

    def below(self, prefix: str) -> dict[str, bytes]:
        return {key: body for key, body in sorted(self.files.items()) if key.startswith(prefix)}

    def arrays(self, key: str) -> dict[str, np.ndarray]:
        """A working file without what it says it is."""
        with np.load(io.BytesIO(self.files[key]), allow_pickle=False) as found:
            return {name: array for name, array in found.items() if name not in working.LABEL}

    def evidence(self) -> dict:
        return json.loads(unpack(self.files["models/model.tar.gz"])["evidence.json"])

    def json(self, key: str) -> dict:
        return json.loads(self.files[key])

    def metrics(self) -> dict[tuple[str, str, int], dict]:
        rows = pq.read_table(io.BytesIO(self.files["metrics/00000.parquet"])).to_pylist()
        return {(row["ticker"], row["model"], row["horizon"]): row for row in rows}


def run(
    csv: bytes, name: str = "prices.csv", kilobytes: int = 16384, training: tuple[str, ...] = QUICK, model=None
) -> Ran:
    """Send a file down the whole path. Raises what the steps raise, RejectedFile among it.

    model(run) takes the place of the training job; stand_in is one that takes no time.
    """
    with _cloud(kilobytes) as s3:
        version = s3.put_object(Bucket="incoming", Key=f"incoming/daily/{name}", Body=csv)["VersionId"]
        event: Any = {"bucket": "incoming", "key": f"incoming/daily/{name}", "version_id": version, "size": len(csv)}
        accepted = split.handler(event | {"execution_arn": OWNER}, CONTEXT)
        run: Any = {field: accepted[field] for field in ("run_id", "dataset", "shards")}
        _each(scale, run)
        check_data.handler({"run": run}, CONTEXT)
        model_uri, answer = model(run) if model else _train(run, training)
        _each(baseline, run)
        with _endpoint(answer):
            _each(forecast, run, endpoint_name="e")
        calibrate.handler({"run": run}, CONTEXT)
        _each(publish, run)
        ended: Any = {
            "execution_arn": OWNER,
            "execution_started": "2026-11-23T03:40:00Z",
            "model_uri": model_uri,
        }
        summarize.handler({"run": run, "train_seconds": 1, "endpoint_seconds": 1} | ended, CONTEXT)
        return Ran(_files(s3, run), run["shards"])


def unpack(archive: bytes) -> dict[str, bytes]:
    """The files of a .tar.gz by name."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        files = {member.name.removeprefix("./"): opened.extractfile(member) for member in opened if member.isfile()}
        return {name: file.read() for name, file in files.items() if file}


@contextlib.contextmanager
def _cloud(kilobytes: int):
    """The stack's buckets and a function's environment."""
    variables, s3 = ENVIRONMENT | {"SHARD_KILOBYTES": str(kilobytes)}, memory_s3.S3()
    with (
        mock.patch.dict(os.environ, variables),
        mock.patch.object(forests, "TREES", TREES),
        mock.patch.object(aws, "client", {"s3": s3}.__getitem__),
    ):
        yield s3


def _each(step, run: dict, **more) -> None:
    """What a Map state does."""
    for shard in range(run["shards"]):
        step.handler({"run": run, "shard": shard, **more}, CONTEXT)


def _train(run: dict, flags: tuple[str, ...]):
    """The training job: (URI of model.tar.gz, what the endpoint with its SavedModel answers to a body)."""
    import tensorflow as tf

    import train

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        channel, trained = Path(folder, "train"), Path(folder, "model")
        channel.mkdir()
        for shard in range(run["shards"]):
            name = f"{shard:05d}.npz"
            (channel / name).write_bytes(storage.get("work", f"runs/{run['run_id']}/shards/{name}"))
        train.main(["--train", str(channel), "--model-dir", str(trained), *flags])
        uri = _put_model(run, trained)
        return uri, _serving(tf.saved_model.load(str(trained / "1")).signatures["serving_default"])


def stand_in(run: dict):
    """In place of a training job: a model that has learnt nothing and answers with the volatility of the last days."""
    judged = {str(horizon): results.unjudged() for horizon in HORIZONS}
    evidence = {"fallback": [], "gates": dict.fromkeys(judged, 0.0), "horizons": judged}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "evidence.json").write_text(json.dumps(evidence))
        return _put_model(run, Path(folder)), shards.answer


def _put_model(run: dict, folder: Path) -> str:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(folder, arcname=".")
    key = f"models/dataset={run['dataset']}/run_id={run['run_id']}/model.tar.gz"
    return storage.put("lake", key, packed.getvalue())


def _serving(signature):
    """The endpoint's answer to a request's body, by a SavedModel's signature behind TF Serving's JSON."""
    import tensorflow as tf

    inputs = dict.fromkeys(("adjclose", "high", "low"), np.dtype("float32"))

    def answer(body: bytes) -> bytes:
        tensors, key, _ = tf_json.read(body, inputs)
        found = signature(**{name: tf.constant(tensor) for name, tensor in tensors.items()})
        count = len(tensors["adjclose"])
        return tf_json.write({name: value.numpy() for name, value in found.items()}, key, count)

    return answer


@contextlib.contextmanager
def _endpoint(answer):
    """invoke_endpoint gives answer(body); every other client stays what it is."""

    def invoke_endpoint(**request):
        return {"Body": io.BytesIO(answer(request["Body"]))}

    runtime, client = types.SimpleNamespace(invoke_endpoint=invoke_endpoint), aws.client
    with mock.patch.object(aws, "client", lambda name: runtime if name == "sagemaker-runtime" else client(name)):
        yield


def _files(s3: memory_s3.S3, run: dict) -> dict[str, bytes]:
    found = {}
    for (bucket, key), body in s3.objects.items():
        if bucket in ("work", "lake"):
            short = key.replace(f"dataset={run['dataset']}/run_id={run['run_id']}/", "")
            found[short.removeprefix(f"runs/{run['run_id']}/")] = body
    return found
