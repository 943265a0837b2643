"""Generated sections: what stands between two named markers of a file, each marker a comment on a line of its own.

    <!-- costs: written by make generate -->      # costs: written by make generate
    ...                                           ...
    <!-- end of costs -->                         # end of costs

The first marker tells readers which command writes the section; only the name counts here.
"""

import re
from pathlib import Path


class MarkersMissing(ValueError):
    """A file lacks the two markers of a section, or has them more than once."""


def read(file: Path, name: str) -> str:
    """The lines between the markers. Raises MarkersMissing."""
    text = file.read_text(encoding="utf-8")
    begin, end = _between(text, name, file)
    return text[begin:end]


def replaced(file: Path, name: str, lines: str) -> str:
    """The file's text with other lines, each ended, between the markers. Raises MarkersMissing."""
    text = file.read_text(encoding="utf-8")
    begin, end = _between(text, name, file)
    return text[:begin] + lines + text[end:]


def write(file: Path, name: str, lines: str) -> None:
    """Replace a section. Raises MarkersMissing, and leaves the file as it is."""
    file.write_text(replaced(file, name, lines), encoding="utf-8")


def _between(text: str, name: str, file: Path) -> tuple[int, int]:
    """Where the section begins and ends in the text."""
    sign = r"(?m)^ *(?:<!--|#) "
    begins = list(re.finditer(rf"{sign}{re.escape(name)}: written by .+\n", text))
    ends = list(re.finditer(rf"{sign}end of {re.escape(name)}(?: -->)?$", text))
    if len(begins) != 1 or len(ends) != 1 or ends[0].start() < begins[0].end():
        raise MarkersMissing(
            f"{file.name} needs one line `<!-- {name}: written by COMMAND -->` and below it"
            f" one `<!-- end of {name} -->`; in YAML both begin with # instead"
        )
    return begins[0].end(), ends[0].start()
