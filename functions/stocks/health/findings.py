"""A finding of data health, and how tickers' notes and reports say it."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

type Kind = Literal["step", "hundred", "equal", "gap", "bars", "volume", "end", "alike"]

PREFIX = "health: "  # of a note in `tickers`, so that SQL can tell it from what the fold noted
MOST = 8  # findings of a ticker that are told; the rest is counted


class Finding(NamedTuple):
    """What was found of the ticker at a place among a shard's names; text begins with the day, if it has one."""

    at: int
    kind: Kind
    day: int
    text: str


def notes(found: Iterable[Finding]) -> list[str]:
    """The notes of one ticker: its newest findings by day, and before them how many older ones there are."""
    ordered = sorted(found, key=lambda one: (one.day, one.kind))
    texts = [one.text for one in ordered[-MOST:]]
    if more := len(ordered) - MOST:
        texts = [f"{more:,} older findings", *texts] if more > 0 else texts
    return [f"{PREFIX}{text}" for text in texts]


def of_notes(written: Sequence[str]) -> list[str]:
    """The findings among a ticker's notes, without the prefix."""
    return [note.removeprefix(PREFIX) for note in written if note.startswith(PREFIX)]
