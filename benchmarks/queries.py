"""The named queries on any CSV, through PyAthena and awswrangler, checked against pandas on the Parquet.

.venv/bin/python -m benchmarks.queries CSV [--dataset D]   after: make setup

Runs the CSV through the laptop cloud (or takes the run that is there), reads the lake with the AWS CLI and prints for
each query its rows, the seconds that each client took, and whether both answers are pandas' own. Exit 1 if one is not.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local import cloud, deploy, paths
from stockcast.run import dataset_of
from tests.support import expected_queries
from tools.generate import queries

CLIENTS = {"PyAthena": "pyathena_pandas", "awswrangler": "awswrangler"}
PYTHON = paths.python("clients")
ANALYST = paths.ROOT / "tests" / "support" / "sql_clients.py"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queries", description=__doc__.splitlines()[0])
    parser.add_argument("csv", type=Path)
    parser.add_argument("--dataset", help="default: made from the file's name")
    arguments = parser.parse_args()
    dataset = arguments.dataset or dataset_of(arguments.csv)
    with tempfile.TemporaryDirectory() as folder:
        run = [sys.executable, "-m", "local", "run", str(arguments.csv), "--dataset", dataset, "--out", f"{folder}/out"]
        subprocess.run(run, cwd=paths.ROOT, check=True)  # noqa: S603
        tables = fetched(Path(folder) / "lake")
    right = True
    shown = Table(title=f"The named queries, {len(tables['predictions']):,} predictions in the lake")
    for title in ("query", "rows", *(f"{name}, s" for name in CLIENTS), "like pandas"):
        shown.add_column(title, justify="right" if title not in ("query", "like pandas") else "left")
    for query in queries.named_queries():
        expected = expected_queries.ANSWERS[query.name](tables)
        timed = [ask(client, query.text) for client in CLIENTS.values()]
        wrong = [text for records, _ in timed for text in expected_queries.differences(records, expected)]
        right &= not wrong
        shown.add_row(
            query.name, str(len(expected)), *(f"{took:.2f}" for _, took in timed), wrong[0] if wrong else "yes"
        )
    Console(width=None if sys.stdout.isatty() else 160).print(shown)
    return 0 if right else 1


def fetched(folder: Path) -> expected_queries.Tables:
    """The lake's tables, copied with the AWS CLI."""
    lake = deploy.outputs()["LakeBucket"]
    for table in ("predictions", "metrics", "runs"):
        command = [PYTHON, "-m", "awscli", "s3", "sync", "--quiet", f"s3://{lake}/{table}", str(folder / table)]
        subprocess.run(command, env=cloud.variables(), check=True)  # noqa: S603
    return expected_queries.read(folder)


def ask(client: str, sql: str) -> tuple[list[dict], float]:
    """The client's records, and the seconds from its question to its data frame."""
    outputs = deploy.outputs()
    names = {"WORK_GROUP": outputs["WorkGroupName"], "DATABASE": outputs["DatabaseName"]}
    started = time.monotonic()
    done = subprocess.run(  # noqa: S603
        [PYTHON, str(ANALYST), client, sql], env=cloud.variables() | names, check=True, capture_output=True, text=True
    )
    (answer,) = json.loads(done.stdout.splitlines()[-1])
    return answer["records"], answer.get("seconds", time.monotonic() - started)


if __name__ == "__main__":
    sys.exit(main())
