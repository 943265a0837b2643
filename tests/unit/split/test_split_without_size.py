"""A file whose execution a person starts: the input names a version and nothing else of it."""

import itertools

import split
from common import dataset
from stocks.reading import lines

ROWS = 3_000
EARLY = 20  # bad rows, all at the top: too many for the first block, few enough for the file


def csv() -> str:
    days = itertools.cycle(f"{year}-{month:02d}-{day:02d}" for year in range(2000, 2010) for month in range(1, 13)
                           for day in range(1, 29))  # fmt: skip
    rows = [f"A,{next(days)},{'ten' if number < EARLY else number + 1}" for number in range(ROWS)]
    return "\n".join(["ticker,date,adjclose", *rows, ""])


def test_bad_rows_at_the_top_are_held_against_the_whole_file(drop, context, monkeypatch):
    monkeypatch.setattr(lines, "BLOCK_LINES", 500)
    event = drop(csv())
    event.pop("size", None)
    split.handler(event | {"sequencer": ""}, context)
    (standing,) = dataset.verdicts("daily", dataset.verdict_ids("daily"))
    assert (standing.accepted, standing.rows, standing.rejected_rows) == (True, ROWS - EARLY, EARLY)
