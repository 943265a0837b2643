"""The least that whoever deploys, and whoever runs preflight and smoke, must be allowed.

    python -m tools.aws policy [--stack NAME] [--checks]

`make generate` writes both, for every stack of samconfig.toml, into docs/policies/.
"""

import argparse
import fnmatch
import json
import os.path
import re
import tomllib
from collections.abc import Iterable
from typing import Any, NamedTuple

from rich.console import Console

from tools import ROOT
from tools.aws.needs import NEEDS, PASSED, PREFLIGHT, SAM, SMOKE, Need
from tools.template import template, types

# What AnalystPolicy refers to, in the words of NEEDS.
REFERENCES = {
    "LakeBucket.Arn": "arn:{partition}:s3:::{stack}-lake-*",
    "Database": "{database}",
    "WorkGroup": "{stack}",
    "AWS::Partition": "{partition}",
    "AWS::Region": "{region}",
    "AWS::AccountId": "{account}",
}
# What CloudFormation keeps of a stack's name beside the longest logical id of a role and 13 letters of its own, for it
# cuts names to 64 characters. So a deployment has rights on what begins so, and its policy fits for every name.
UNCUT = 64 - len("-ForecastMachineUploadRole-") - 13
LIMIT = 6144  # characters of a managed policy, blanks not counted
DATASET = "smoke"


class Place(NamedTuple):
    """Where a stack stands; `*` for anywhere."""

    stack: str
    partition: str = "*"
    region: str = "*"
    account: str = "*"


def add(commands: Any) -> None:
    parser = commands.add_parser("policy", help="print what whoever deploys must be allowed")
    parser.add_argument("--stack", default=every_stack(), help=f"default: {every_stack()}")
    parser.add_argument("--checks", action="store_true", help="what preflight and smoke need, instead of a deployment")
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace, console: Console) -> int:
    place = Place(arguments.stack)
    print(written(checker(place) if arguments.checks else deployer(place)), end="")
    return 0


def every_stack() -> str:
    """A pattern of the names of samconfig.toml's stacks."""
    tables = tomllib.loads((ROOT / "samconfig.toml").read_text())
    names = [table["global"]["parameters"]["stack_name"] for name, table in tables.items() if name != "version"]
    return f"{os.path.commonprefix(names)}*"  # noqa: RUF071  names are no paths


def deployer(place: Place) -> dict:
    """What `sam deploy` and `sam delete` need. Raises KeyError for a type that NEEDS does not know."""
    if len(place.stack) > UNCUT:
        place = place._replace(stack=f"{place.stack[:UNCUT]}*")
    found = sorted(types())
    needs = [need for kind in found for need in NEEDS[kind]]
    services = [f"{PASSED[kind]}.amazonaws.com" for kind in found if kind in PASSED]
    passed = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": arn("iam::role/{stack}-*", place),
        "Condition": {"StringEquals": {"iam:PassedToService": services}},
    }
    return document([*statements([*needs, *SAM], place), passed])


def checker(place: Place) -> dict:
    """What preflight and smoke need; in a stack with a key, its policies for people come beside it."""
    return document([*statements([*PREFLIGHT, *SMOKE], place), *analyst(place)])


def analyst(place: Place) -> list[dict]:
    """The template's AnalystPolicy for a stack that does not stand yet, without the part of a key of one's own."""
    made = template()["Resources"]["AnalystPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    return [{**one, "Resource": one_or_more(resolved(one["Resource"], place))} for one in made if "Fn::If" not in one]


def resolved(value: Any, place: Place) -> list[str]:
    """Resources of the template as ARNs: of the lake, the workgroup and the database."""
    written = [f"${{{'.'.join(one['Fn::GetAtt'])}}}" if "Fn::GetAtt" in one else one for one in listed(value)]
    texts = [one["Fn::Sub"] if isinstance(one, dict) else one for one in written]
    for name, meant in REFERENCES.items():
        texts = [one.replace(f"${{{name}}}", meant) for one in texts]
    return [arn(one, place) for one in texts]


def listed(value: Any) -> list:
    return value if isinstance(value, list) else [value]


def document(made: list[dict]) -> dict:
    return {"Version": "2012-10-17", "Statement": made}


def statements(needs: Iterable[Need], place: Place) -> list[dict]:
    """One statement for the needs of the same resources, in the order of the first."""
    granted: dict[tuple[str, ...], set[str]] = {}
    for need in needs:
        actions = {f"{need.service}:{action}" for action in need.actions.split()}
        granted.setdefault(tuple(arn(one, place) for one in need.resources), set()).update(actions)
    return [
        {"Effect": "Allow", "Action": one_or_more(uncovered(actions)), "Resource": one_or_more(list(resources))}
        for resources, actions in granted.items()
    ]


def uncovered(actions: set[str]) -> list[str]:
    """The actions without those that a pattern among them covers."""
    return sorted(
        one for one in actions if not any(one != other and fnmatch.fnmatchcase(one, other) for other in actions)
    )


def one_or_more(values: list[str]) -> str | list[str]:
    """A single value by itself, which is shorter."""
    return values[0] if len(values) == 1 else values


def arn(short: str, place: Place) -> str:
    """A resource of NEEDS in a place: `x:::y`, `x::y` and `x:y` written out; `*` and whole ARNs stay."""
    if match := re.fullmatch(r"(?!arn:)(\w+)(:{1,3})([^:].*)", short):
        middle = {":::": "{region}:{account}", "::": ":{account}", ":": ":"}[match[2]]
        short = f"arn:{{partition}}:{match[1]}:{middle}:{match[3]}"
    database = place.stack.replace("-", "_")
    names = place._asdict() | {"database": database, "dataset": DATASET}
    return short.format(**names).replace("*-*", "*").replace("**", "*")


def written(policy: dict) -> str:
    return json.dumps(policy, indent=1) + "\n"


def deployer_text() -> str:
    return written(deployer(Place(every_stack())))


def checker_text() -> str:
    return written(checker(Place(every_stack())))
