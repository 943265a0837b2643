"""`sam deploy` of the checkout's stack into the cloud, when what it deploys has changed."""

import contextlib
import fcntl
import os
import tomllib
from collections.abc import Callable, Iterator

from local import builds, cloud, paths, sam

UNATTENDED = ("--resolve-s3", "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar")


def deploy(say: Callable[[str], object]) -> dict[str, str]:
    """The stack's outputs, after a deployment if the sources differ from the deployed ones."""
    marker = paths.STATE / "deployed"
    with _one_at_a_time():
        now = builds.fingerprint()  # before SAM reads anything: what changes later is deployed the next time
        if not (marker.exists() and marker.read_text() == now):
            with builds.ready(say) as template:
                options = ("--template-file", str(template), "--config-file", str(paths.ROOT / "samconfig.toml"))
                sam.run("deploy", say, cloud.variables(), *options, *UNATTENDED)
            marker.write_text(now)
    return outputs()


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two commands at once deploy one cloud's stack once. The lock is on the logs, which the end of a cloud leaves."""
    folder = os.open(paths.LOGS, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def stack_name() -> str:
    return tomllib.loads((paths.ROOT / "samconfig.toml").read_text())[sam.CONFIG]["global"]["parameters"]["stack_name"]


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
    return marker.exists() and marker.read_text() == builds.fingerprint()
