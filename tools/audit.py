"""Ask the advisory databases about every pinned package, and fail where they did not answer for all of them.

python -m tools.audit

pip-audit by itself ends well when it reaches a database that knows none of the packages; so what it says is counted.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import ROOT

PIP_AUDIT = ROOT / ".venv-audit" / "bin" / "pip-audit"
NPM = ROOT / ".venv" / "bin" / "npm"


class NotAudited(Exception):
    """Something was not audited; the message says what and why."""


def main() -> int:
    problems = []
    for file in [*sorted((ROOT / "requirements").glob("*.txt")), *sorted((ROOT / "layers").glob("*.txt"))]:
        try:
            advisories = python_packages(file)
        except NotAudited as error:
            advisories = [f"{error}"]
        problems += [f"{file.relative_to(ROOT)}: {advisory}" for advisory in advisories]
    problems += [f"package-lock.json: {problem}" for problem in node_packages()]
    print("\n".join(problems) or "every pinned package was audited; no advisory is known")
    return 1 if problems else 0


def python_packages(file: Path) -> list[str]:
    """The advisories about one file's packages. Raises NotAudited."""
    command: list[str | Path] = [
        PIP_AUDIT,
        "--strict",
        "--disable-pip",
        "--require-hashes",
        "--progress-spinner=off",
        "--format=json",
    ]
    done = subprocess.run([*command, "--requirement", file], capture_output=True, text=True)  # noqa: S603
    try:
        answers = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        lines = done.stderr.strip().splitlines() or [f"pip-audit ended with {done.returncode}"]
        raise NotAudited(f"not audited: {lines[-1]}") from None
    audited = {canonicalize_name(answer["name"]): answer for answer in answers if "vulns" in answer}
    if missing := sorted(expected(file) - set(audited)):
        raise NotAudited(f"not audited: {', '.join(missing)}")
    advisories = [
        f"{name} {package['version']}: {bug['id']}" for name, package in audited.items() for bug in package["vulns"]
    ]
    if done.returncode != 0 and not advisories:
        raise NotAudited(f"pip-audit ended with {done.returncode}")
    return sorted(advisories)


def expected(file: Path) -> set[str]:
    """The packages that a file pins for this machine."""
    lines = re.findall(r"^[A-Za-z0-9][^\\\n]*", file.read_text(), re.MULTILINE)
    pins = [Requirement(line.strip()) for line in lines]
    return {canonicalize_name(pin.name) for pin in pins if pin.marker is None or pin.marker.evaluate()}


def node_packages() -> list[str]:
    """What npm says about package-lock.json; an answer without a count of advisories is no audit."""
    done = subprocess.run([NPM, "audit", "--json"], cwd=ROOT, capture_output=True, text=True)  # noqa: S603
    try:
        counts = json.loads(done.stdout)["metadata"]["vulnerabilities"]
    except (ValueError, KeyError):
        lines = [line for line in done.stderr.splitlines() if "audit" in line] or [f"npm ended with {done.returncode}"]
        return [f"not audited: {lines[-1]}"]
    advisories = [f"{count} of severity {name}" for name, count in counts.items() if count and name != "total"]
    return advisories or ([] if done.returncode == 0 else [f"not audited: npm ended with {done.returncode}"])


if __name__ == "__main__":
    sys.exit(main())
