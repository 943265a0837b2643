"""Watch executions in the terminal, on the laptop with the epochs of their training."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from local import paths
from stockcast import executions, failures, target
from stockcast.console import Terminal, console, print_lines, typed
from stockcast.target import Target
from tools.aws import Problem, runs

if TYPE_CHECKING:
    from common.events import Upload

START_SECONDS, START_SECONDS_AWS = 30, 60


def command(arguments: argparse.Namespace) -> int:
    stack = target.of(arguments)
    found = list(executions.newest(stack, running=True))
    if arguments.dataset:
        found = [one for one in found if one.dataset == arguments.dataset]
    if not found:
        return _nothing_runs(stack, arguments.dataset)
    dataset = found[0].dataset
    print_lines([f"following {dataset or found[0].arn}"])
    described = lead(stack, [one.arn for one in found if one.dataset == dataset], dataset)
    print_lines(ended(described))
    return 0 if described.get("status", "SUCCEEDED") == "SUCCEEDED" else 1


def _nothing_runs(stack: Target, dataset: str | None) -> int:
    found = executions.of_dataset(stack, dataset, 1)
    of = f" of {dataset}" if dataset else ""
    if not found.executions:
        raise Problem(f"nothing runs{of}, and {executions.none_found(stack, dataset, found)}")
    newest = found.executions[0]
    last = f"the last one, of {newest.dataset or newest.arn}, ended as {newest.status}"
    print_lines([f"nothing runs{of}; {last} {newest.run_id}".rstrip()])
    return 0


def ended(described: dict) -> Iterator[str]:
    """How the last execution that led the dataset ended."""
    if described.get("status", "SUCCEEDED") != "SUCCEEDED":
        yield f"error: {described.get('error', described['status'])}"
        yield from f"cause: {runs.plain_cause(described.get('cause', ''))}".split("\n")
        return
    result = runs.result(described)
    words = (result.get("status") or "ended", result.get("run_id"), result.get("headline") or result.get("reason"))
    yield " ".join(word for word in words if word)


def find_executions(stack: Target, sources: list["Upload"]) -> list[str]:
    """The ARNs of the executions that the uploads' events started. Raises Problem if one has started none."""
    seconds = START_SECONDS if stack.laptop else START_SECONDS_AWS
    found = runs.find_executions(stack, sources, seconds)
    if missing := [source["key"] for source, arn in zip(sources, found, strict=True) if not arn]:
        log = (
            f"see {paths.LOGS / 'cloud.log'}"
            if stack.laptop
            else "a new bucket's events need about five minutes: upload it again"
        )
        others = f" and {len(missing) - 1:,} more" if len(missing) > 1 else ""
        raise Problem(f"no execution started within {seconds} s for {missing[0]}{others} ({log})")
    return found


def lead(stack: Target, arns: list[str], dataset: str) -> dict:
    """Follow them, and those that lead the dataset after them. Raises Interrupted, for they go on after Ctrl-C."""
    try:
        return runs.lead(stack, arns, dataset, lambda arn: follow(stack, arn, console))
    except KeyboardInterrupt:
        again = " ".join(f"{typed()} follow {dataset}{stack.option}".split())
        more = f"; `{typed()} down` ends it and the cloud" if stack.laptop else ""
        raise failures.Interrupted(f"the run goes on, and `{again}` follows it again{more}") from None


def follow(stack: Target, arn: str, console: Terminal) -> dict:
    """Print progress until the execution has ended; return its description."""
    return runs.follow(stack, arn, console, _Training().new_lines if stack.laptop else tuple)


class _Training:
    """The lines about epochs in logs of training jobs that appear while we watch."""

    def __init__(self) -> None:
        self._offsets = {file: file.stat().st_size for file in paths.LOGS.glob("training-*.log")}

    def new_lines(self) -> Iterator[str]:
        for file in sorted(paths.LOGS.glob("training-*.log")):
            with file.open(errors="replace") as log:
                log.seek(self._offsets.get(file, 0))
                for line in log:
                    if line.endswith("\n"):
                        self._offsets[file] = self._offsets.get(file, 0) + len(line.encode())
                        if "epoch" in line.lower():
                            yield line.strip()[:160]
