"""`sam build` and `sam deploy` of the checkout's template into the cloud, when what it deploys has changed."""

import hashlib
import os
import subprocess
import time
import tomllib
from pathlib import Path

from local import cloud, paths

DEPLOYED = ("template.yaml", "samconfig.toml", "statemachine", "functions", "layers", "training")
CONFIG = "local"


def deploy(say) -> dict[str, str]:
    """The stack's outputs, after a deployment if the sources differ from the deployed ones."""
    marker, now = paths.STATE / "deployed", fingerprint()
    if not (marker.exists() and marker.read_text() == now):
        _sam("build", say)
        _sam(
            "deploy", say, "--resolve-s3", "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"
        )
        marker.write_text(now)
    return outputs()


def outputs() -> dict[str, str]:
    name = tomllib.loads((paths.ROOT / "samconfig.toml").read_text())[CONFIG]["global"]["parameters"]["stack_name"]
    stack = cloud.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
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
    found = [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file())
    return [item for item in found if "__pycache__" not in item.parts]


def _sam(command: str, say, *options: str) -> None:
    """Run the real SAM CLI; its output goes to a log and is shown when it fails."""
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
    say(f"sam {command}, {time.monotonic() - started:.0f} s")


def _variables() -> dict[str, str]:
    tools = [paths.ROOT / f".venv{name}" / "bin" for name in ("-sam", "-uv", "-lambda")]
    path = os.pathsep.join([*map(str, tools), os.environ["PATH"]])
    return {**cloud.variables(), "PATH": path, "SAM_CLI_TELEMETRY": "0"}
