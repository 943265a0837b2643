"""What is up, what runs, and which datasets there are."""

import argparse
from collections.abc import Iterator

from local import cloud, deploy, paths
from stockcast import executions, target
from stockcast.console import Grid, print_lines, print_table
from stockcast.target import Target
from tools.aws import runs


def command(arguments: argparse.Namespace) -> int:
    if not arguments.stack:
        running = cloud.settings()
        if running is None:
            print_lines(
                [f"no cloud of this checkout is up; `stockcast up` starts it (logs of the last one: {paths.LOGS})"]
            )
            return 1
        print_lines([f"cloud: up at {running['endpoint']}, logs in {paths.LOGS}"])
    stack = target.of(arguments)
    print_lines(lines(stack))
    if found := datasets(stack):
        print_table(table(found))
    else:
        print_lines([f"no dataset yet: `stockcast run FILE{stack.option}` makes one"])
    return 0


def lines(stack: Target) -> Iterator[str]:
    yield f"stack: {stack.name}"
    if stack.laptop and not deploy.is_current():
        yield "the checkout has changed since it was deployed: `stockcast up` deploys it"
    active = list(executions.newest(stack, running=True))
    for one in active:
        starter = one.file or "the stack itself"
        yield f"running: {one.dataset or one.arn}, {one.minutes:.1f} minutes, started by {starter}"
    if not active:
        yield "running: nothing"


def datasets(stack: Target) -> list[tuple[str, str, bool]]:
    """Name, newest run and whether an execution leads it, of each dataset that has had one."""
    s3, lake = stack.client("s3"), stack.outputs["LakeBucket"]
    names = [one["Key"].rpartition("/")[2].removesuffix(".json") for one in runs.objects(s3, lake, "leads/")]
    return [(name, runs.newest_run(s3, lake, name), bool(runs.holder(s3, lake, name))) for name in names]


def table(found: list[tuple[str, str, bool]]) -> Grid:
    shown = Grid("dataset", "newest run", "now")
    for name, run_id, led in found:
        shown.add(name, run_id or "none yet", "a run leads it" if led else "")
    return shown
