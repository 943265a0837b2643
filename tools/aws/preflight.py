"""Look whether an account can take the stack: read-only, one line a finding, each with what to do.

Ends with 1 where a problem was found, with 2 where nothing was but something could not be looked at.
"""

import argparse
import dataclasses
import datetime
import tomllib
from collections.abc import Iterator
from typing import Any

from rich.console import Console

from tools import ROOT
from tools.aws import account, capacity, containers, names, parameters, rights, session
from tools.aws.findings import Check, Finding, Target, looked

CHECKS: dict[str, Check] = {
    "the containers": containers.images,
    "instance types": capacity.instance_types,
    "SageMaker's quotas": capacity.quotas,
    "Lambda's concurrency": capacity.concurrency,
    "reserved Lambdas": capacity.reservation,
    "the rights to deploy": rights.deploying,
    "the stack's name": names.spelling,
    "stacks and names": names.standing,
    "Lake Formation": rights.lake_formation,
}


def add(commands: Any, whose: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("preflight", parents=[whose], help="look whether an account can take the stack")
    choose(parser)
    parser.set_defaults(command=command)


def choose(parser: argparse.ArgumentParser) -> None:
    """Which stack is meant."""
    environment = "a table of samconfig.toml, which has name and parameters; default: default"
    parser.add_argument("--config-env", default="default", choices=environments(), help=environment)
    parser.add_argument("--stack", help="another name than that of samconfig.toml")


def command(arguments: argparse.Namespace, console: Console) -> int:
    own = session.session(arguments.profile, arguments.region)
    stack, overrides = configured(arguments.config_env)
    found = set()
    for finding in preflight(own, arguments.stack or stack, overrides):
        console.print(finding.line(), markup=False)
        found.add(finding.level)
    return 1 if "problem" in found else 2 if "unknown" in found else 0


def configured(environment: str) -> tuple[str, dict[str, str]]:
    """The stack's name and parameters in samconfig.toml."""
    parameters = _tables()[environment]["global"]["parameters"]
    pairs = [pair.split("=", 1) for pair in parameters.get("parameter_overrides", "").split()]
    return parameters["stack_name"], dict(pairs)


def environments() -> list[str]:
    """The tables of samconfig.toml."""
    return list(_tables())


def _tables() -> dict[str, dict]:
    tables = tomllib.loads((ROOT / "samconfig.toml").read_text())
    return {name: table for name, table in tables.items() if name != "version"}


def preflight(own: Any, stack: str, overrides: dict[str, str]) -> Iterator[Finding]:
    """Every finding. Without credentials or a region nothing else can be looked at."""
    yield from account.installed()
    if not own.region_name:
        yield Finding("problem", "no region is chosen", "--region, or `aws configure set region eu-central-1`")
        return
    target = Target(lambda name: own.client(name, config=session.CONFIG), stack, overrides, own.region_name)
    unknown = account.containers(target.region)
    if unknown:
        yield unknown
        return
    partition = own.get_partition_for_region(target.region)
    # In a region that is not enabled, AWS knows no key: who asks is asked at home.
    home = {"region_name": account.HOMES.get(partition, target.region), "config": session.CONFIG}
    who, finding = account.identity(own.client("sts", **home), lambda: datetime.datetime.now(datetime.UTC))
    yield finding
    if not who:
        return
    target = dataclasses.replace(target, partition=partition, account=who["Account"], caller=who["Arn"])
    enabled = list(looked("the region", lambda one: account.opted_in(one, own.client("ec2", **home)), target))
    yield from enabled
    if any(finding.level == "problem" for finding in enabled):
        return
    kept: dict[str, str] = {}
    yield from looked("the stack's parameters", lambda one: parameters.standing(one, kept), target)
    target = dataclasses.replace(target, kept=kept)
    for about, check in CHECKS.items():
        yield from looked(about, check, target)
