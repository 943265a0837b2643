"""Print what a shell needs so that AWS's tools talk to this cloud: eval "$(stockcast env)"."""

import argparse
import os
import shlex

from local import cloud
from stockcast.console import say_error


def command(_arguments: argparse.Namespace) -> int:
    try:
        variables = cloud.variables()
    except cloud.CloudError as error:
        say_error(f"error: {error}")  # standard output is what the shell runs
        return 1
    ours = {name: value for name, value in variables.items() if name.startswith("AWS_") or name.lower() == "no_proxy"}
    for name in sorted(os.environ):
        if name.startswith("AWS_") and name not in ours:  # a session token or a profile would win over the key
            print(f"unset {name}")
    for name, value in ours.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0
