"""Numbers and names as people type them, refused with one sentence where they mean nothing."""

import argparse
import re
from collections.abc import Callable

MOST = 1_000_000_000


def whole(least: int, most: int = MOST) -> Callable[[str], int]:
    """Reads a whole number between two; Python alone would take any length, and refuse 4,301 digits with an error."""

    def read(text: str) -> int:
        number = int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else None
        if number is None or not least <= number <= most:
            shown = text if len(text) <= 20 else f"{text[:20]}..."
            raise argparse.ArgumentTypeError(f"{shown!r} is no whole number from {least:,} to {most:,}")
        return number

    return read


def named(text: str) -> str:
    """Something that has a name. An empty path would be the folder that one stands in."""
    if not text.strip():
        raise argparse.ArgumentTypeError("an empty name")
    return text


def dataset(text: str) -> str:
    """The name of a dataset, in small letters."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", text.lower()):
        raise argparse.ArgumentTypeError(
            f"{text[:60]!r} names no dataset: a letter, then up to 39 letters, digits or hyphens"
        )
    return text.lower()
