"""The template's mapping of AWS's container accounts, from the SageMaker SDK's own tables.

python -m tools.generate.images   prints the newest CPU containers that the SDK knows

The SDK is not imported (it needs half of PyPI): its tables are JSON files, read from .venv-images.
"""

import json
import re
from typing import Any

from tools import ROOT

REPOSITORIES = {"training": "tensorflow-training", "inference": "tensorflow-inference"}
TAG = re.compile(r"(?P<repository>tensorflow-(?:training|inference)):(?P<version>\d+\.\d+)-cpu-(?P<python>py\d+)")

OTHER_PARTITIONS = ("cn-", "us-gov-", "us-iso")  # where nobody has tried the stack, and accounts are others

type Tables = dict[str, Any]


def tables() -> Tables:
    """The SDK's entry for TensorFlow: scope, version, region and account."""
    files = sorted(ROOT.glob(".venv-images/lib/python*/site-packages/sagemaker/core/image_uri_config/tensorflow.json"))
    if not files:
        raise FileNotFoundError("the SDK's tables are not in .venv-images; make setup installs requirements/images.txt")
    return json.loads(files[0].read_text())


def chosen(template: str) -> dict[str, tuple[str, str]]:
    """Version and Python of the containers that the template names, by repository."""
    return {match["repository"]: (match["version"], match["python"]) for match in TAG.finditer(template)}


def accounts(known: Tables, images: dict[str, tuple[str, str]]) -> dict[str, str]:
    """The account that owns both containers, by region. Raises ValueError where the SDK knows no such container."""
    both = [_registries(known[scope], repository, *images[repository]) for scope, repository in REPOSITORIES.items()]
    training, inference = both
    shared = (region for region in sorted(training) if inference.get(region) == training[region])
    return {region: training[region] for region in shared if not region.startswith(OTHER_PARTITIONS)}


def section() -> str:
    """The mapping for the containers that the template names."""
    return mapping(accounts(tables(), chosen((ROOT / "template.yaml").read_text())))


def mapping(account_by_region: dict[str, str]) -> str:
    rows = [f'    {region}: {{Account: "{account}"}}\n' for region, account in account_by_region.items()]
    return "  Containers:\n" + "".join(rows)


def latest(known: Tables) -> dict[str, str]:
    """The newest version of each container."""
    return {REPOSITORIES[scope]: max(known[scope]["versions"], key=_number) for scope in REPOSITORIES}


def _registries(scope: Tables, repository: str, version: str, python: str) -> dict[str, str]:
    full = scope["version_aliases"].get(version, version)
    entry = scope["versions"].get(full, {})
    if entry.get("repository") != repository or python not in entry.get("py_versions", [python]):
        raise ValueError(f"the SDK knows no {repository}:{version}-cpu-{python}")
    return entry["registries"]


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def main() -> None:
    for repository, version in latest(tables()).items():
        print(f"{repository:22} {version}")


if __name__ == "__main__":
    main()
