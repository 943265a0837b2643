"""Check a CSV, upload it, follow its execution and fetch the results."""

import argparse
import json
import re
import time
from pathlib import Path

from local import cloud, paths
from local.cli import check, follow, results
from local.cli.console import console, print_lines
from local.cli.up import bring_up


def command(arguments: argparse.Namespace) -> int:
    dataset = arguments.dataset or dataset_of(arguments.csv)
    out = arguments.out or Path("out") / dataset
    answer, rejected = check.check(str(arguments.csv))
    print_lines(check.in_words(str(arguments.csv), answer))
    if not answer["accepted"]:
        check.write_rejected(rejected, out)
        return 1
    started = time.monotonic()
    outputs = bring_up()
    source = _upload(arguments.csv, dataset, outputs)
    arn = follow.find_execution(outputs["StateMachineArn"], source["key"], source["version_id"])
    print_lines([f"s3://{source['bucket']}/{source['key']}", arn])
    described = follow.follow(arn, console)
    print_lines([f"{described['status']} after {time.monotonic() - started:.0f} s"])
    results.fetch_rejected(outputs["LakeBucket"], source, out)
    if described["status"] != "SUCCEEDED":
        cause = follow.plain_cause(described.get("cause", ""))
        print_lines([f"error: {described.get('error', '')}", f"cause: {cause}", f"logs: {paths.LOGS}"])
        return 1
    _show(json.loads(described["output"] or "{}"), outputs["LakeBucket"], out)
    return 0


def _show(result: dict, lake: str, out: Path) -> None:
    """Fetch what the run published and print its figures; nothing was, if the file was no new one."""
    if result.get("status") in ("duplicate", "ignored"):
        print_lines([f"nothing to do: {result.get('reason') or result['status']}"])
        return
    results.fetch(lake, result["dataset"], result["run_id"], out)
    console.print(results.models_table(out))
    console.print(results.ranges_table(out))
    report = (out / "report.html").resolve()
    print_lines([result.get("headline", ""), f"run {result['run_id']}", f"report: {report}"])


def dataset_of(csv: Path) -> str:
    """A dataset's name from a file's: lower case, words joined by hyphens, beginning with a letter."""
    stem = re.sub(r"[^a-z0-9]+", "-", csv.name.lower().removesuffix(".gz").removesuffix(".csv")).strip("-")
    return (stem if re.match("[a-z]", stem) else f"d-{stem}".rstrip("-"))[:40].rstrip("-")


def _upload(csv: Path, dataset: str, outputs: dict[str, str]) -> dict[str, str]:
    """Put the file where people drop files: bucket, key and version_id of the object."""
    bucket, key = outputs["IncomingBucket"], f"incoming/{dataset}/{csv.name}"
    with csv.open("rb") as body:
        version = cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]
    return {"bucket": bucket, "key": key, "version_id": version}
