"""Show a dataset: its uploads and their verdicts, its newest run, who leads it, and what waits."""

import argparse
from collections.abc import Iterator
from typing import Any

from stockcast import target
from stockcast.console import Grid, print_lines, print_table
from stockcast.query import run as ask
from stockcast.target import Target
from tools.aws import Problem, runs


def command(arguments: argparse.Namespace) -> int:
    stack, name = target.of(arguments), arguments.name
    everything = uploads(stack)
    dropped, verdicts = everything.get(name, []), judged(stack, name) if is_crawled(stack) else []
    if not dropped and not verdicts:
        drop = f"; `stockcast run --dataset {name} FILE{stack.option}` drops one"
        raise Problem(f"no file was dropped into incoming/{name}/{target.near(name, list(everything)) or drop}")
    if verdicts:
        print_table(table(name, verdicts))
    print_lines(state(stack, name))
    known = {(one["source_key"], one["source_version"]) for one in verdicts}
    print_lines(beside_the_table(stack, name, [one for one in dropped if one not in known]))
    return 0


def beside_the_table(stack: Target, name: str, dropped: list[tuple[str, str]]) -> Iterator[str]:
    """What is known of uploads that the view does not show, as before the first crawl: the verdict if there is one."""
    from common import keys
    from stocks.dataset.uploads import Verdict, digest_of

    s3, lake = stack.client("s3"), stack.outputs["LakeBucket"]
    written = [one["Key"] for one in runs.objects(s3, lake, keys.verdicts(name))] if dropped else []
    by_upload = {key.rpartition("-")[2].removesuffix(".json"): key for key in written}
    for key, version in dropped:
        if not (found := by_upload.get(digest_of(stack.outputs["IncomingBucket"], key, version))):
            yield f"waits for its verdict: {key}"
            continue
        verdict = Verdict.from_json(s3.get_object(Bucket=lake, Key=found)["Body"].read())
        yield f"accepted: {key}" if verdict.accepted else f"rejected: {key}: {verdict.reason}"


def uploads(stack: Target) -> dict[str, list[tuple[str, str]]]:
    """Key and version of every dropped file, by dataset; names of its folders may differ in capitals."""
    from stocks.dataset.uploads import INCOMING, place

    s3: Any = stack.client("s3")
    found: dict[str, list[tuple[str, str]]] = {}
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=stack.outputs["IncomingBucket"], Prefix=f"{INCOMING}/"
    )
    for one in (one for page in pages for one in page.get("Versions", [])):
        where = place(one["Key"])
        if where.kind == "file":
            found.setdefault(where.dataset, []).append((one["Key"], one["VersionId"]))
    return found


def is_crawled(stack: Target) -> bool:
    """Whether the tables exist: the crawler of the first run makes them."""
    glue: Any = stack.client("glue")
    try:
        glue.get_table(DatabaseName=stack.outputs["DatabaseName"], Name="runs")
    except glue.exceptions.EntityNotFoundException:
        return False
    return True


def judged(stack: Target, name: str) -> list[dict[str, str | None]]:
    """The dataset's rows of the view of files, oldest first."""
    sql = f"select * from file_history where dataset = '{name}' order by uploaded, source_key"  # noqa: S608  no quotes
    columns, rows = ask(stack, sql)
    return [dict(zip([column["Name"] for column in columns], row, strict=True)) for row in rows]


def table(name: str, verdicts: list[dict[str, str | None]]) -> Grid:
    titles = ("uploaded", "file", "verdict", "rows", "days", "first published by")
    shown = Grid(*titles, title=f"Files of {name}, in the order in which they are folded")
    for row in verdicts:
        days = f"{row['first_day']} to {row['last_day']}" if row["first_day"] else ""
        verdict = row["verdict"] if row["verdict"] == "accepted" else f"rejected: {row['reason']}"
        uploaded = (row["uploaded"] or "").partition(".")[0]
        file = (row["source_key"] or "").rpartition("/")[2]
        shown.add(uploaded, file, verdict, row["rows"], days, row["run_id"] or "not yet")
    return shown


def state(stack: Target, name: str) -> Iterator[str]:
    """Who leads the dataset, and which run is its newest."""
    s3, lake = stack.client("s3"), stack.outputs["LakeBucket"]
    yield f"newest run: {runs.newest_run(s3, lake, name) or 'none yet'}"
    holder = runs.holder(s3, lake, name)
    yield f"led by: {holder}" if holder else "led by nobody: nothing runs"
