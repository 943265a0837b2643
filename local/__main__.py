"""python -m local up | check FILE [--json] | run CSV [--dataset D] [--out DIR] | query SQL [--csv | --json] | down"""

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from local import cloud, deploy, follow, paths, query, results

sys.path.append(str(paths.ROOT / "functions"))  # the product's own code, as Lambda finds it

console = Console(soft_wrap=True)


def main() -> int:
    arguments = _arguments()
    try:
        return arguments.command(arguments)
    except cloud.CloudError as error:
        console.print(f"error: {error}", markup=False, highlight=False)
        return 1
    except BrokenPipeError:  # whoever read the output has seen enough, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        console.print("\ninterrupted; the cloud is still up (end it with: python -m local down)")
        return 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local", description="The laptop cloud.")
    commands = parser.add_subparsers(required=True)
    up = commands.add_parser("up", help="start the cloud and deploy the stack")
    up.add_argument("--port", type=int, default=0, help="default: LOCAL_PORT, or a free one")
    up.set_defaults(command=_up)
    look = commands.add_parser("check", help="say how a file would be read, without the cloud; ends with 1 if refused")
    look.add_argument("file", help="a CSV, or - for standard input")
    look.add_argument("--json", action="store_true", help="one object, as docs/files.md describes it")
    look.set_defaults(command=_check)
    run = commands.add_parser("run", help="upload a CSV, follow its execution, fetch the results")
    run.add_argument("csv", type=Path)
    run.add_argument("--dataset", help="default: made from the file's name")
    run.add_argument("--out", type=Path, help="default: out/<dataset>")
    run.set_defaults(command=_run, port=0)
    ask = commands.add_parser("query", help="run SQL through Athena")
    ask.add_argument("sql")
    form = ask.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="unrounded, for other programs")
    form.add_argument("--json", action="store_true", help="a list of objects")
    ask.set_defaults(command=_query)
    down = commands.add_parser("down", help="end the cloud and forget its state, but not its logs")
    down.set_defaults(command=_down)
    return parser.parse_args()


def _up(arguments: argparse.Namespace) -> int:
    _bring_up(arguments)
    console.print(f"up at {cloud.start()['endpoint']}, logs in {paths.LOGS}", highlight=False)
    return 0


def _bring_up(arguments: argparse.Namespace) -> dict[str, str]:
    cloud.start(arguments.port)
    return deploy.deploy(lambda text: console.print(text, markup=False, highlight=False))


def _down(_arguments: argparse.Namespace) -> int:
    ended = cloud.stop()
    console.print(f"ended: {', '.join(ended)}" if ended else "nothing was up")
    return 0


def _query(arguments: argparse.Namespace) -> int:
    columns, rows = query.run(arguments.sql)
    if arguments.csv:
        query.print_csv(columns, rows)
    elif arguments.json:
        query.print_json(columns, rows)
    elif columns:
        # A pipe has no width to fit into.
        (console if console.is_terminal else Console(width=10_000)).print(query.table(columns, rows))
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from local import check

    answer = check.check(arguments.file).answer
    if arguments.json:
        print(json.dumps(answer, indent=2))
    else:
        _print_lines(check.in_words(arguments.file, answer))
    return 0 if answer["accepted"] else 1


def _run(arguments: argparse.Namespace) -> int:
    from local import check

    dataset = arguments.dataset or dataset_of(arguments.csv)
    out = arguments.out or Path("out") / dataset
    answer, rejected = check.check(str(arguments.csv))
    _print_lines(check.in_words(str(arguments.csv), answer))
    if not answer["accepted"]:
        check.write_rejected(rejected, out)
        return 1
    started = time.monotonic()
    outputs = _bring_up(arguments)
    source = _upload(arguments.csv, dataset, outputs)
    arn = follow.find_execution(outputs["StateMachineArn"], source["key"], source["version_id"])
    console.print(f"s3://{source['bucket']}/{source['key']}\n{arn}", markup=False, highlight=False)
    described = follow.follow(arn, console)
    console.print(f"{described['status']} after {time.monotonic() - started:.0f} s", highlight=False)
    results.fetch_rejected(outputs["LakeBucket"], source, out)
    if described["status"] != "SUCCEEDED":
        _print_failure(described)
        return 1
    result = json.loads(described["output"] or "{}")
    if result.get("status") in ("duplicate", "ignored"):
        console.print(f"nothing to do: {result.get('reason') or result['status']}", markup=False, highlight=False)
        return 0
    results.fetch(outputs["LakeBucket"], result["dataset"], result["run_id"], out)
    console.print(results.metrics_table(out))
    console.print(result.get("headline", ""), markup=False, highlight=False)
    console.print(f"run {result['run_id']}\nreport: {(out / 'report.html').resolve()}", markup=False, highlight=False)
    return 0


def dataset_of(csv: Path) -> str:
    """A dataset's name from a file's: lower case, words joined by hyphens, beginning with a letter."""
    stem = re.sub(r"[^a-z0-9]+", "-", csv.name.lower().removesuffix(".gz").removesuffix(".csv")).strip("-")
    return (stem if re.match("[a-z]", stem) else f"d-{stem}".rstrip("-"))[:40].rstrip("-")


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        console.print(line, markup=False, highlight=False)


def _upload(csv: Path, dataset: str, outputs: dict[str, str]) -> dict[str, str]:
    """Put the file where people drop files: bucket, key and version_id of the object."""
    bucket, key = outputs["IncomingBucket"], f"incoming/{dataset}/{csv.name}"
    with csv.open("rb") as body:
        version = cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]
    return {"bucket": bucket, "key": key, "version_id": version}


def _print_failure(described: dict) -> None:
    cause = follow.plain_cause(described.get("cause", ""))
    console.print(f"error: {described.get('error', '')}\ncause: {cause}", markup=False, highlight=False)
    console.print(f"logs: {paths.LOGS}", markup=False, highlight=False)


if __name__ == "__main__":
    sys.exit(main())
