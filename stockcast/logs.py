"""Show the end of a log: of a step, and on the laptop of everything that runs there."""

import argparse
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local import cloud, paths
from stockcast import target
from stockcast.console import print_lines
from stockcast.target import Target, near
from tools.aws import Problem

STREAMS = 10  # the newest, of which events are read
TIME = "%Y-%m-%d %H:%M:%S"


def command(arguments: argparse.Namespace) -> int:
    files = {} if arguments.stack else of_laptop()
    if arguments.name in files:  # no cloud need be up for it, as after a failed start
        print_lines(tail(files[arguments.name], arguments.lines))
        return 0
    try:
        stack = target.of(arguments)
    except (cloud.CloudError, Problem):  # the logs of a cloud that has ended can be read all the same
        if not files or arguments.name:
            raise
        print_lines(listed(files, {}))
        return 0
    groups = steps(stack)
    if not arguments.name:
        print_lines(listed(files, groups))
    elif arguments.name in groups:
        print_lines(events(stack, groups[arguments.name], arguments.lines))
    else:
        meant = near(arguments.name, [*files, *groups])
        raise Problem(f"there is no log {arguments.name[:60]}{meant}; `stockcast logs{stack.option}` lists them")
    return 0


def of_laptop() -> dict[str, Path]:
    """The laptop's logs by name; the newest of a training and of an endpoint. Those of functions are read by step."""
    files = sorted(paths.LOGS.glob("*.log"), key=lambda file: file.stat().st_mtime)
    named = {}
    for file in files:
        kind = file.stem.partition("-")[0]
        if kind in ("training", "endpoint"):
            named[kind] = file
        elif "Function-" not in file.stem:
            named[file.stem] = file
    return named


def steps(stack: Target) -> dict[str, str]:
    """The log groups of the steps by name."""
    prefix = f"/aws/lambda/{stack.name}/"
    pages = stack.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
    return {
        one["logGroupName"].removeprefix(prefix): one["logGroupName"] for page in pages for one in page["logGroups"]
    }


def listed(files: dict[str, Path], groups: dict[str, str]) -> list[str]:
    found = [f"  {name:<18}{file}" for name, file in sorted(files.items())]
    found += [f"  {name:<18}{group}" for name, group in sorted(groups.items())]
    return found or ["no log yet"]


def tail(file: Path, count: int) -> list[str]:
    with file.open(errors="replace") as log:
        return [line.rstrip("\n").expandtabs() for line in deque(log, maxlen=count)]


def events(stack: Target, group: str, count: int) -> list[str]:
    """The last events of the group's newest streams, oldest first."""
    logs: Any = stack.client("logs")
    streams = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True, limit=STREAMS)[
        "logStreams"
    ]
    found: list[tuple[int, str]] = []
    for stream in streams:
        given = logs.get_log_events(
            logGroupName=group, logStreamName=stream["logStreamName"], limit=min(count, 10_000), startFromHead=False
        )
        found += [(one["timestamp"], one["message"].rstrip()) for one in given["events"]]
    latest = sorted(found, key=lambda one: one[0])[-count:]
    shown = [f"{datetime.fromtimestamp(at / 1000, UTC):{TIME}}  {text}" for at, text in latest]
    return [line.expandtabs() for text in shown for line in text.split("\n")][-count:] or ["nothing yet"]
