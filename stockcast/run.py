"""Check files, upload them to a dataset, follow its run, and fetch and show the results."""

from __future__ import annotations

import argparse
import re
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from local import cloud, paths
from stockcast import check, export, failures, follow, results, rules, target
from stockcast.console import print_lines, print_table, say_error, typed
from stockcast.target import Target
from stockcast.up import bring_up
from tools.aws import Problem, runs

if TYPE_CHECKING:
    from common import events
    from stocks.dataset.settings import Settings

MARKER = ".stockcast"  # in a folder of results: what lies there may be replaced


def command(arguments: argparse.Namespace) -> int:
    named = [Path(text) for text in arguments.csv]
    files = list(expand(named))
    if not arguments.dataset and len(named) > 1:
        raise Problem("several files make one dataset; name it with --dataset")
    dataset = arguments.dataset or dataset_of(named[0])
    stack = target.of(arguments) if arguments.stack else None
    judged_by = rules.of_stack(stack, dataset) if stack else rules.of_laptop(dataset)
    out = folder(arguments.out or str(Path("out") / dataset), files)
    accepted = [file for file in files if accepts(file, out, judged_by)]
    if not accepted:
        say_error(f"error: no file can be used; the rejected rows are in {out / results.REJECTED}")
        return 1
    started = time.monotonic()
    stack = stack or bring_up()
    sources, started_by = drop(accepted, dataset, stack)
    described = follow.lead(stack, started_by, dataset)
    status = described.get("status", "SUCCEEDED")  # of no execution that led, where another run took the files
    print_lines([f"{status} after {time.monotonic() - started:.0f} s"])
    results.fetch_rejected(stack, dataset, sources, out)
    if status != "SUCCEEDED":
        print_lines(follow.ended(described))
        print_lines([f"logs: {paths.LOGS}" if stack.laptop else f"logs: stockcast logs{stack.option}"])
        return 1
    whole = _show(runs.result(described), dataset, stack, out)
    return 0 if whole and len(accepted) == len(files) else 1


def expand(named: list[Path]) -> Iterator[Path]:
    """The files that were named, and those in folders that were. Raises Problem for a name of nothing, or for a folder
    that has none."""
    for path in named:
        if str(path) == check.STDIN:
            raise Problem("a run takes no standard input, for an upload has a name: save it as a file and name that")
        if not path.exists():
            raise Problem(f"there is no file {path}")
        if not path.is_dir():
            if not path.is_file():
                raise Problem(f"{path} is neither a file nor a folder; save its content as a file and name that")
            yield path
            continue
        found = [file for file in sorted(path.iterdir()) if file.name.lower().endswith((".csv", ".csv.gz"))]
        if not found:
            raise Problem(f"the folder {path} has no file whose name ends in .csv or .csv.gz")
        yield from found


def folder(out: str, files: list[Path]) -> Path:
    """Where results go, without an earlier run's rejected rows. Raises Problem before anything is uploaded or deleted
    if results cannot go there, or if they would replace what no run has written, or one of the files."""
    path = Path(out)
    ours = any((path / name).exists() for name in (MARKER, results.REPORT))
    for name in (*results.TABLES, results.REJECTED):
        if not ours and (path / name).is_dir() and any((path / name).iterdir()):
            raise Problem(f"{path / name} holds files that no run has written; give --out another folder")
        if inside := [file for file in files if (path / name).resolve() in file.resolve().parents]:
            raise Problem(
                f"{inside[0]} lies where results go and would be deleted; move it, or give --out another folder"
            )
    results.made(path)
    (path / MARKER).touch()
    results.emptied(path / results.REJECTED, "*.csv")
    return path


def accepts(file: Path, out: Path, settings: Settings) -> bool:
    """Whether the file would be accepted; says so, or why not."""
    answer, rejected = check.check(str(file), settings)
    print_lines(check.in_words(str(file), answer))
    if not answer["accepted"]:
        check.write_rejected(rejected, file, out)
    return bool(answer["accepted"])


