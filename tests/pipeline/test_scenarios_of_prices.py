"""Scenarios of the contract of datasets by number: prices of several files, through the handlers and their files.

tests/unit/dataset/test_fold_scenarios.py says what the fold must give; here the steps must give what the fold gives,
whether each file is a run of its own, which begins with the tables of the one before, or all are one run.
"""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from stocks.contract import COLUMNS
from stocks.dataset.plan import Plan
from stocks.dataset.table import Table
from stocks.health.findings import PREFIX
from tests.support import folding, pipeline
from tests.support.folding import changed, walked

ROWS = 200  # of a ticker that is long enough to be forecast beside the one that the scenario is about


@dataclasses.dataclass(frozen=True)
class File:
    """A ticker's rows in the form of `folding.Stock.file`; without an adjusted price where it is of close only."""

    rows: dict[str, np.ndarray]
    only_close: bool = False

    def frame(self, ticker: str) -> pd.DataFrame:
        made = pd.DataFrame({"ticker": ticker, "date": pd.to_datetime(self.rows["day"], unit="D").strftime("%Y-%m-%d")})
        for name in COLUMNS:
            if name != "adjclose" or not self.only_close:
                made[name] = self.rows[name]
        return made


def spans(stock: folding.Stock, *files: tuple[int, int]) -> list[File]:
    return [File(stock.file(*span)) for span in files]


def daily(stock: folding.Stock, first: int, end: int) -> list[File]:
    """A file until `first`, and of each later day one of its own."""
    return spans(stock, (0, first), *((day, day + 1) for day in range(first, end)))


def scenarios() -> dict[str, list[File]]:
    dividend, split = walked(4, 101, dividends={100: 0.006}), walked(5, 101, splits={100: 2})
    cents = walked(3, 101, splits={100: 2}, decimals=2, adjusted_decimals=2)
    cents.worth *= 0.06 / cents.worth[95]
    revised, signs = walked(6, 100).file(89, 100), np.random.default_rng(6).choice([-1, 1], 11)
    for name in folding.PRICES:
        revised[name] = np.round(revised[name] * (1 + 4e-4 * signs), 6)
    old = walked(7, 120, splits={110: 3}, dividends={112: 0.02})
    both, mixed = walked(8, 70, splits={60: 2}, dividends={64: 0.01}), walked(10, 101, dividends={70: 0.01, 95: 0.01})
    early, last = walked(3, 30).file(0, 29), changed(walked(3, 30).file(28, 30), 1.01, 0)
    tail = {name: values[30:] for name, values in old.file(0, 120).items()}
    return {
        "40 a last price is corrected": [File(early), File(last)],
        "41 a dividend": spans(dividend, (0, 100), (95, 101)),
        "42 a split beside a correction": [*spans(split, (0, 100)), File(changed(split.file(90, 101), 1.03, 4))],
        "43 a split of a few cents": spans(cents, (0, 100), (90, 101)),
        "44 revisions": [*spans(walked(6, 100), (0, 99)), File(revised)],
        "45 old history on another basis": [File(tail), *spans(old, (20, 60))],
        "45 a file in the middle": [File(tail), *spans(old, (50, 90))],
        "46 daily files and a full one": [*daily(both, 58, 66), *spans(both, (20, 70))],
        "47 two splits": spans(walked(9, 120, splits={60: 2, 100: 3}), (0, 60), (50, 100), (0, 120)),
        "48 close only": [
            *spans(mixed, (0, 100)),
            File(mixed.file(80, 101, only_close=True), only_close=True),
            *spans(mixed, (90, 99)),  # of which the table must know which rows were filled from close
        ],
    }


SCENARIOS = scenarios()


def bodies(files: list[File]) -> list[bytes]:
    """The files, of which the first also has the long ticker."""
    long = File(walked(99, ROWS).file(0, ROWS)).frame("LONG")
    frames = [file.frame("A") for file in files]
    return [pd.concat([frames[0], long]).to_csv(index=False).encode()] + [
        frame.to_csv(index=False).encode() for frame in frames[1:]
    ]


def expected(ran: pipeline.Ran, files: list[File]) -> Table:
    """What the fold of numpy alone gives of the files, by the names that the run's plan has for them."""
    planned = Plan.from_json(ran.files["plans/plan.json"]).uploads
    uploads = [folding.upload(one.id, file.only_close, A=file.rows) for one, file in zip(planned, files, strict=True)]
    return folding.folded(*uploads)


def assert_is(ran: pipeline.Ran, table: Table) -> None:
    """Prices to the last bit, and all that is known of the ticker."""
    prices, want = ran.table("prices"), folding.of(table, "A")
    own = prices[prices["ticker"] == "A"]
    assert (
        pd.to_datetime(own["date"]).astype("datetime64[s]").astype("int64").tolist() == (want["day"] * 86_400).tolist()
    )
    for name in COLUMNS:
        assert own[name].fillna(0.0).tolist() == want[name].tolist(), name
    (row,) = ran.table("tickers").query("ticker == 'A'").to_dict("records")
    fact = folding.facts(table)
    assert (row["corrections"], row["basis"], row["price_column"]) == (fact.corrections, fact.basis, fact.price_column)
    rescaled = [(one["upload"], one["ratio"], one["days"]) for one in row["rescaled"]]
    assert rescaled == [(one.upload, one.ratio, one.days) for one in fact.rescaled]
    assert [note for note in row["notes"] if not note.startswith(PREFIX)] == list(fact.notes)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_steps_give_what_the_fold_gives(name):
    files = SCENARIOS[name]
    with pipeline.cloud(model=pipeline.stand_in) as cloud:
        for number, body in enumerate(bodies(files)):
            ran = cloud.send(body, f"{number:02d}.csv")
        one_by_one = expected(ran, files)
        assert_is(ran, one_by_one)
        assert ran.table("runs")["base_run"][0].startswith("daily-")
    with pipeline.cloud(model=pipeline.stand_in) as cloud:
        first, *_ = [cloud.drop(body, f"{number:02d}.csv") for number, body in enumerate(bodies(files))]
        together = cloud.go_on(first)
        assert_is(together, one_by_one)
        assert together.table("runs")["base_run"][0] == ""


def test_the_scenarios_are_those_that_rescale_correct_note_and_mix():
    """What the steps have to carry from run to run is there to be lost."""
    facts = []
    for files in SCENARIOS.values():
        uploads = [folding.upload(str(at), file.only_close, A=file.rows) for at, file in enumerate(files)]
        facts.append(folding.facts(folding.folded(*uploads)))
    assert sum(bool(fact.rescaled) for fact in facts) >= 5
    assert sum(fact.corrections > 0 for fact in facts) >= 3
    assert sum(bool(fact.notes) for fact in facts) >= 4
    assert {fact.price_column for fact in facts} == {"adjclose", "mixed"}
