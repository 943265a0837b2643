"""End the cloud and forget its state, but not its logs."""

import argparse

from local import cloud
from stockcast.console import console


def command(_arguments: argparse.Namespace) -> int:
    ended = cloud.stop()
    console.print(f"ended: {', '.join(ended)}" if ended else "nothing was up")
    return 0
