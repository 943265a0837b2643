"""The small files that the laptop's cloud writes down about itself: whole at any moment, and checked when read."""

import json
import os
from pathlib import Path
from typing import Any


class Damaged(Exception):
    """The file is not as it was written; the text names it."""


def write(file: Path, content: dict[str, Any]) -> None:
    """Only the owner may read it, and who reads it meanwhile sees it whole or the one before."""
    new = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as body:
        json.dump(content, body, indent=1)
    new.replace(file)


def read(file: Path, *names: str) -> dict[str, Any]:
    """What was written, which has these names. Raises Damaged for anything else."""
    try:
        content = json.loads(file.read_bytes())
    except ValueError:
        content = None
    if not isinstance(content, dict) or not all(name in content for name in names):
        raise Damaged(f"{file} is not as this version writes it")
    return content
