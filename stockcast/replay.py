"""Make a published run again from what is kept of it, and say what differs.

The exit code is 0 if nothing does, 1 if something does, and 2 if the run cannot be made again.
"""

import argparse
import os
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from local import cloud, deploy
from stockcast import failures
from stockcast.console import print_lines

SAME, DIFFERS, IMPOSSIBLE = 0, 1, 2


def command(arguments: argparse.Namespace) -> int:
    os.environ["POWERTOOLS_LOG_LEVEL"] = "ERROR"  # read as the handlers are imported: their logs are not for a terminal
    from local.replay import replay, stack
    from local.replay.kept import NotReplayed

    try:
        with stack.environment(_variables(arguments)):
            of = stack.named(arguments.stack or deploy.stack_name())
            found = replay.replay(of, arguments.run_id, lambda line: print_lines([line]), arguments.anyway)
    except (NotReplayed, cloud.CloudError, ClientError, BotoCoreError) as error:
        print_lines([f"cannot be replayed: {failures.sentence(error) or error}"])
        return IMPOSSIBLE
    print_lines(in_words(found.differs, found.same, found.gone))
    return DIFFERS if found.differs else SAME


def _variables(arguments: argparse.Namespace) -> dict[str, str]:
    """The environment in which boto3 finds the stack."""
    if not arguments.stack:
        return cloud.variables()
    given = {"AWS_PROFILE": arguments.profile, "AWS_DEFAULT_REGION": arguments.region, "AWS_REGION": arguments.region}
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")  # which would win over a profile
    kept = {name: value for name, value in os.environ.items() if not (arguments.profile and name in keys)}
    return {**kept, **{name: value for name, value in given.items() if value}}


def in_words(differs: list[str], same: list[str], gone: list[str]) -> Iterator[str]:
    """The answer; a run of which some parts are no longer kept is equal in the others only."""
    yield from (f"differs: {sentence}" for sentence in differs)
    if same:
        yield f"the same bytes: {', '.join(same)}"
    if gone:
        yield f"not compared, since the run has them no more: {', '.join(gone)}"
