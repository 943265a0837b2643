"""AWS's containers of TensorFlow: whether a region has those that a stack names, and the command that pins them.

A tag moves with AWS's releases, on Tuesdays and Thursdays; a digest never does. Nobody publishes the digests of a tag,
so the registry is asked, as whoever pulls asks it.
"""

import argparse
import datetime
import re
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console

from tools import ROOT
from tools.aws import Problem, account, session
from tools.aws.findings import Finding, Target
from tools.template import template

IMAGES = ("TrainingImage", "InferenceImage")  # parameters
REMARK = "# Pinned by make pin "
CONFIG = ROOT / "samconfig.toml"


def images(target: Target) -> Iterator[Finding]:
    """Containers that the region's registry does not have, and what the others' names mean."""
    for name in IMAGES:
        image = target.parameter(name)
        found = digest(target.client("ecr"), target.region, image)
        if not found:
            what = f"{target.region} has no container {image}, which {name} names"
            yield Finding("problem", what, "`make pin` finds the one that the template's tag means")
        elif "@" in image:
            yield Finding("ok", f"container {image}")
        else:
            yield Finding("ok", f"container {image}, today {found}; a tag moves, and `make pin` keeps what it means")


def digest(ecr: Any, region: str, image: str) -> str:
    """sha256:... of the container of this name in the region; empty where there is none."""
    owner = template()["Mappings"]["Containers"][region]["Account"]
    repository, sign, wanted = re.split("([:@])", image, maxsplit=1)
    asked = {"imageDigest" if sign == "@" else "imageTag": wanted}
    found = ecr.batch_get_image(registryId=owner, repositoryName=repository, imageIds=[asked])["images"]
    return found[0]["imageId"]["imageDigest"] if found else ""


def add(commands: Any, whose: argparse.ArgumentParser, environments: list[str]) -> None:
    parser = commands.add_parser("pin", parents=[whose], help="write what the tags mean into samconfig.toml")
    parser.add_argument("--config-env", default="default", choices=environments, help="its table; default: default")
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace, console: Console) -> int:
    own = session.session(arguments.profile, arguments.region)
    if not own.region_name:
        raise Problem("no region is chosen: --region, or `aws configure set region eu-central-1`")
    if unknown := account.containers(own.region_name):
        raise Problem(f"{unknown.what}: {unknown.remedy}")
    tags = {name: template()["Parameters"][name]["Default"] for name in IMAGES}
    pins = pinned(own.client("ecr", config=session.CONFIG), own.region_name, tags)
    today = datetime.datetime.now(datetime.UTC).date()
    remark = f"{REMARK}on {today} in {own.region_name}: {', '.join(tags.values())}."
    CONFIG.write_text(overridden(CONFIG.read_text(), arguments.config_env, pins, remark))
    for name, image in pins.items():
        console.print(f"{name}: {tags[name]} is {image}", markup=False)
    return 0


def pinned(ecr: Any, region: str, tags: Mapping[str, str]) -> dict[str, str]:
    """The same containers by digest. Raises Problem where the region has no such tag."""
    found = {}
    for name, image in tags.items():
        meant = digest(ecr, region, image)
        if not meant:
            raise Problem(f"{region} has no container {image}")
        found[name] = f"{image.partition(':')[0]}@{meant}"
    return found


def overridden(text: str, environment: str, values: Mapping[str, str], remark: str) -> str:
    """samconfig.toml with these parameters in a table's overrides, under the remark. Raises Problem."""
    header = f"[{environment}.global.parameters]\n"
    before, found, rest = text.partition(header)
    if not found:
        raise Problem(f"samconfig.toml has no line {header.strip()}")
    table, *after = re.split(r"(?m)^(?=\[)", rest, maxsplit=1)
    lines = [line for line in table.splitlines(keepends=True) if not line.startswith(REMARK)]
    place = next((at for at, line in enumerate(lines) if line.startswith("parameter_overrides")), None)
    given: dict[str, str] = {}
    if place is None:
        place = 1 + max(at for at, line in enumerate(lines) if re.match(r"\w+ *=", line))
        lines.insert(place, "")
    elif written := re.fullmatch(r'parameter_overrides *= *"([^"\\]*)"\n?', lines[place]):
        given = dict(pair.split("=", 1) for pair in written[1].split())
    else:
        raise Problem(f"parameter_overrides of {environment} is not one string of NAME=VALUE on a line of its own")
    pairs = " ".join(f"{name}={value}" for name, value in {**given, **values}.items())
    lines[place] = f'{remark}\nparameter_overrides = "{pairs}"\n'
    return "".join([before, header, *lines, *after])
