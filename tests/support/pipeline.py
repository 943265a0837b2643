"""The whole path in one process: files through the real steps and the real training code to the tables.

S3 is in memory; its clock goes on by a second with every upload. The SavedModel of the run's own model.tar.gz stands in
for the endpoint, behind TF Serving's JSON. The forest has few trees and training few epochs in small batches;
everything else is what runs on AWS.
"""

import contextlib
import dataclasses
import datetime
import io
import json
import os
import re
import tarfile
import tempfile
import types
from collections.abc import Callable, Iterator
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
import gather
import hand_over
import merge
import publish
import scale
import split
import summarize
from common import aws, storage, working
from local.sagemaker import tf_json
from stocks import baseline as forests
from stocks.contract import HORIZONS
from stocks.dataset import plan
from tests.support import memory_s3, results, shards
from tests.support.lambda_environment import CONTEXT, ENVIRONMENT

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:machine:"
TREES = 5  # of the forest
QUICK = ("--epochs", "4", "--batch-size", "32")
ORDER = ["ticker", "horizon", "origin_date"]


@dataclasses.dataclass(frozen=True)
class Ran:
    """Everything a run left in the work and lake buckets, by key without the parts that name the run.

    Of the dataset it has what its other runs left, too, but for their partitions. summary is Summarize's answer.
    """

    files: dict[str, bytes]
    shards: int
    summary: dict

    def table(self, name: str) -> pd.DataFrame:
        """All parts of a table, in one order however many parts there are."""
        files = {key: body for key, body in self.below(f"{name}/").items() if key.endswith(".parquet")}
        parts = [pq.read_table(io.BytesIO(body)).to_pandas() for body in files.values()]
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


class Ended(Exception):
    """The execution ended green without publishing; the arguments are the status word and the reason."""


@dataclasses.dataclass
class Cloud:
    """The stack's buckets, and executions one after the other.

    model(run) takes the place of the training job where it is given; stand_in is one that takes no time.
    """

    s3: memory_s3.S3
    training: tuple[str, ...] = QUICK
    model: Callable | None = None
    executions: int = 0
    successors: list[str] = dataclasses.field(default_factory=list)
    answers: dict[str, Callable] = dataclasses.field(default_factory=dict)  # of each model's endpoint

    def drop(self, csv: bytes, name: str = "prices.csv", key: str = "") -> str:
        """Upload a file and judge it; the execution that has done so. Raises what Split raises."""
        key = key or f"incoming/daily/{name}"
        self.s3.now += datetime.timedelta(seconds=1)
        version = self.s3.put_object(Bucket="incoming", Key=key, Body=csv)["VersionId"]
        execution = self._started()
        event: Any = {"bucket": "incoming", "key": key, "version_id": version, "size": len(csv), "sequencer": ""}
        assert split.handler(event | {"execution_arn": execution}, CONTEXT)["status"] == "accepted"
        return execution

    def go_on(self, execution: str) -> Ran:
        """The steps of the execution after Split. Raises Ended where it publishes nothing."""
        run: Any = {"run_id": plan.run_id("daily", execution), "dataset": "daily"}
        gathered = gather.handler({"run": run, "execution_arn": execution, "force": False}, CONTEXT)
        if gathered["status"] in ("wait", "folded"):
            raise Ended(gathered["status"], gathered["reason"])
        run |= {"shards": gathered["shards"]}
        try:
            if gathered["status"] != "fold":
                raise Ended(gathered["status"], gathered["reason"])
            summary = self._publish(run, execution)
        except Ended:
            self._hand_over(run, published=False)
            raise
        self._hand_over(run, published=True)
        return Ran(_files(self.s3, run), run["shards"], summary)

    def send(self, csv: bytes, name: str = "prices.csv") -> Ran:
        """A file down the whole path."""
        return self.go_on(self.drop(csv, name))

    def put_settings(self, folder: str = "daily", **said: object) -> None:
        self.s3.now += datetime.timedelta(seconds=1)
        self.s3.put_object(Bucket="incoming", Key=f"incoming/{folder}/settings.json", Body=json.dumps(said))

    def nudge(self) -> Ran:
        """An execution without a file. Raises Ended where it publishes nothing."""
        return self.go_on(self._started())

    def _started(self) -> str:
        self.executions += 1
        return f"{EXECUTION}{self.executions}"

    def _publish(self, run: Any, execution: str) -> Any:
        _each(merge, run)
        checked = check_data.handler({"run": run}, CONTEXT)
        if checked["status"] not in ("train", "reuse"):
            raise Ended(checked["status"], checked["reason"])
        _each(scale, run)
        model_uri, trained = checked["model_uri"], checked["status"] == "train"
        if trained:
            model_uri, answer = self.model(run) if self.model else _train(run, self.training)
            self.answers[model_uri] = answer
        _each(baseline, run)
        with _endpoint(self.answers[model_uri]):
            _each(forecast, run, endpoint_name="e", job_name="")
        calibrate.handler({"run": run}, CONTEXT)
        _each(publish, run)
        ended: Any = {"execution_arn": execution, "execution_started": "2026-11-23T03:40:00Z", "model_uri": model_uri}
        ended |= {"train_seconds": int(trained), "endpoint_seconds": 1, "inference_digest": ""}
        return summarize.handler({"run": run} | ended, CONTEXT)

    def _hand_over(self, run: Any, published: bool) -> None:
        successor = hand_over.handler({"run": run, "published": published}, CONTEXT)["successor"]
        self.successors += [successor] if successor else []


def run(
    csv: bytes,
    name: str = "prices.csv",
    kilobytes: int = 16384,
    training: tuple[str, ...] = QUICK,
    model: Callable | None = None,
) -> Ran:
    """Send a file down the whole path. Raises what the steps raise, RejectedFile among it, or Ended."""
    with cloud(kilobytes, training, model) as made:
        return made.send(csv, name)


def unpack(archive: bytes) -> dict[str, bytes]:
    """The files of a .tar.gz by name."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        files = {member.name.removeprefix("./"): opened.extractfile(member) for member in opened if member.isfile()}
        return {name: file.read() for name, file in files.items() if file}


@contextlib.contextmanager
def cloud(kilobytes: int = 16384, training: tuple[str, ...] = QUICK, model: Callable | None = None) -> Iterator[Cloud]:
    """An empty cloud, and a function's environment."""
    variables, s3 = ENVIRONMENT | {"SHARD_KILOBYTES": str(kilobytes)}, memory_s3.S3()
    taken = type("ExecutionAlreadyExists", (Exception,), {})
    states = types.SimpleNamespace(
        start_execution=lambda **_: None, exceptions=types.SimpleNamespace(ExecutionAlreadyExists=taken)
    )
    with (
        mock.patch.dict(os.environ, variables),
        mock.patch.object(forests, "TREES", TREES),
        mock.patch.object(aws, "client", {"s3": s3, "stepfunctions": states}.__getitem__),
    ):
        yield Cloud(s3, training, model)


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
    evidence = {"fallback": [], "gates": dict.fromkeys(judged, 0.0), "horizons": judged, **results.CARD}
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
    found, own = {}, f"dataset={run['dataset']}/run_id={run['run_id']}/"
    for (bucket, key), body in s3.objects.items():
        short = key.replace(own, "").removeprefix(f"runs/{run['run_id']}/")
        if bucket in ("work", "lake") and "/run_id=" not in short and not re.match("runs/daily-", short):
            found[short] = body
    return found
