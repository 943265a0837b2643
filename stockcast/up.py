"""Start the cloud and deploy the stack."""

import argparse

from local import cloud, deploy, paths
from stockcast import failures, target
from stockcast.console import console, print_lines
from stockcast.target import Target


def command(arguments: argparse.Namespace) -> int:
    bring_up(arguments.port)
    print_lines([f"up at {cloud.start()['endpoint']}, logs in {paths.LOGS}"])
    return 0


def bring_up(port: int = 0) -> Target:
    """The laptop's stack, after the cloud and the stack are as the checkout has them."""
    try:
        cloud.start(port)
        return target.of_laptop(deploy.deploy(console.print))
    except KeyboardInterrupt:
        raise failures.Interrupted(
            "the stack is not whole: `stockcast up` goes on, `stockcast down` ends the cloud"
        ) from None
