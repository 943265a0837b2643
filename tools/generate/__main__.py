"""Write every generated file and section, or only compare.

    python -m tools.generate [--check]

--check writes nothing, names what is out of date and then ends with 1.
"""

import argparse
import dataclasses
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tools import ROOT, cost, sections, steps
from tools.aws import policies
from tools.generate import calendars, images, machines, picture, pictures, queries

# Tables that are measured are not among them: their commands, named in their markers, take minutes.
SECTIONS: dict[str, dict[str, Callable[[], str]]] = {
    "template.yaml": {"queries": queries.section, "images": images.section},
    "README.md": {"machine": picture.section},
    "docs/architecture.md": {"machine": picture.section, "steps": steps.steps_table},
    "docs/operations.md": {"costs": cost.default_tables},
}
FILES: dict[str, Callable[[], str]] = {
    str(calendars.FILE.relative_to(ROOT)): calendars.text,
    "docs/policies/deployer.json": policies.deployer_text,
    "docs/policies/checker.json": policies.checker_text,
}


@dataclasses.dataclass(frozen=True)
class Part:
    """A generated file, or the file that holds a generated section."""

    name: str
    file: Path
    wanted: str  # the whole file

    def is_stale(self) -> bool:
        return not self.file.exists() or self.file.read_text(encoding="utf-8") != self.wanted


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only")
    check = parser.parse_args().check
    try:
        return compare() if check else write()
    except sections.MarkersMissing as error:
        print(error, file=sys.stderr)
        return 1


def compare() -> int:
    stale = [part.name for part in parts() if part.is_stale()]
    for name in stale:
        print(f"{name} is not what its source says: run make generate", file=sys.stderr)
    return 1 if stale else 0


def write() -> int:
    for part in parts():
        if part.is_stale():
            part.file.write_text(part.wanted, encoding="utf-8")
            print(f"wrote {part.name}")
    return 0


def parts() -> Iterator[Part]:
    """Every part, made when it is its turn, because several stand in one file. Raises MarkersMissing."""
    for machine in machines.names():
        file = machines.file(machine)
        yield Part(f"{file.parent.name}/{file.name}", file, machines.text(machine))
    for name, draw in pictures.PICTURES.items():
        yield Part(f"docs/pictures/{name}", pictures.file(name), draw())
    for path, make_file in FILES.items():
        yield Part(path, ROOT / path, make_file())
    for path, makers in SECTIONS.items():
        for section, make in makers.items():
            yield Part(f"{path} ({section})", ROOT / path, sections.replaced(ROOT / path, section, make()))


if __name__ == "__main__":
    sys.exit(main())
