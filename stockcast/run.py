"""Check CSVs, upload them to a dataset, follow its run and fetch the results."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from local import cloud, paths
from stockcast import check, follow, results
from stockcast.console import console, print_lines
from stockcast.up import bring_up
from tools.aws import runs

if TYPE_CHECKING:
    from common import events


def command(arguments: argparse.Namespace) -> int:
    named, files = arguments.csv, list(expand(arguments.csv))
    if not arguments.dataset and len(named) > 1:
        raise cloud.CloudError("several files make one dataset; name it with --dataset")
    dataset = arguments.dataset or dataset_of(named[0])
    out = arguments.out or Path("out") / dataset
    accepted = [file for file in files if accepts(file, out)]
    if not accepted:
        return 1
    started = time.monotonic()
    outputs = bring_up()
    sources = [_upload(file, dataset, outputs) for file in accepted]
    stack = follow.of_laptop(outputs)
    arns = [follow.find_execution(stack, source) for source in sources]
    print_lines(f"s3://{source['bucket']}/{source['key']}" for source in sources)
    described = runs.lead(stack, arns, dataset, lambda arn: follow.follow(stack, arn, console))
    print_lines([f"{described['status']} after {time.monotonic() - started:.0f} s"])
    results.fetch_rejected(outputs["LakeBucket"], dataset, sources, out)
    if described["status"] != "SUCCEEDED":
        cause = runs.plain_cause(described.get("cause", ""))
        print_lines([f"error: {described.get('error', '')}", f"cause: {cause}", f"logs: {paths.LOGS}"])
        return 1
    _show(runs.result(described), dataset, outputs["LakeBucket"], out)
    return 0 if len(accepted) == len(files) else 1


def expand(named: list[Path]) -> Iterator[Path]:
    """The files that were named, and those in folders that were."""
    for path in named:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        yield from (file for file in inside if file == path or file.name.lower().endswith((".csv", ".csv.gz")))


def accepts(file: Path, out: Path) -> bool:
    """Whether the file would be accepted; says so, or why not."""
    answer, rejected = check.check(str(file))
    print_lines(check.in_words(str(file), answer))
    if not answer["accepted"]:
        check.write_rejected(rejected, out)
    return answer["accepted"]


def _show(result: dict, dataset: str, lake: str, out: Path) -> None:
    """Fetch the dataset's newest run and print its figures."""
    if result.get("status") != "published":
        print_lines([f"nothing new: {result.get('reason') or result.get('status')}"])
    run_id = results.newest_run(lake, dataset)
    if not run_id:
        return
    results.fetch(lake, dataset, run_id, out)
    console.print(results.models_table(out))
    console.print(results.ranges_table(out))
    report = (out / "report.html").resolve()
    print_lines([result.get("headline", ""), f"run {run_id}", f"report: {report}"])


def dataset_of(csv: Path) -> str:
    """A dataset's name from a file's: lower case, words joined by hyphens, beginning with a letter."""
    stem = re.sub(r"[^a-z0-9]+", "-", csv.name.lower().removesuffix(".gz").removesuffix(".csv")).strip("-")
    return (stem if re.match("[a-z]", stem) else f"d-{stem}".rstrip("-"))[:40].rstrip("-")


def _upload(csv: Path, dataset: str, outputs: dict[str, str]) -> events.Upload:
    """Put the file where people drop files: bucket, key and version_id of the object."""
    bucket, key = outputs["IncomingBucket"], f"incoming/{dataset}/{csv.name}"
    with csv.open("rb") as body:
        version = cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]
    return {"bucket": bucket, "key": key, "version_id": version}
