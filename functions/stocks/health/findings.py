"""A finding of data health, and how a ticker's notes say it."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

type Kind = Literal["step", "hundred", "equal", "gap", "bars", "volume", "end", "alike", "more"]

PREFIX = "health: "  # of a note in `tickers`, so that SQL can tell it from what the fold noted
MOST = 8  # findings of a ticker that are told; the rest is counted
_MORE = re.compile(r"[\d,]+ older findings?")
NAMES: dict[str, str] = {
    "step": "a step like a missing split",
    "hundred": "a factor of 100",
    "equal": "equal prices in a row",
    "gap": "a gap",
    "bars": "prices outside low to high",
    "volume": "a jump of volume",
    "end": "an end",
    "alike": "a look-alike",
}


class Finding(NamedTuple):
    """What was found of the ticker at a place among a shard's names; text begins with the day, if it has one."""

    at: int
    kind: Kind
    day: int
    text: str


class Said(NamedTuple):
    """A finding as working files carry it from step to step."""

    kind: Kind
    text: str

    @property
    def note(self) -> str:
        """As the table of tickers has it."""
        return f"{PREFIX}{self.text}"


def told(found: Iterable[Finding]) -> list[Said]:
    """Of one ticker's findings the newest by day, and before them how many older ones there are."""
    ordered = sorted(found, key=lambda one: (one.day, one.kind))
    shown = [Said(one.kind, one.text) for one in ordered[-MOST:]]
    more = len(ordered) - len(shown)
    return [Said("more", f"{more:,} older finding{'' if more == 1 else 's'}"), *shown] if more else shown


def anew(said: Iterable[Said], earlier: Iterable[str]) -> list[Said]:
    """Those that an earlier run's notes of the ticker do not have; figures but for the first day may have gone on.

    Where the earlier run only counted its oldest findings, what is as old as they are may be one of them, and is none.
    """
    notes = [note.removeprefix(PREFIX) for note in earlier if note.startswith(PREFIX)]
    known = {_core(text) for text in notes}
    counted = any(_MORE.fullmatch(text) for text in notes)
    since = min(filter(None, map(_day, notes)), default="") if counted else ""
    return [
        one for one in said
        if one.kind != "more" and _core(one.text) not in known and (not _day(one.text) or _day(one.text) > since)
    ]  # fmt: skip


def _day(text: str) -> str:
    """The day with which a finding begins, empty for one without."""
    return text[:10] if re.match(r"\d{4}-\d\d-\d\d: ", text) else ""


def _core(text: str) -> tuple[str, str]:
    day = _day(text)
    # Figures may go on; the digits of a ticker's name, such as 600000.SS, are none.
    return day, re.sub(r"(?<![\w.])\d[\d.,]*(?![\w.])", "", text.removeprefix(day))


def kinds(said: Sequence[Said]) -> str:
    """What there is of a ticker, in words: "a gap, an end"."""
    return ", ".join(dict.fromkeys(NAMES[one.kind] for one in said))
