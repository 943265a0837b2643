"""What the working tree would deploy otherwise than a commit: the transformed template and the definitions, as data.

    .venv-sam/bin/python -m tools.deployed [--since COMMIT]

Prints a diff and then ends with 1. Order, comments, anchors and layout do not count. Bundles of code
are named by folder, so a change of code is none here.
"""

import argparse
import difflib
import json
import subprocess
import sys
from types import SimpleNamespace

from samcli.lib.translate.sam_template_validator import SamTemplateValidator
from samcli.yamlhelper import yaml_parse

from tools import ROOT

REGION = "us-east-1"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--since", default="HEAD", metavar="COMMIT")
    commit = parser.parse_args().since
    files = ["template.yaml", *(f"statemachine/{file.name}" for file in (ROOT / "statemachine").glob("*.asl.json"))]
    differences: list[str] = []
    for file in sorted(files):
        before = _git("show", f"{commit}:{file}")
        now = (ROOT / file).read_text(encoding="utf-8")
        pair = comparable(file, before), comparable(file, now)
        differences += difflib.unified_diff(*pair, f"{commit}:{file}", file, lineterm="")
    print("\n".join(differences) or f"the same as {commit} would be deployed")
    return 1 if differences else 0


def comparable(file: str, text: str) -> list[str]:
    """The lines of a definition, or of the template as CloudFormation would get it, with sorted keys."""
    data = json.loads(text) if file.endswith(".json") else transformed(text)
    return json.dumps(data, indent=1, sort_keys=True).splitlines()


def transformed(template: str) -> dict[str, object]:
    # The template names no managed policy, and asking AWS for them needs an account.
    no_managed_policies = SimpleNamespace(load=dict)
    validator = SamTemplateValidator(yaml_parse(template), no_managed_policies, region=REGION)
    return yaml_parse(validator.get_translated_template_if_valid())


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
