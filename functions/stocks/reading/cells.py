"""One line as its cells. pyarrow reads whole blocks; this is for headers, samples and the lines that it may misread."""

import re

LONGEST = 131_072  # characters of a cell
_QUOTED = re.compile(r' *"((?:[^"]|"")*)" *')


class BrokenLine(Exception):
    """The line cannot be cut into cells; the message says why."""


def cells(line: str, separator: str) -> list[str]:
    """The cells of one line, trimmed; a quoted cell may hold separators and doubled quotes. Raises BrokenLine."""
    if '"' not in line:
        found = line.split(separator)
    elif line.count('"') % 2:
        raise BrokenLine("a quote is not closed on this line")
    else:
        found = _quoted(line, separator)
    if len(line) > LONGEST and any(len(cell) > LONGEST for cell in found):
        raise BrokenLine(f"a value is longer than {LONGEST:,} characters")
    return [cell.strip() for cell in found]


def _quoted(line: str, separator: str) -> list[str]:
    found, at = [], 0
    while True:
        if quoted := _QUOTED.match(line, at):
            found.append(quoted[1].replace('""', '"'))
            at = quoted.end()
            if at < len(line) and line[at] != separator:
                raise BrokenLine("text stands behind a closing quote")
        else:
            end = line.find(separator, at)
            end = len(line) if end < 0 else end
            found.append(line[at:end])
            at = end
        if at >= len(line):
            return found
        at += 1
