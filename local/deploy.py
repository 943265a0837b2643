"""`sam build` and `sam deploy` of the checkout's template into the cloud, when what it deploys has changed."""

import contextlib
import fcntl
import hashlib
import os
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from local import cloud, paths

DEPLOYED = ("template.yaml", "samconfig.toml", "statemachine", "functions", "layers", "training")
CONFIG = "local"
UNATTENDED = ("--resolve-s3", "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar")


def deploy(say: Callable[[str], object]) -> dict[str, str]:
    """The stack's outputs, after a deployment if the sources differ from the deployed ones."""
    marker = paths.STATE / "deployed"
    with _one_at_a_time():
        now = fingerprint()
        if not (marker.exists() and marker.read_text() == now):
            _sam("build", say)
            _sam("deploy", say, *UNATTENDED)
            marker.write_text(now)
    return outputs()


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """The clouds of one checkout, a developer's and the tests', share .aws-sam, and a build begins by emptying it."""
    folder = paths.ROOT / ".aws-sam"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def stack_name() -> str:
    return tomllib.loads((paths.ROOT / "samconfig.toml").read_text())[CONFIG]["global"]["parameters"]["stack_name"]


def outputs() -> dict[str, str]:
    stack = cloud.client("cloudformation").describe_stacks(StackName=stack_name())["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def fingerprint() -> str:
    """A hash over every file that is deployed."""
    digest = hashlib.sha256()
    for name in DEPLOYED:
        for file in _files(paths.ROOT / name):
            digest.update(f"{file.relative_to(paths.ROOT)}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _files(path: Path) -> list[Path]:
    files = [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file())
    return [item for item in files if "__pycache__" not in item.parts]


def _sam(command: str, say: Callable[[str], object], *options: str) -> None:
    """Run the real SAM CLI; its output goes to a log and is shown when it fails."""
    say(f"sam {command} ...")
    started = time.monotonic()
    log = paths.LOGS / f"sam-{command}.log"
    with log.open("w") as file:
        done = subprocess.run(  # noqa: S603
            [paths.ROOT / ".venv-sam" / "bin" / "sam", command, "--config-env", CONFIG, *options],
            cwd=paths.ROOT,
            env=_variables(),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    if done.returncode != 0:
        raise cloud.CloudError(f"sam {command} failed:\n{log.read_text()}")
    say(f"sam {command} done, {time.monotonic() - started:.0f} s")


def _variables() -> dict[str, str]:
    tools = [paths.ROOT / f".venv{name}" / "bin" for name in ("-sam", "-uv", "-lambda")]
    path = os.pathsep.join([*map(str, tools), os.environ["PATH"]])
    return {**cloud.variables(), "PATH": path, "SAM_CLI_TELEMETRY": "0"}
