"""What programs for people read: forecast.csv, and results.duckdb with tables and views."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from local import paths
from stockcast import results
from stockcast.target import Target
from tools.aws import Problem, runs

DATABASE, FORECASTS = "results.duckdb", "forecast.csv"
OF_ALL = ("runs", "tickers")  # of every run, for the history and the record of what was forecast before


def write(stack: Target, dataset: str, run_id: str, out: Path) -> None:
    """Write both into the folder, which has the run's tables. Raises Problem where they cannot be made."""
    python = paths.python("ministack")
    if not Path(python).exists():
        raise Problem(f"{DATABASE} and {FORECASTS} were not written: `make setup` installs what writes them")
    with tempfile.TemporaryDirectory(dir=out, prefix=".export-") as folder:
        lake, made = Path(folder) / "lake", [Path(folder) / name for name in (DATABASE, FORECASTS)]
        _gather(stack, dataset, run_id, out, lake)
        command = [python, "-m", "local.export", *map(str, (lake.resolve(), *(file.resolve() for file in made)))]
        done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True)  # noqa: S603
        if done.returncode != 0:
            raise Problem(f"{DATABASE} and {FORECASTS} were not written: {_why(done.stderr)}")
        for file in made:  # at once, for a program may have the older one open
            file.replace(out / file.name)


def _why(written: str) -> str:
    """The error of a traceback; DuckDB's goes on with the SQL and a mark below it."""
    lines = written.strip().splitlines() or ["it ended without a word"]
    return next((line for line in reversed(lines) if re.match(r"[\w.]+(Error|Exception)\b", line)), lines[-1])


def _gather(stack: Target, dataset: str, run_id: str, out: Path, lake: Path) -> None:
    """The part of the lake that the views of this dataset read, under its own keys.

    What retention takes meanwhile is left out, as it would be a moment later.
    """
    s3, bucket, of_dataset = stack.client("s3"), stack.outputs["LakeBucket"], f"dataset={dataset}"
    for table in results.TABLES:  # of the newest run, which is in the folder already
        shutil.copytree(out / table, lake / table / of_dataset / f"run_id={run_id}")
    wanted = [f"{table}/{of_dataset}/" for table in OF_ALL]
    keys = [key for prefix in wanted for key in _keys(s3, bucket, prefix)]
    keys += [key for key in _keys(s3, bucket, f"predictions/{of_dataset}/") if "/future-" in key]
    keys = [key for key in keys if f"/run_id={run_id}/" not in key]
    uploads = [key.rpartition("/")[2].removesuffix(".json") for key in _keys(s3, bucket, f"verdicts/{of_dataset}/")]
    keys += [f"files/{upload}.parquet" for upload in uploads]
    results.download(stack, {key: lake / key for key in [*keys, f"latest/{dataset}.json"]})


def _keys(s3: Any, bucket: str, prefix: str) -> list[str]:
    keys = [one["Key"] for one in runs.objects(s3, bucket, prefix)]
    return [key for key in keys if key.endswith((".parquet", ".json"))]
