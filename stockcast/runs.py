"""List the executions, the newest first."""

import argparse
import itertools

from rich.table import Table

from stockcast import executions, target
from stockcast.console import print_lines, print_table
from stockcast.dataset import plain
from stockcast.executions import Execution


def command(arguments: argparse.Namespace) -> int:
    stack = target.of(arguments)
    known: set[str] = set()

    def wanted(one: Execution) -> bool:
        known.add(one.dataset)
        return arguments.dataset in (None, one.dataset)

    found = list(itertools.islice(filter(wanted, executions.newest(stack)), arguments.limit))
    if not found:
        of = f" of {arguments.dataset}" if arguments.dataset else ""
        meant = (
            target.near(arguments.dataset or "", sorted(known)) or f"; `stockcast run FILE{stack.option}` starts one"
        )
        print_lines([f"no execution{of} is known{meant}"])
        return 0
    print_table(table(found))
    print_lines([f"{len(found):,} execution{'' if len(found) == 1 else 's'}"])
    return 0


def table(found: list[Execution]) -> Table:
    shown = Table()
    for title in ("started, UTC", "minutes", "dataset", "file", "status", "run"):
        shown.add_column(title, justify="right" if title == "minutes" else "left")
    for one in found:
        started = f"{one.started.astimezone(executions.UTC):%Y-%m-%d %H:%M:%S}"
        status = one.status.lower() if one.status == executions.RUNNING else one.status
        shown.add_row(started, f"{one.minutes:.1f}", *map(plain, (one.dataset, one.file, status, one.run_id)))
    return shown
