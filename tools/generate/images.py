"""Write the template's mapping of AWS's container accounts from the SageMaker SDK's own tables.

python -m tools.images            rewrites the Mappings section of template.yaml
python -m tools.images --latest   also prints the newest CPU containers that the SDK knows

The SDK is not imported (it needs half of PyPI): its tables are JSON files, read from .venv-images.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "template.yaml"
REPOSITORIES = {"training": "tensorflow-training", "inference": "tensorflow-inference"}
TAG = re.compile(r"(?P<repository>tensorflow-(?:training|inference)):(?P<version>\d+\.\d+)-cpu-(?P<python>py\d+)")
SECTION = re.compile(r"^Mappings:\n(?:[ #].*\n)*", re.MULTILINE)


def tables() -> dict:
    """The SDK's entry for TensorFlow: scope, version, region and account."""
    found = sorted(ROOT.glob(".venv-images/lib/python*/site-packages/sagemaker/core/image_uri_config/tensorflow.json"))
    if not found:
        raise FileNotFoundError("the SDK's tables are not in .venv-images; make setup installs requirements/images.txt")
    return json.loads(found[0].read_text())


def chosen(template: str) -> dict[str, tuple[str, str]]:
    """Version and Python of the containers that the template names, by repository."""
    return {match["repository"]: (match["version"], match["python"]) for match in TAG.finditer(template)}


def accounts(known: dict, images: dict[str, tuple[str, str]]) -> dict[str, str]:
    """The account that owns both containers, by region. Raises ValueError where the SDK knows no such container."""
    both = [_registries(known[scope], repository, *images[repository]) for scope, repository in REPOSITORIES.items()]
    training, inference = both
    return {region: training[region] for region in sorted(training) if inference.get(region) == training[region]}


def section(account_by_region: dict[str, str]) -> str:
    """The Mappings section of the template."""
    lines = [
        "Mappings:",
        "  # Written by python -m tools.images: the accounts that own AWS's containers.",
        "  Containers:",
    ]
    lines += [f'    {region}: {{Account: "{account}"}}' for region, account in account_by_region.items()]
    return "\n".join(lines) + "\n"


def latest(known: dict) -> dict[str, str]:
    """The newest version of each container."""
    return {REPOSITORIES[scope]: max(known[scope]["versions"], key=_number) for scope in REPOSITORIES}


def _registries(scope: dict, repository: str, version: str, python: str) -> dict[str, str]:
    full = scope["version_aliases"].get(version, version)
    entry = scope["versions"].get(full, {})
    if entry.get("repository") != repository or python not in entry.get("py_versions", [python]):
        raise ValueError(f"the SDK knows no {repository}:{version}-cpu-{python}")
    return entry["registries"]


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def main() -> None:
    known, template = tables(), TEMPLATE.read_text()
    TEMPLATE.write_text(SECTION.sub(section(accounts(known, chosen(template))), template, count=1))
    if "--latest" in sys.argv:
        for repository, version in latest(known).items():
            print(f"{repository:22} {version}")


if __name__ == "__main__":
    main()
