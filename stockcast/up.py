"""Start the cloud and deploy the stack."""

import argparse

from local import cloud, deploy, paths
from stockcast.console import console, print_lines


def command(arguments: argparse.Namespace) -> int:
    bring_up(arguments.port)
    print_lines([f"up at {cloud.start()['endpoint']}, logs in {paths.LOGS}"])
    return 0


def bring_up(port: int = 0) -> dict[str, str]:
    """The stack's outputs, after the cloud and the stack are as the checkout has them."""
    cloud.start(port)
    return deploy.deploy(lambda text: console.print(text, markup=False, highlight=False))
