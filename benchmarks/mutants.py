"""Change functions/stocks line by line (mutmut) and count the changes that a unit test notices.

    make mutants-setup && python -m benchmarks.mutants [MODULE ...] [--processes 2] [--write]

A mutant that survives shows a line that no test holds. Each module runs against its own test file; the readers' modules
run against the files in READERS. Takes about an hour of CPU for all; --write puts the table into docs/results.md.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks import ROOT
from tools import sections

MUTMUT = ROOT / ".venv-mutants/bin/mutmut"
COPIED = ("training", "tests", "statemachine", "template.yaml", "examples", "local", "tools", "benchmarks")
READERS = tuple(
    f"tests/unit/test_{name}.py"
    for name in ("numbers", "dates", "prices", "look_alike_files", "reading_limits", "files_of_no_prices", "corpus")
)
# stocks/contract.py, schemas.py and titles.py are tables; their tests are in tests/project.
MODULES = {
    **{
        f"stocks/{name}": (f"tests/unit/test_{name}.py",)
        for name in ("baseline", "endpoint", "intervals", "metrics", "predictions", "series", "significance")
    },
    "stocks/measures": ("tests/unit/test_metrics.py",),
    "stocks/volatility": ("tests/unit/test_predictions.py", "tests/unit/test_metrics.py"),
    **{
        f"stocks/reading/{name}": READERS
        for name in ("candidate", "dates", "dialect", "header", "numbers", "prices", "rows", "verdict")
    },
}
KILLED = ("killed", "timeout", "segfault")
# mutmut names modules by their path without "src", so functions/ is laid out under that name.
SETTINGS = """\
[tool.mutmut]
source_paths = ["src"]
only_mutate = ["src/{module}.py"]
mutate_only_covered_lines = true
also_copy = {copied}
pytest_add_cli_args = ["-p", "no:cacheprovider", "-p", "no:xdist"]
pytest_add_cli_args_test_selection = {tests}
use_git_change_detection = false

[tool.pytest.ini_options]
pythonpath = ["src", "training", "."]
addopts = "--import-mode=importlib -m 'not thorough and not files'"
markers = ["thorough", "files"]
"""


def count(module: str, tests: Sequence[str], processes: int) -> Counter:
    """How many mutants of functions/{module}.py ended in which status."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        shutil.copytree(ROOT / "functions", project / "src")
        for name in COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, project / name)
        settings = SETTINGS.format(module=module, copied=list(COPIED), tests=list(tests))
        (project / "pyproject.toml").write_text(settings)
        mutmut(project, "run", "--max-children", str(processes))
        lines = mutmut(project, "results", "--all", "true").splitlines()
    return Counter(line.rsplit(": ", 1)[1] for line in lines if "__mutmut_" in line)


def mutmut(project: Path, *arguments: str) -> str:
    """What mutmut prints; raises RuntimeError with its end where it fails."""
    done = subprocess.run(  # noqa: S603
        [str(MUTMUT), *arguments],
        cwd=project,
        env=os.environ | {"PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"mutmut {' '.join(arguments)}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def table(counts: dict[str, Counter]) -> str:
    """Markdown: a row for each module, and all of them last."""
    lines = ["| module | mutants | killed | share |", "|---|---|---|---|"]
    for name, found in [*counts.items(), ("**all**", sum(counts.values(), Counter()))]:
        killed, tried = sum(found[status] for status in KILLED), found.total()
        lines.append(f"| {name} | {tried:,} | {killed:,} | {killed / tried:.1%} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(MODULES)}; all by default")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="put the table into docs/results.md")
    arguments = parser.parse_args()
    if unknown := set(arguments.modules) - set(MODULES):
        parser.error(f"no such module: {', '.join(sorted(unknown))}")
    counts = {}
    for module in arguments.modules or MODULES:
        counts[module] = count(module, MODULES[module], arguments.processes)
        print(module, dict(counts[module]), flush=True)
    print(table(counts))
    if arguments.write:
        sections.write(ROOT / "docs/results.md", "mutants", table(counts) + "\n")


if __name__ == "__main__":
    main()
