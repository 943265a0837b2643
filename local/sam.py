"""The real SAM CLI, in the environments of this checkout."""

import os
import subprocess
import time
from collections.abc import Callable

from local import cloud, paths, progress

CONFIG = "local"
PAUSE = 0.5  # seconds between two looks at what it writes


def run(command: str, say: Callable[[str], object], variables: dict[str, str], *options: str) -> None:
    """`sam COMMAND`; its output goes to a log, its progress is said, and a failure shows the log's end."""
    started, log = time.monotonic(), paths.LOGS / f"sam-{command}.log"
    say(f"sam {command} ... (log: {log})")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as file:
        running = subprocess.Popen(  # noqa: S603
            [paths.ROOT / ".venv-sam" / "bin" / "sam", command, "--config-env", CONFIG, *options],
            cwd=paths.ROOT,
            env=variables | {"PATH": _path(), "SAM_CLI_TELEMETRY": "0"},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    told: list[str] = []
    try:
        while running.poll() is None:
            time.sleep(PAUSE)
            new = progress.lines(command, log.read_text(errors="replace"))[len(told) :]
            told += new
            for line in new:
                say(f"  {line}")
    finally:
        if running.poll() is None:  # whoever interrupts this wants no deployment that goes on unseen
            running.terminate()
            running.wait()
    if running.returncode != 0:
        end = "\n".join(progress.last_words(log.read_text(errors="replace")))
        raise cloud.CloudError(f"sam {command} failed; the whole log is {log}, and it ends so:\n{end}")
    say(f"sam {command} done, {time.monotonic() - started:.0f} s")


def without_aws() -> dict[str, str]:
    """The environment of a command that needs no cloud, so that it can reach none."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def _path() -> str:
    """Where SAM finds the python3.13 that makes the layers."""
    tools = [paths.ROOT / f".venv{name}" / "bin" for name in ("-sam", "-uv", "-lambda")]
    return os.pathsep.join([*map(str, tools), os.environ["PATH"]])
