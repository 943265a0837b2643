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

from local import cloud, paths, sam

DEPLOYED = ("template.yaml", "samconfig.toml", "statemachine", "functions", "layers", "training")
CONFIG = "local"
PAUSE = 0.5  # seconds between two looks at what sam writes
UNATTENDED = ("--resolve-s3", "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar")


def deploy(say: Callable[[str], object]) -> dict[str, str]:
    """The stack's outputs, after a deployment if the sources differ from the deployed ones."""
    with _one_at_a_time():
        if not is_current():
            now = fingerprint()
            _sam("build", say)
            _sam("deploy", say, *UNATTENDED)
            (paths.STATE / "deployed").write_text(now)
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
    """The outputs of the stack. Raises CloudError where none is deployed."""
    cloudformation = cloud.client("cloudformation")
    try:
        stack = cloudformation.describe_stacks(StackName=stack_name())["Stacks"][0]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" not in str(error):
            raise
        raise cloud.CloudError("the cloud is up without a stack: stockcast up deploys it") from None
    if not stack.get("Outputs"):
        status = stack["StackStatus"]
        if status.endswith("_IN_PROGRESS"):
            raise cloud.CloudError(f"the stack {stack_name()} is being deployed ({status}): wait for its end")
        raise cloud.CloudError(
            f"the stack {stack_name()} is {status}: stockcast down, then stockcast up deploys it anew"
        )
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def is_current() -> bool:
    """Whether what is deployed is what the checkout has."""
    marker = paths.STATE / "deployed"
    return marker.exists() and marker.read_text() == fingerprint()


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
    """Run the real SAM CLI; its output goes to a log, its progress is said, and a failure shows the log's end."""
    started, log = time.monotonic(), paths.LOGS / f"sam-{command}.log"
    say(f"sam {command} ... (log: {log})")
    with log.open("w") as file:
        running = subprocess.Popen(  # noqa: S603
            [paths.ROOT / ".venv-sam" / "bin" / "sam", command, "--config-env", CONFIG, *options],
            cwd=paths.ROOT,
            env=_variables(),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    told: list[str] = []
    try:
        while running.poll() is None:
            time.sleep(PAUSE)
            new = sam.progress(command, log.read_text(errors="replace"))[len(told) :]
            told += new
            for line in new:
                say(f"  {line}")
    finally:
        if running.poll() is None:  # whoever interrupts this wants no deployment that goes on unseen
            running.terminate()
            running.wait()
    if running.returncode != 0:
        end = "\n".join(sam.last_words(log.read_text(errors="replace")))
        raise cloud.CloudError(f"sam {command} failed; the whole log is {log}, and it ends so:\n{end}")
    say(f"sam {command} done, {time.monotonic() - started:.0f} s")


def _variables() -> dict[str, str]:
    tools = [paths.ROOT / f".venv{name}" / "bin" for name in ("-sam", "-uv", "-lambda")]
    path = os.pathsep.join([*map(str, tools), os.environ["PATH"]])
    return {**cloud.variables(), "PATH": path, "SAM_CLI_TELEMETRY": "0"}
