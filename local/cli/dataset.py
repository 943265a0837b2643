"""Show a dataset: its uploads and their verdicts, its newest run, who leads it, and what waits."""

import argparse
from collections.abc import Iterator
from typing import Any

from rich.table import Table

from local import cloud, deploy
from local.cli import results
from local.cli.console import print_lines, print_table
from local.cli.query import run as ask
from stocks.reading.rejected import visible


def command(arguments: argparse.Namespace) -> int:
    outputs = deploy.outputs()
    name = arguments.name.lower()
    dropped, verdicts = uploads(outputs["IncomingBucket"], name), judged(name)
    if not dropped and not verdicts:
        raise cloud.CloudError(f"no file was dropped into incoming/{name}/; `run --dataset {name} FILE` drops one")
    print_table(table(name, verdicts))
    print_lines(state(outputs["LakeBucket"], name))
    known = {(one["source_key"], one["source_version"]) for one in verdicts}
    print_lines(f"waits for its verdict: {visible(key)}" for key, version in dropped if (key, version) not in known)
    return 0


def uploads(bucket: str, name: str) -> list[tuple[str, str]]:
    """Key and version of every file in the dataset's folders, whose names may differ in capitals."""
    from stocks.dataset.uploads import INCOMING, place

    s3: Any = cloud.client("s3")
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=f"{INCOMING}/")
    found = [(one["Key"], one["VersionId"]) for page in pages for one in page.get("Versions", [])]
    places = {key: place(key) for key, _ in found}
    return [one for one in found if places[one[0]].kind == "file" and places[one[0]].dataset == name]


def judged(name: str) -> list[dict[str, str | None]]:
    """The dataset's rows of the view of files, oldest first."""
    columns, rows = ask("select * from file_history order by uploaded, source_key")
    named = [dict(zip([column["Name"] for column in columns], row, strict=True)) for row in rows]
    return [row for row in named if row["dataset"] == name]


def table(name: str, verdicts: list[dict[str, str | None]]) -> Table:
    shown = Table(title=f"Files of {name}, in the order in which they are folded")
    for title in ("uploaded", "file", "verdict", "rows", "days", "first published by"):
        shown.add_column(title)
    for row in verdicts:
        days = f"{row['first_day']} to {row['last_day']}" if row["first_day"] else ""
        verdict = row["verdict"] if row["verdict"] == "accepted" else f"rejected: {row['reason']}"
        uploaded = (row["uploaded"] or "").partition(".")[0]
        file = visible((row["source_key"] or "").rpartition("/")[2])
        shown.add_row(uploaded, file, verdict, row["rows"], days, row["run_id"] or "not yet")
    return shown


def state(lake: str, name: str) -> Iterator[str]:
    """Who leads the dataset, and which run is its newest."""
    yield f"newest run: {results.newest_run(lake, name) or 'none yet'}"
    holder = results.holder(lake, name)
    yield f"led by: {holder}" if holder else "led by nobody: nothing runs"
