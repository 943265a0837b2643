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
            found = python_packages(file)
        except NotAudited as error:
            found = [f"{error}"]
        problems += [f"{file.relative_to(ROOT)}: {problem}" for problem in found]
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
        said = done.stderr.strip().splitlines() or [f"pip-audit ended with {done.returncode}"]
        raise NotAudited(f"not audited: {said[-1]}") from None
    audited = {canonicalize_name(one["name"]): one for one in answers if "vulns" in one}
    if missing := sorted(expected(file) - set(audited)):
        raise NotAudited(f"not audited: {', '.join(missing)}")
    found = [f"{name} {one['version']}: {bug['id']}" for name, one in audited.items() for bug in one["vulns"]]
    if done.returncode != 0 and not found:
        raise NotAudited(f"pip-audit ended with {done.returncode}")
    return sorted(found)


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
        said = [line for line in done.stderr.splitlines() if "audit" in line] or [f"npm ended with {done.returncode}"]
        return [f"not audited: {said[-1]}"]
    found = [f"{count} of severity {severity}" for severity, count in counts.items() if count and severity != "total"]
    return found or ([] if done.returncode == 0 else [f"not audited: npm ended with {done.returncode}"])


if __name__ == "__main__":
    sys.exit(main())
