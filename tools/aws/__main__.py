"""python -m tools.aws preflight | smoke | policy | pin: look at an account before a deployment, at a stack after it."""

import argparse
import sys

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from tools.aws import Problem, containers, policies, preflight, smoke

console = Console(highlight=False, soft_wrap=True)


def main(words: list[str] | None = None) -> int:
    arguments = _arguments(words)
    try:
        return arguments.command(arguments, console)
    except (Problem, BotoCoreError, ClientError) as error:
        console.print(f"error: {error}", markup=False)
        return 1


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.aws", description=__doc__)
    whose = argparse.ArgumentParser(add_help=False)
    whose.add_argument("--profile", help="of the AWS configuration")
    whose.add_argument("--region", help="default: that of the profile, or AWS_DEFAULT_REGION")
    commands = parser.add_subparsers(required=True)
    preflight.add(commands, whose)
    smoke.add(commands, whose)
    policies.add(commands)
    containers.add(commands, whose, preflight.environments())
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
