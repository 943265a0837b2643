"""python -m local up | check FILE | run CSV... [--dataset D] | dataset D | replay RUN | query SQL | env | down"""

import argparse
import importlib
import os
import sys
from pathlib import Path

from local import cloud, paths
from stockcast.console import console, print_lines

# The product's own code, as Lambda and its layer of training code find it.
sys.path += [str(paths.ROOT / "functions"), str(paths.ROOT / "training")]


def main() -> int:
    arguments = _arguments()
    # No other command is loaded: `down` needs neither boto3 nor numpy.
    command = importlib.import_module(f"stockcast.{arguments.command}")
    try:
        return command.command(arguments)
    except cloud.CloudError as error:
        print_lines([f"error: {error}"])
        return 1
    except BrokenPipeError:  # whoever read the output has seen enough, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        console.print("\ninterrupted; the cloud is still up (end it with: python -m local down)")
        return 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local", description="The laptop cloud.")
    commands = parser.add_subparsers(required=True, dest="command")
    up = commands.add_parser("up", help="start the cloud and deploy the stack")
    up.add_argument("--port", type=int, default=0, help="default: LOCAL_PORT, or a free one")
    look = commands.add_parser("check", help="say how a file would be read, without the cloud; ends with 1 if refused")
    look.add_argument("file", help="a CSV, or - for standard input")
    look.add_argument("--json", action="store_true", help="one object, as docs/files.md describes it")
    run = commands.add_parser("run", help="upload CSVs to a dataset, follow the run, fetch the results")
    run.add_argument("csv", type=Path, nargs="+", help="files, or folders of them")
    run.add_argument("--dataset", help="default: made from the name of the one file or folder")
    run.add_argument("--out", type=Path, help="default: out/<dataset>")
    show = commands.add_parser("dataset", help="show a dataset's files, its newest run and who leads it")
    show.add_argument("name")
    again = commands.add_parser("replay", help="make a run again beside what it published; ends with 1 if it differs")
    again.add_argument("run_id")
    again.add_argument("--anyway", action="store_true", help="also where the code is not that of the run")
    ask = commands.add_parser("query", help="run SQL through Athena")
    ask.add_argument("sql")
    form = ask.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="unrounded, for other programs")
    form.add_argument("--json", action="store_true", help="a list of objects")
    commands.add_parser("env", help='print variables for AWS\'s tools: eval "$(python -m local env)"')
    commands.add_parser("down", help="end the cloud and forget its state, but not its logs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
