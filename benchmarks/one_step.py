"""A step over all shards of a run, in a process of its own: python -m benchmarks.one_step FOLDER STEP CHECKOUT

Behind it the shards to work on, 0,1,7 say, and the trees of the forest. FOLDER is S3, with files under incoming/us/.
Several steps are joined by +. The functions are those of CHECKOUT. The endpoint is a function that answers in TF
Serving's form; the CPU that it takes is written down, so that it can be taken off the step's.
"""

import io
import json
import os
import sys
import threading
import time
import types
from importlib import import_module
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from benchmarks.folder_s3 import S3
from tests.support.lambda_environment import CONTEXT, ENVIRONMENT

NAMESPACE = {"POWERTOOLS_METRICS_NAMESPACE": "stocks"}
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:machine:1"
KEY = "incoming/us/prices.csv"
HORIZONS, OUTPUTS, WINDOW = (1, 5, 20), 8, 120
MOVE = np.array([0.2, 0.1, -2.0, -1.3, 0.02, 1.3, 2.0])  # of the prices in units of the expected move
ENDED = {
    "execution_arn": EXECUTION,
    "execution_started": "2026-11-23T03:40:00Z",
    "train_seconds": 1,
    "endpoint_seconds": 1,
    "inference_digest": "",
}


class NoPandas(MetaPathFinder):
    """As on Lambda, where no layer has pandas; pyarrow imports it wherever it is found."""

    def find_spec(self, fullname: str, *_: Any) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


class Endpoint:
    """Answers to requests: each origin's price, moved by its quantiles, nine digits a number as TF Serving writes."""

    def __init__(self) -> None:
        self.cpu, self.requests, self.longest, self.lock = 0.0, 0, 0, threading.Lock()

    def invoke_endpoint(self, *, Body: bytes, **_: str) -> dict:
        began = time.thread_time()
        body = answer(Body)
        with self.lock:
            self.cpu += time.thread_time() - began
            self.requests += 1
            self.longest = max(self.longest, len(Body), len(body))
        return {"Body": io.BytesIO(body)}


def answer(request: bytes) -> bytes:
    asked = np.array([one["adjclose"][WINDOW - 2 :] for one in json.loads(request)["instances"]])
    last = np.maximum(asked, 1e-3)
    moved = np.clip(np.abs(np.diff(np.log(last))), 1e-4, 0.02)
    expected = moved[..., None] * np.sqrt(HORIZONS)
    prices = last[:, 1:, None, None] * np.exp(expected[..., None] * MOVE)
    values = np.concatenate([prices, expected[..., None]], axis=3)
    texts = iter(f"{value:.9g}" for value in values.ravel().tolist())
    return b'{\n    "predictions": %s\n}' % _listed(values.shape, texts).encode()


def _listed(shape: tuple[int, ...], texts: Any) -> str:
    return f"[{', '.join(_listed(shape[1:], texts) if shape[1:] else next(texts) for _ in range(shape[0]))}]"


def handlers(step: str) -> Any:
    return import_module(step).handler


def act(step: str, s3: S3, only: list[int]) -> None:
    """Do the step; in a Map's, on the shards that are named, or on all."""
    run_file = s3.root / "run.json"
    run: Any = json.loads(run_file.read_text()) if run_file.exists() else {"dataset": "us"}
    if step == "split":
        split(s3, run_file)
    elif step == "model":
        model(run)
    elif step == "gather":
        answered = handlers(step)({"run": run, "execution_arn": EXECUTION, "force": False}, CONTEXT)
        if answered["status"] != "fold":
            raise RuntimeError(f"nothing to fold: {answered}")
        run_file.write_text(json.dumps(run | {"shards": answered["shards"]}))
    elif step in ("check_data", "calibrate"):
        handlers(step)({"run": run}, CONTEXT)
    elif step == "summarize":
        handlers(step)({"run": run} | ENDED | {"model_uri": f"s3://lake/{keys_of_model(run)}"}, CONTEXT)
    else:
        more = {"endpoint_name": "e", "job_name": ""} if step == "forecast" else {}
        handler = handlers(step)
        for shard in only or range(run["shards"]):
            handler({"run": run, "shard": shard, **more}, CONTEXT)


def split(s3: S3, run_file: Path) -> None:
    """Judge all files, one after the other."""
    handler = handlers("split")
    for place in sorted((s3.root / "incoming" / KEY).parent.iterdir()):
        key = f"{KEY.rpartition('/')[0]}/{place.name}"
        event = {"bucket": "incoming", "key": key, "version_id": "1", "sequencer": "", "execution_arn": EXECUTION}
        answered = handler(event, CONTEXT)
        run_file.write_text(json.dumps({"run_id": answered["run_id"], "dataset": answered["dataset"]}))


def model(run: Any) -> None:
    """Leave a model that has learnt nothing, for Summarize: it reads what the training job said."""
    from tests.support import pipeline

    pipeline.stand_in(run)


def keys_of_model(run: Any) -> str:
    return f"models/dataset={run['dataset']}/run_id={run['run_id']}/model.tar.gz"


def main(folder: str, step: str, checkout: str, shards: str = "", trees: str = "1") -> None:
    sys.path.insert(0, str(Path(checkout, "functions")))
    from common import aws
    from local.parameters import default

    s3, endpoint = S3(Path(folder)), Endpoint()
    clients = {"s3": s3, "sagemaker-runtime": endpoint, "stepfunctions": types.SimpleNamespace()}
    kilobytes = os.environ.get("SHARD_KILOBYTES") or str(default("ShardKilobytes"))
    variables = ENVIRONMENT | NAMESPACE | {"SHARD_KILOBYTES": kilobytes}
    only = [int(number) for number in shards.split(",") if number]
    if step != "model":
        sys.meta_path.insert(0, NoPandas())
    with mock.patch.dict("os.environ", variables), mock.patch.object(aws, "client", clients.__getitem__):
        began = time.process_time()
        for one in step.split("+"):
            if one == "baseline":
                forests: Any = import_module("stocks.baseline")
                forests.TREES = int(trees)
            act(one, s3, only)
        own = time.process_time() - began - endpoint.cpu
    if step == "forecast":
        told = {"own": own, "endpoint": endpoint.cpu, "requests": endpoint.requests, "bytes": endpoint.longest}
        Path(folder, "forecast.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
