"""The real SAM CLI, in the environments of this checkout."""

import os
import subprocess
import time
from collections.abc import Callable

from local import cloud, paths

CONFIG = "local"


def run(command: str, say: Callable[[str], object], variables: dict[str, str], *options: str) -> None:
    """`sam COMMAND`; its output goes to a log and is shown when it fails."""
    say(f"sam {command} ...")
    started = time.monotonic()
    log = paths.LOGS / f"sam-{command}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as file:
        done = subprocess.run(  # noqa: S603
            [paths.ROOT / ".venv-sam" / "bin" / "sam", command, "--config-env", CONFIG, *options],
            cwd=paths.ROOT,
            env=variables | {"PATH": _path(), "SAM_CLI_TELEMETRY": "0"},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    if done.returncode != 0:
        raise cloud.CloudError(f"sam {command} failed:\n{log.read_text()}")
    say(f"sam {command} done, {time.monotonic() - started:.0f} s")


def without_aws() -> dict[str, str]:
    """The environment of a command that needs no cloud, so that it can reach none."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def _path() -> str:
    """Where SAM finds the python3.13 that makes the layers."""
    tools = [paths.ROOT / f".venv{name}" / "bin" for name in ("-sam", "-uv", "-lambda")]
    return os.pathsep.join([*map(str, tools), os.environ["PATH"]])