def _show(result: dict, dataset: str, stack: Target, out: Path) -> bool:
    """Fetch the dataset's newest run and print its forecasts, its errors, and what one may do next. Whether all of it
    was written."""
    if result.get("status") != "published":
        print_lines([f"nothing new: {result.get('reason') or result.get('status')}"])
    run_id = runs.newest_run(stack.client("s3"), stack.outputs["LakeBucket"], dataset)
    if not run_id:
        print_lines(next_steps(stack, dataset))
        return True
    results.fetch(stack, dataset, run_id, out)
    print_table(results.forecasts_table(out))
    if left := results.left_out(out):
        print_lines([left])
    print_table(results.models_table(out))
    print_table(results.ranges_table(out))
    print_lines(line for line in (result.get("headline"), f"run {run_id}") if line)
    whole = _export(stack, dataset, run_id, out)
    print_lines([f"report: {(out / 'report.html').resolve()}"])
    if whole:
        print_lines([f"files: {out.resolve()} has {export.FORECASTS} and {export.DATABASE}, too"])
    print_lines(next_steps(stack, dataset))
    return whole


def _export(stack: Target, dataset: str, run_id: str, out: Path) -> bool:
    """Whether what programs for people read was written; the tables and the report are there in any case."""
    try:
        export.write(stack, dataset, run_id, out)
    except Problem as problem:
        say_error(f"error: {problem}")
        return False
    except (ClientError, BotoCoreError) as error:
        say_error(f"error: {export.DATABASE} and {export.FORECASTS} were not written: {failures.sentence(error)}")
        return False
    return True


def next_steps(stack: Target, dataset: str) -> Iterator[str]:
    """What the user can do now, each with what to type."""
    sql = f"select ticker, target_date, forecast, p10, p90 from latest_forecast where dataset = '{dataset}'"  # noqa: S608
    yield f'query: {typed()} query{stack.option} "{sql}"'
    yield f"drop more files into: s3://{stack.outputs['IncomingBucket']}/incoming/{dataset}/"
    if stack.laptop:
        endpoint = (cloud.settings() or {}).get("endpoint", "")
        yield f'endpoint: {endpoint} (for AWS\'s own tools: eval "$({typed()} env)")'
        yield f"the cloud stays up, and `{typed()} down` ends it"


def dataset_of(csv: Path) -> str:
    """A dataset's name from a file's: lower case, words joined by hyphens, beginning with a letter.

    Raises Problem for a name without Latin letters or digits: two of them would be one dataset.
    """
    name = csv.name or csv.resolve().name
    bare = "".join(one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one))
    stem = re.sub(r"[^a-z0-9]+", "-", bare.lower().removesuffix(".gz").removesuffix(".csv")).strip("-")
    if not stem:
        raise Problem(f"{name} gives no name for a dataset; name it with --dataset")
    return (stem if re.match("[a-z]", stem) else f"d-{stem}".rstrip("-"))[:40].rstrip("-")


def drop(files: list[Path], dataset: str, stack: Target) -> tuple[list[events.Upload], list[str]]:
    """Upload the files; what was uploaded, and the executions that they started. Raises Interrupted after Ctrl-C."""
    sources: list[events.Upload] = []
    try:
        for file in files:
            sources.append(_upload(file, dataset, stack))
            print_lines([f"dropped s3://{sources[-1]['bucket']}/{sources[-1]['key']}"])
        return sources, follow.find_executions(stack, sources)
    except KeyboardInterrupt:
        again = f"`{typed()} follow {dataset}{stack.option}` follows their run"
        words = f"{len(sources)} of {len(files)} files were dropped and stay; {again}" if sources else ""
        raise failures.Interrupted(words) from None


def _upload(csv: Path, dataset: str, stack: Target) -> events.Upload:
    """Put the file where people drop files: bucket, key and version_id of the object."""
    bucket, key = stack.outputs["IncomingBucket"], f"incoming/{dataset}/{csv.name}"
    with csv.open("rb") as body:
        version = stack.client("s3").put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]
    return {"bucket": bucket, "key": key, "version_id": version}
