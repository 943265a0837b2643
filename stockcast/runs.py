"""List the executions, the newest first."""

import argparse

from stockcast import executions, target
from stockcast.console import Grid, print_lines, print_table
from stockcast.executions import LOOKED_AT, Execution


def command(arguments: argparse.Namespace) -> int:
    stack = target.of(arguments)
    found = executions.of_dataset(stack, arguments.dataset, arguments.limit)
    if not found.executions:
        print_lines([executions.none_found(stack, arguments.dataset, found)])
        return 0
    print_table(table(found.executions))
    count = len(found.executions)
    cut = f" among the newest {LOOKED_AT:,} of all datasets" if found.more and count < arguments.limit else ""
    print_lines([f"{count:,} execution{'' if count == 1 else 's'}{cut}"])
    return 0


def table(found: list[Execution]) -> Grid:
    shown = Grid("started, UTC")
    shown.add_title("minutes", "right")
    for title in ("dataset", "file", "status", "run"):
        shown.add_title(title)
    for one in found:
        started = f"{one.started.astimezone(executions.UTC):%Y-%m-%d %H:%M:%S}"
        status = one.status.lower() if one.status == executions.RUNNING else one.status
        shown.add(started, f"{one.minutes:.1f}", one.dataset, one.file, status, one.run_id)
    return shown
