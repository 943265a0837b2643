"""Fetch the newest report and open it in a browser."""

import argparse
import os
import sys
import webbrowser
from pathlib import Path

from stockcast import results, status, target
from stockcast.console import print_lines
from stockcast.target import Target
from tools.aws import Problem, runs

SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME")


def command(arguments: argparse.Namespace) -> int:
    stack = target.of(arguments)
    dataset, run_id = newest(stack, arguments.dataset)
    report = results.fetch_report(stack, dataset, run_id, Path(arguments.out or Path("out") / dataset))
    print_lines([str(report)])
    if not arguments.no_browser and has_a_screen() and not webbrowser.open(report.as_uri()):
        print_lines(["no browser was found: open this file in one"])
    return 0


def newest(stack: Target, wanted: str | None) -> tuple[str, str]:
    """Dataset and id of the newest run, of the dataset that is wanted. Raises Problem where none is published."""
    s3, lake = stack.client("s3"), stack.outputs["LakeBucket"]
    published: dict[str, tuple[str, str]] = {}
    known = [name for name, _, _ in status.datasets(stack)]
    for name in [one for one in known if wanted in (None, one)]:
        found = list(runs.objects(s3, lake, f"published/dataset={name}/"))
        if found:
            last = max(found, key=lambda one: one["Key"])
            published[name] = (last["LastModified"].isoformat(), runs.run_of(last["Key"]))
    if not published:
        of, others = f" of {wanted}" if wanted else "", [one for one in known if one != wanted]
        meant = target.near(wanted or "", others) or f"; `stockcast status{stack.option}` says what there is"
        raise Problem(f"no run{of} is published yet{meant}")
    name = max(published, key=lambda one: published[one])
    return name, published[name][1]


def has_a_screen() -> bool:
    """Where there is none, a browser of text would take the terminal."""
    return sys.platform != "linux" or any(os.environ.get(name) for name in SCREENS)
