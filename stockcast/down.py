"""End the cloud and forget its state, but not its logs."""

import argparse
from collections import Counter

from local import cloud
from stockcast.console import console


def command(_arguments: argparse.Namespace) -> int:
    kinds = Counter(what.split()[0] for what in cloud.stop())
    ended = ", ".join(kind if count == 1 else f"{kind} ({count})" for kind, count in kinds.items())
    console.print(f"ended: {ended}" if ended else "nothing was up")
    return 0
