"""What SAM's output says of how far it is."""

import re

STEP = 40  # resources of which one line tells
LAST = 15  # lines of a log that say why it failed


def lines(command: str, written: str) -> list[str]:
    """The lines that tell of it, so far: each call with more of the same output has the earlier ones first."""
    whole = written[: written.rfind("\n") + 1]  # the last line may still be being written
    return _built(whole) if command == "build" else _deployed(whole)


def last_words(written: str) -> list[str]:
    """The end of a log, without empty lines."""
    return [line.rstrip() for line in written.splitlines() if line.strip()][-LAST:]


def _built(written: str) -> list[str]:
    lines = []
    for line in written.splitlines():
        if layer := re.match(r"Building layer '(\w+)'", line):
            lines.append(f"builds {layer[1]}")
        elif layers := re.match(r"Valid cache found, .* layers \((\w+)\)", line):
            lines.append(f"has {layers[1]} from last time")
        elif functions := re.search(r"functions: (.+)", line):
            lines.append(f"builds {len(functions[1].split(','))} functions")
    return lines


def _deployed(written: str) -> list[str]:
    uploads = len(re.findall(r"^\s*(?:Uploading to|File with same data already exists)", written, re.MULTILINE))
    lines = [] if "Initiating deployment" not in written else [f"uploaded {uploads} bundles of code"]
    change = written.partition("CloudFormation stack changeset")[2].partition("CloudFormation events")
    wanted = len(re.findall(r"^[+*-] (?:Add|Modify|Delete)\s", change[0], re.MULTILINE))
    done = re.findall(r"^(?:CREATE|UPDATE|DELETE)_COMPLETE\s+(\S+)\s+(\S+)", change[2], re.MULTILINE)
    if change[1]:
        lines.append(f"{wanted} resources to make or change")
    for count in range(STEP, len(done) + 1, STEP):
        lines.append(f"{count} of {wanted} done, {done[count - 1][1]} the last")
    return lines
