"""Hashes of the code that a run is made with: two runs of the same hash and inputs are the same run."""

import functools
import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from common.settings import settings

ROOT = Path(__file__).parents[1]
# What the table of a dataset depends on, once its uploads are read.
FOLD = [Path("stocks/contract.py"), Path("stocks/series.py")] + [
    Path("stocks/dataset", name) for name in ("basis.py", "fold.py", "parts.py", "seams.py", "steps.py", "table.py")
]
OURS = ("*.py", "*.csv", "*.html", "*.css", "*.js")
TRAINING = ("*.py", "*.json", "requirements.txt")  # of its folder, which the job gets


class Hashes(NamedTuple):
    """12 hex each: of the code that folds, and of all functions, training code and images."""

    fold: str
    all: str


@functools.cache
def hashes() -> Hashes:
    images = [settings().training_image, settings().inference_image]
    ours = sorted(path for name in OURS for path in ROOT.rglob(name))
    return Hashes(_hash((ROOT / path for path in FOLD), []), _hash([*ours, *training_files()], images))


def training_files() -> list[Path]:
    """What the training job runs: modules, constants and requirements.txt."""
    folder = training_folder()
    return sorted(path for name in TRAINING for path in folder.glob(name))


def training_folder() -> Path:
    """Where train.py lies: a layer that is zipped as it is lands at /opt, elsewhere it is on the path."""
    for folder in map(Path, ["/opt", *sys.path]):
        if (folder / "train.py").is_file():
            return folder
    raise FileNotFoundError("train.py is neither in /opt nor on sys.path: the training layer is missing")


def _hash(paths: Iterable[Path], words: Iterable[str]) -> str:
    whole = hashlib.sha256("\n".join(words).encode())
    for path in paths:
        whole.update(hashlib.sha256(path.name.encode() + b"\n" + path.read_bytes()).digest())
    return whole.hexdigest()[:12]
