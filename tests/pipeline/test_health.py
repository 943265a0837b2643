"""Forty daily files with a split and a ticker that stops: table, message and report say exactly that."""

import dataclasses
import io

import pandas as pd
import pyarrow.parquet as pq
import pytest

from stocks.health.findings import PREFIX
from tests.support import csv_files, pipeline

PAST, DAILY = 260, 40
SPLIT, STOP = PAST + 20, PAST + 12  # rows: the first day after the split, the first without the ticker
PRICES = ["open", "high", "low", "close", "adjclose"]


def whole() -> pd.DataFrame:
    """Three tickers; of ASH the prices fall to a quarter, and BIRCH ends."""
    frames = [csv_files.bars(name, seed, PAST + DAILY, "2023-01-02", memory=0) for seed, name in enumerate("ABC")]
    for frame, name in zip(frames, ("ASH", "BIRCH", "CEDAR"), strict=True):
        frame["ticker"] = name
    frames[0].loc[SPLIT:, PRICES] /= 4
    frames[0].loc[SPLIT:, "volume"] *= 4
    return pd.concat([frames[0], frames[1][:STOP], frames[2]])


@dataclasses.dataclass
class Told:
    """What the last run says, and the run before the split."""

    notes: dict[str, list[str]]
    message: list[str]
    report: str
    before: list[str]


@pytest.fixture(scope="module")
def told() -> Told:
    table = whole()
    days = sorted(set(table["date"]))
    file = lambda own: csv_files.csv(table[table["date"].isin(own)])  # noqa: E731
    with pipeline.cloud(model=pipeline.stand_in) as cloud:
        cloud.send(file(days[:PAST]), "past.csv")
        for row in range(PAST, SPLIT - 1):
            last = cloud.drop(file(days[row : row + 1]), f"{days[row]}.csv")
        before = cloud.go_on(last)
        for row in range(SPLIT - 1, PAST + DAILY):
            last = cloud.drop(file(days[row : row + 1]), f"{days[row]}.csv")
        after = cloud.go_on(last)
    tickers = pq.read_table(io.BytesIO(after.files["tickers/00000.parquet"])).to_pylist()
    return Told(
        {row["ticker"]: row["notes"] for row in tickers},
        after.json("message.json")["lines"],
        after.files["reports/report.html"].decode(),
        before.json("message.json")["lines"],
    )


def test_the_table_says_what_is_wrong_and_of_nothing_else(told):
    days = sorted(set(whole()["date"]))
    assert {
        name: [note.removeprefix(PREFIX) for note in notes if note.startswith(PREFIX)]
        for name, notes in told.notes.items()
    } == {
        "ASH": [f"{days[SPLIT]}: the price stepped to 1/4 of the day before; is a split of 4:1 missing?"],
        "BIRCH": [f"its last day is {days[STOP - 1]}, the dataset's is {days[-1]}"],
        "CEDAR": [],
    }


def test_the_message_says_so_once_and_only_when_it_is_new(told):
    flagged = [line.strip() for line in told.message if "health" in line]
    assert flagged == [
        "data health flags 2 tickers anew: ASH (a step like a missing split), BIRCH (an end)",
    ]
    assert [line for line in told.before if "health" in line] == []


def test_the_report_has_a_row_for_each(told):
    section = told.report.split('id="health-title"')[1].split("</section>")[0]
    assert "2 findings on 2 tickers" in section
    assert section.count("<tr>") == 1 + 2
    assert "is a split of 4:1 missing?" in section
    assert "CEDAR" not in section
