"""The words of every command, with examples. What a command does stands in the module of its name."""

import argparse
import difflib
import re
import tomllib
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple, NoReturn

from stockcast.numbers import dataset, named, whole
from stocks.reading.rejected import visible

ROOT = Path(__file__).resolve().parent.parent
USAGE = 2  # the exit code
LIKE_A_FILE = re.compile(r"-[^=\s]*\.(csv|csv\.gz|sql)", re.IGNORECASE)  # which no option is


class Command(NamedTuple):
    """help is one line; examples are printed below the options; add says which words the command takes."""

    help: str
    examples: tuple[str, ...]
    add: Callable[[argparse.ArgumentParser], object]
    on_aws: bool = True


class Parser(argparse.ArgumentParser):
    """Refuses with one sentence, and where to read more."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"error: {visible(message)} (see {self.prog} --help)\n")


def read(words: list[str]) -> argparse.Namespace:
    """The arguments, with `command`. Ends the process for --help, --version and words that mean nothing."""
    parser = _parser()
    if broken := [word for word in words if not _is_text(word)]:
        parser.error(f"{broken[0]!a} is no UTF-8; rename the file, or give it as - where a command takes that")
    if not words:
        parser.print_help()
        parser.exit(USAGE)
    if not words[0].startswith("-") and words[0] not in COMMANDS:
        word = words[0].lower()
        begun = [name for name in COMMANDS if word and name.startswith(word)]
        meant = begun or difflib.get_close_matches(word, COMMANDS, n=2)
        parser.error(f"there is no command {words[0][:60]!r}{f'; did you mean {" or ".join(meant)}?' if meant else ''}")
    if (hyphen := next(filter(LIKE_A_FILE.fullmatch, takewhile(lambda word: word != "--", words)), None)) is not None:
        parser.error(f"{hyphen!r} is read as an option, since it begins with a hyphen; give it as ./{hyphen}")
    arguments, unknown = parser.parse_known_args(words)
    if unknown:
        arguments.refuse(f"unrecognized arguments: {' '.join(unknown)}")
    if vars(arguments).get("stack") is None and (vars(arguments).get("profile") or vars(arguments).get("region")):
        parser.error("--profile and --region go with --stack: without it the laptop's stack is meant")
    return arguments


def version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def _is_text(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _parser() -> Parser:
    about = "Drop files of stock prices, follow their runs, and ask for forecasts."
    parser = Parser(
        prog="stockcast", description=about, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="stockcast COMMAND --help has examples. Without --stack the laptop's cloud is meant.",
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"stockcast {version()}")
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND", parser_class=Parser)
    for name, command in COMMANDS.items():
        examples = "\n".join(f"  {'' if 'stockcast' in line else 'stockcast '}{line}" for line in command.examples)
        made = commands.add_parser(
            name, help=command.help, description=f"{command.help[0].upper()}{command.help[1:]}.",
            epilog=f"examples:\n{examples}", allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        command.add(made)
        made.set_defaults(refuse=made.error)
        if command.on_aws:
            aws = made.add_argument_group("a stack on AWS")
            aws.add_argument("--stack", type=named, metavar="NAME", help="of CloudFormation, in place of the laptop's")
            aws.add_argument("--profile", type=named, help="of the AWS configuration")
            aws.add_argument("--region", type=named, help="default: that of the profile, or AWS_DEFAULT_REGION")
    return parser


def _up(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=whole(1, 65535), default=0, help="default: LOCAL_PORT, or a free one")


def _check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=named, help="a CSV, or - for standard input")
    parser.add_argument("--json", action="store_true", help="one object, as docs/files.md describes it")


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("csv", type=named, nargs="+", metavar="FILE", help="files, or folders of them")
    parser.add_argument(
        "--dataset", type=dataset, metavar="NAME", help="default: made from the one file's or folder's name"
    )
    parser.add_argument("--out", type=named, metavar="FOLDER", help="where results go; default: out/<dataset>")


def _query(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sql", nargs="?", help="SQL, a file of it, - for standard input, or a saved query; none: a prompt"
    )
    parser.add_argument(
        "--limit", type=whole(1), metavar="N", help="rows at most; default: 1,000, and all with --csv or --json"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="unrounded, for other programs")
    form.add_argument("--json", action="store_true", help="a list of objects")
    form.add_argument("--vertical", action="store_true", help="a line for each column")
    form.add_argument("--list", action="store_true", help="the saved queries, and what they answer")


def _runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", type=dataset, nargs="?", help="default: all")
    parser.add_argument("--limit", type=whole(1, 1000), default=20, metavar="N", help="runs at most; default: 20")


def _follow(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", type=dataset, nargs="?", help="default: the one that runs")


def _logs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", type=named, nargs="?", help="of a step or a log; without it they are listed")
    parser.add_argument(
        "--lines", type=whole(1, 100_000), default=50, metavar="N", help="the last so many; default: 50"
    )


def _open(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", type=dataset, nargs="?", help="default: the one that was published last")
    parser.add_argument("--out", type=named, metavar="FOLDER", help="where the report goes; default: out/<dataset>")
    parser.add_argument("--no-browser", action="store_true", help="print where it is only")


def _dataset(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", type=dataset)


def _replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_id")
    parser.add_argument("--anyway", action="store_true", help="also where the code is not that of the run")


def _delete(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", type=dataset)
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _none(_parser: argparse.ArgumentParser) -> None:
    """The command takes no words."""


AWS = "--stack stock-forecasts-dev"
COMMANDS = {
    "up": Command("start the laptop's cloud and deploy the stack", ("up", "up --port 4566"), _up, on_aws=False),
    "run": Command(
        "upload files to a dataset, follow their run, and fetch the results",
        ("run prices.csv", "run prices.csv --out results", "run --dataset us daily/ more.csv", f"run prices.csv {AWS}"),
        _run,
    ),
    "check": Command(
        "say how a file would be read, without any cloud; ends with 1 if it is refused",
        ("check prices.csv", "check prices.csv --json", "zcat prices.csv.gz | stockcast check -"),
        _check,
        on_aws=False,
    ),
    "query": Command(
        "run SQL through Athena",
        ('query "select * from latest_forecast" --limit 5', "query next_day", "query my.sql --csv > answer.csv",
         "query runs --vertical", "query", "query --list", f"query next_day {AWS}"),
        _query,
    ),
    "status": Command("say what is up, what runs, and which datasets there are", ("status", f"status {AWS}"), _none),
    "runs": Command("list the executions, the newest first", ("runs", "runs us --limit 5", f"runs {AWS}"), _runs),
    "follow": Command("follow what runs, until it has ended", ("follow", "follow us", f"follow us {AWS}"), _follow),
    "logs": Command(
        "show the end of a log", ("logs", "logs split", "logs cloud --lines 200", f"logs split {AWS}"), _logs
    ),
    "open": Command(
        "open the newest report in a browser", ("open", "open us --no-browser", f"open us {AWS}"), _open
    ),
    "env": Command(
        "print variables that lead AWS's tools to the laptop's cloud",
        ("env", 'eval "$(stockcast env)"'), _none, on_aws=False,
    ),
    "dataset": Command(
        "show a dataset's files, its newest run and who leads it", ("dataset us", f"dataset us {AWS}"), _dataset
    ),
    "replay": Command(
        "make a run again beside what it published; ends with 1 if it differs",
        ("replay us-0123456789ab", "replay us-0123456789ab --anyway"), _replay,
    ),
    "delete-dataset": Command(
        "delete a dataset with its files, runs and forecasts",
        ("delete-dataset us", "delete-dataset us --yes", f"delete-dataset us {AWS}"), _delete,
    ),
    "down": Command("end the laptop's cloud and forget its state, but not its logs", ("down",), _none, on_aws=False),
}  # fmt: skip
