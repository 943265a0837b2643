"""What training and serving cost: train.py on a run's shards, and what it exported behind the endpoint's JSON.

python -m benchmarks.learned MODEL SHARD serves one shard, and prints origins and CPU seconds of the model's side.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks import ROOT, children, files
from benchmarks.children import Cost


class Learned(NamedTuple):
    """rows: of the shards. windows: of an epoch. epoch and other: CPU seconds of an epoch, and of training beside them.

    peak_mib: of training. origin: CPU seconds of the endpoint for one origin.
    """

    rows: int
    windows: int
    epoch: float
    other: float
    peak_mib: float
    origin: float


def measure(run: Path, folder: Path, most: int = 200_000) -> Learned:
    """Train on the shards of a run's folder, at most so many windows an epoch, and serve the first of them."""
    shards, model = run / "shards", folder / "model"
    model.mkdir(parents=True)
    once, thrice = (train(shards, model, epochs, most) for epochs in (1, 3))
    windows = min(json.loads((model / "evidence.json").read_text())["windows"]["train"], most)
    rows = sum(len(files.load(shard)["days"]) for shard in shards.glob("*.npz"))
    first = min(shards.glob("*.npz"))
    command = [sys.executable, "-m", "benchmarks.learned", str(model), str(first)]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603
    origins, served = json.loads(said.splitlines()[-1])
    epoch = (thrice.cpu - once.cpu) / 2
    return Learned(rows, windows, epoch, once.cpu - epoch, max(once.peak_mib, thrice.peak_mib), served / origins)


def train(shards: Path, model: Path, epochs: int, most: int) -> Cost:
    variables = {"SM_CHANNEL_TRAIN": shards, "SM_MODEL_DIR": model, "TRAINING_JOB_NAME": "benchmark"}
    flags = ("--epochs", epochs, "--epoch-windows", most)
    return children.run("train.py", *flags, python=sys.executable, cwd=ROOT / "training", **variables)


def serve(model: Path, shard: Path) -> tuple[int, float]:
    """Origins of the shard, and CPU seconds that the model's side took for them, its loading apart."""
    from local.sagemaker.serving import Model
    from stocks import endpoint

    loaded, bodies = Model(model / "1"), []

    def predict(body: bytes) -> bytes:
        bodies.append(body)
        return loaded.predict(body)

    found = endpoint.forecasts(files.load_shard(shard), predict)
    began = time.process_time()
    for body in bodies:
        loaded.predict(body)
    return len(found["origin"]), time.process_time() - began


if __name__ == "__main__":
    print(json.dumps(serve(Path(sys.argv[1]), Path(sys.argv[2]))))
