"""Which prices a model learnt from have changed: what training sees counts, and nothing else."""

import numpy as np
import pytest

from stocks.dataset import learnt
from stocks.dataset.fold import fold
from stocks.dataset.table import Upload
from tests.support import folding
from tests.support.folding import walked

UNTIL, LAST = 250, 300
EVERY = ("A", "B", "NEW")


def rows(first: int = 0, end: int = LAST, names=("A", "B"), **events) -> dict:
    stocks = {name: walked(EVERY.index(name), 320, **events) for name in names}
    return folding.rows(**{name: stocks[name].file(first, end) for name in names})


def changed(after: dict, before: dict | None = None) -> list[str]:
    return learnt.changed(before or rows(), after, UNTIL)


def edited(name: str, at: slice | int, factor: float) -> dict:
    """The table with one column of B's rows multiplied."""
    made = rows()
    made[name] = made[name].copy()
    own = np.flatnonzero(made["ticker"] == 1)
    made[name][own[at]] *= factor
    return made


def without(day: int) -> dict:
    made = rows()
    kept = ~((made["ticker"] == 1) & (made["day"] == day))
    return {name: column if name == "tickers" else column[kept] for name, column in made.items()}


def test_days_to_come_a_new_ticker_and_older_history_change_nothing():
    assert changed(rows()) == []
    assert changed(rows(end=320)) == []
    assert changed(rows(names=EVERY)) == []
    assert changed(rows(), before=rows(first=60)) == []


def test_a_correction_after_the_days_that_were_learnt_from_changes_nothing():
    assert changed(edited("adjclose", UNTIL, 2.0)) == []
    assert changed(edited("high", UNTIL, 2.0)) == []


def test_a_ratio_over_all_older_prices_changes_nothing():
    assert changed(edited("adjclose", slice(0, LAST), 0.5)) == []
    both = edited("high", slice(0, UNTIL), 3.0)
    both["low"] = edited("low", slice(0, UNTIL), 3.0)["low"]
    assert changed(both) == []


def test_a_dividend_and_a_split_that_the_fold_brings_to_one_basis_change_nothing():
    stock = walked(1, LAST, splits={270: 2.0}, dividends={280: 0.006})
    uploads = [
        Upload(name, folding.upload("", False, A=stock.file(first, end)).rows)
        for name, first, end in (("a", 0, 265), ("b", 255, 275), ("c", 265, 290))
    ]
    before, after = fold(None, uploads[:1]), fold(None, uploads)
    assert [len(one.rescaled) for one in after.facts] == [2]
    assert changed(after.rows, before.rows) == []


def test_a_whole_history_that_is_adjusted_anew_to_cents_changes_nothing():
    stock = walked(1, LAST, dividends={280: 0.006}, adjusted_decimals=2)
    old, new = (folding.rows(A=stock.file(0, LAST, made=made)) for made in (275, 299))
    assert not np.allclose(old["adjclose"][:UNTIL], new["adjclose"][:UNTIL], rtol=1e-3)
    assert changed(new, old) == []


@pytest.mark.parametrize(
    "after",
    [
        edited("adjclose", UNTIL - 1, 1.05),
        edited("adjclose", slice(0, 100), 0.5),  # a split that is not brought to one basis
        edited("high", 17, 1.10),
        edited("high", slice(0, 200), 0.0),  # they are missing now
        without(100),
        without(0),
        rows(names=("A",)),
        {**rows(), "tickers": np.array(["A", "BB"])},
    ],
    ids=["a price", "a level", "a high", "no highs", "a day", "the first day", "the ticker", "its name"],
)
def test_what_training_would_see_otherwise_is_named(after):
    assert changed(after) == ["B"]


def test_a_day_that_was_filled_in_is_named():
    assert changed(rows(), before=without(100)) == ["B"]


def test_a_ticker_that_was_too_short_to_learn_from_may_change():
    before = rows(first=UNTIL - 99)
    assert changed(edited("adjclose", UNTIL - 5, 2.0), before) == []
    assert changed(edited("adjclose", UNTIL - 5, 2.0), rows(first=UNTIL - 100)) == ["B"]


def test_a_shard_without_tickers_has_none():
    empty = {name: column[:0] for name, column in rows().items()}
    assert changed(empty, empty) == []
    assert changed(rows(), empty) == []
    assert changed(empty) == ["A", "B"]
