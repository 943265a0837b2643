"""Watch executions of the laptop's stack in the terminal, with the epochs of their training."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Console

from local import cloud, paths
from tools.aws import runs

if TYPE_CHECKING:
    from common.events import Upload

POLL_SECONDS = 0.5
START_SECONDS = 30


def of_laptop(outputs: dict[str, str]) -> runs.Stack:
    return runs.Stack(cloud.client, outputs, POLL_SECONDS)


def find_execution(stack: runs.Stack, source: "Upload") -> str:
    """The ARN of the execution that the upload's event started. Raises CloudError if none does."""
    if arn := runs.find_execution(stack, source, START_SECONDS):
        return arn
    log = paths.LOGS / "cloud.log"
    raise cloud.CloudError(f"no execution started within {START_SECONDS} s for {source['key']} (see {log})")


def follow(stack: runs.Stack, arn: str, console: Console) -> dict:
    """Print progress until the execution has ended; return its description."""
    return runs.follow(stack, arn, console, _Training().new_lines)


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
