"""Delete a dataset, after its name was typed once more."""

import argparse
import sys

from stockcast import executions, target
from stockcast.console import print_lines, say_error
from stockcast.dataset import uploads
from stockcast.target import Target
from tools.aws import Problem, forget, runs


def command(arguments: argparse.Namespace) -> int:
    stack, name = target.of(arguments), arguments.name
    known = uploads(stack)
    s3, lake = stack.client("s3"), stack.outputs["LakeBucket"]
    if name not in known and not any(forget.listed(s3, lake, f"leads/{name}.json")):
        raise Problem(f"there is no dataset {name} in the stack {stack.name}{target.near(name, list(known))}")
    refuse_while_it_runs(stack, name)
    if not arguments.yes:
        if not confirmed(stack, name, len(known.get(name, []))):
            say_error("nothing was deleted")
            return 1
        refuse_while_it_runs(stack, name)  # a file may have come while somebody thought about it
    for what, delete in forget.held(stack, name):
        if count := delete():
            print_lines([f"  {count:,} {what}" if not what.startswith("the ") else f"  {what}"])
    if runs.holder(s3, lake, name) or any(forget.listed(s3, lake, f"leads/{name}.json")):
        raise Problem(f"something came in between, and the dataset {name} stands again: run the command once more")
    print_lines([f"{name} is deleted; results of queries may hold copies of rows until they expire"])
    return 0


def refuse_while_it_runs(stack: Target, name: str) -> None:
    """Raises Problem while an execution leads the dataset, or has one of its files: it would publish it again."""
    forget.refuse_while_it_runs(stack, name)
    for one in executions.newest(stack, running=True):
        if one.dataset == name:
            raise Problem(f"an execution of {name} is under way: wait for its end, or stop it first ({one.arn})")


def confirmed(stack: Target, name: str, files: int) -> bool:
    """Whether who types means it. Raises Problem where nobody can be asked."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise Problem("nobody can be asked here: add --yes to delete it")
    print_lines(
        [f"This deletes {name} in the stack {stack.name}: {files:,} dropped files, all runs, forecasts and prices."]
    )
    try:
        return input("Type its name to go on: ").strip() == name
    except EOFError:
        return False
