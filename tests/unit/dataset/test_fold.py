"""What the fold of prices guarantees for any uploads: from a base or from nothing, in one shard or in several."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stocks import series
from stocks.contract import COLUMNS
from stocks.dataset import parts
from stocks.dataset.fold import fold
from stocks.dataset.table import MOST_NOTES, Facts, Table, Upload
from tests.support import folding
from tests.support.folding import bits, changed, facts, folded, of, published, upload, walked

NAMES = ("A", "B", "平安", "d" * 64)
DAYS = 50
WALKS = {
    name: walked(seed, DAYS, start) for seed, (name, start) in enumerate(zip(NAMES, (100, 1.2, 2e-6, 3e4), strict=True))
}
FACTORS = (1.0, 1.0, 0.5, 2.0, 1 / 3, 0.994, 0.9996, 1e-14)


@st.composite
def uploads(draw):
    """An upload of some tickers, each with days of its own, a basis of its own, and some errors."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    own, filled = {}, []
    for name in sorted(names):
        first = draw(st.sampled_from((0, 0, 5, 15, 30, DAYS - 1)))
        length = draw(st.sampled_from((1, 2, 12, 20, 30, DAYS)))
        stock = WALKS[name]
        stock.decimals = draw(st.sampled_from((2, 4, 9)))
        rows = stock.file(first, min(first + length, DAYS))
        count = len(rows["day"])
        filled.append(draw(st.booleans()) and draw(st.booleans()))
        rows["close"] = rows["close"] * draw(st.sampled_from(FACTORS))
        rows["adjclose"] = rows["close"].copy() if filled[-1] else rows["adjclose"] * draw(st.sampled_from(FACTORS))
        if draw(st.integers(0, 2)) == 0:
            wrong = draw(st.lists(st.integers(0, count - 1), max_size=2))
            rows = changed(rows, draw(st.sampled_from((1.01, 0.5))), *wrong)
        kept = np.random.default_rng(draw(st.integers(0, 9))).random(count) < draw(st.sampled_from((0.8, 1.0)))
        kept[0] = True
        for name_of_column in ("close", "open", "volume"):
            if draw(st.integers(0, 4)) == 0:
                rows[name_of_column] = np.full(count, draw(st.sampled_from((0.0, -0.0))))
        rows["adjclose"] = np.clip(rows["adjclose"], 1e-15, 1e15)
        rows["close"] = np.where(rows["close"] == 0, rows["close"], np.clip(rows["close"], 1e-15, 1e15))
        own[name] = {column: values[kept] for column, values in rows.items()} | {"day": rows["day"][kept] - 20}
    made = folding.rows(**own)
    return made | {"filled": np.array(filled)}


def given_uploads(thorough: int):
    few = settings.get_current_profile_name() == "quick"
    limits = settings(derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    return lambda test: settings(limits, max_examples=thorough // 5 if few else thorough)(test)


@given_uploads(300)
@given(st.lists(uploads(), min_size=2, max_size=7), st.data())
def test_from_a_base_or_from_nothing_the_bits_are_the_same(every, data):
    files = [Upload(f"u{at}", rows) for at, rows in enumerate(every)]
    cut = data.draw(st.integers(1, len(files) - 1))
    whole = fold(None, files)
    base = published(fold(None, files[:cut]), shards=data.draw(st.integers(0, 2)))
    assert bits(fold(base, files[cut:])) == bits(whole)
    assert bits(fold(published(whole), [])) == bits(whole)


@given_uploads(150)
@given(st.lists(uploads(), min_size=1, max_size=5), st.integers(1, 3))
def test_shards_fold_to_what_one_shard_folds_to(every, shard_bits):
    whole, seen = fold(None, [Upload(f"u{at}", rows) for at, rows in enumerate(every)]), 0
    for shard in range(1 << shard_bits):
        own = fold(None, [Upload(f"u{at}", parts.of_shard([rows], shard, shard_bits)) for at, rows in enumerate(every)])
        for fact in own.facts:
            assert fact == facts(whole, fact.ticker)
            got, expected = of(own, fact.ticker), of(whole, fact.ticker)
            assert all(got[name].tobytes() == expected[name].tobytes() for name in got)
        seen += len(own.facts)
    assert seen == len(whole.facts)


@given_uploads(150)
@given(st.lists(uploads(), min_size=1, max_size=6))
def test_a_table_has_each_day_of_any_upload_once_and_prices_that_a_price_may_be(every):
    table = fold(None, [Upload(f"u{at}", rows) for at, rows in enumerate(every)])
    days = {}
    for rows in every:
        for ticker, day in zip(rows["tickers"][rows["ticker"]].tolist(), rows["day"].tolist(), strict=True):
            days.setdefault(ticker, set()).add(day)
    assert table.rows["tickers"].tolist() == sorted(days)
    for name, own in days.items():
        assert of(table, name)["day"].tolist() == sorted(own)
        fact = facts(table, name)
        assert (fact.rows, fact.first_day, fact.last_day) == (len(own), min(own), max(own))
        assert fact.basis == np.prod([entry.ratio for entry in fact.rescaled] or [1.0])
    for column in COLUMNS:
        values = table.rows[column]
        assert np.isfinite(values).all()
        assert ((values >= 1e-15) | ((values == 0) & (column != "adjclose"))).all()
    counted = table.day_counts()
    assert counted[1].sum() == len(table.rows["day"])
    assert counted[0].tolist() == sorted({day for own in days.values() for day in own})


@given_uploads(150)
@given(st.lists(uploads(), min_size=1, max_size=6))
def test_the_last_uploads_rows_stand_as_they_are_where_it_ends_last(every):
    table, last = fold(None, [Upload(f"u{at}", rows) for at, rows in enumerate(every)]), every[-1]
    for place, name in enumerate(last["tickers"].tolist()):
        own = last["ticker"] == place
        got = of(table, name)
        if last["day"][own][-1] == got["day"][-1]:
            at = np.searchsorted(got["day"], last["day"][own])
            for column in COLUMNS:
                assert got[column][at].tolist() == last[column][own].tolist()


def test_what_was_given_is_not_changed():
    stock = walked(1, 60, splits={50: 2})
    first, second = upload("1", A=stock.file(0, 50)), upload("2", A=stock.file(40, 60))
    before = [{name: values.copy() for name, values in each.rows.items()} for each in (first, second)]
    base = folded(first)
    kept = bits(base)
    folded(second, base=base)
    assert bits(base) == kept
    for each, copies in zip((first, second), before, strict=True):
        assert all(np.array_equal(each.rows[name], copies[name]) for name in copies)


def test_the_rows_are_what_series_builds_a_shard_of():
    table = folded(upload("1", B=walked(1, 30).file(0, 30), A=walked(2, 30).file(5, 20)))
    cuts = {"validation_from": "1970-01-04", "decision_from": "1970-01-05", "test_from": "1970-01-08"}
    shard = series.build(table.rows, cuts)
    assert shard.tickers.tolist() == ["A", "B"]
    assert shard.bounds[:, 3].tolist() == [15, 30]


def test_no_upload_leaves_an_empty_table_with_the_arrays_of_one_with_rows():
    none, some = folded(), folded(upload("1", A=walked(1, 3).file(0, 3)))
    assert {name: values.dtype.kind for name, values in none.rows.items()} == {
        name: values.dtype.kind for name, values in some.rows.items()
    }
    assert none.facts == ()
    assert none.day_counts()[0].tolist() == []


def test_an_upload_without_a_row_of_the_shard_changes_nothing():
    table = folded(upload("1", A=walked(1, 3).file(0, 3)))
    assert bits(folded(upload("2"), base=table)) == bits(table)


def test_a_name_without_a_row_is_no_ticker():
    rows = upload("1", A=walked(1, 3).file(0, 3)).rows
    rows = rows | {"tickers": np.array(["0", "A"]), "ticker": rows["ticker"] + 1, "filled": np.array([True, False])}
    assert [(fact.ticker, fact.price_column) for fact in folded(Upload("1", rows)).facts] == [("A", "adjclose")]


def test_a_negative_zero_is_a_zero_as_it_is_in_the_table_of_prices():
    rows = walked(1, 3).file(0, 3) | {"volume": np.full(3, -0.0)}
    assert not np.signbit(folded(upload("1", A=rows)).rows["volume"]).any()


@pytest.mark.parametrize("days", [[3, 2], [2, 2]])
def test_an_upload_that_is_not_sorted_or_has_a_day_twice_is_refused(days):
    with pytest.raises(ValueError, match="upload u is not sorted"):
        folded(upload("u", A={"day": np.array(days), "adjclose": np.ones(2)}))


def test_facts_of_other_rows_are_refused():
    table = folded(upload("1", A=walked(1, 3).file(0, 3)))
    for wrong in ([], [facts(folded(upload("1", A=walked(1, 3).file(0, 2))))]):
        with pytest.raises(ValueError, match="facts of ticker 'A' are not of its 3 rows"):
            Table.of(table.rows, wrong)


def test_facts_come_back_through_json():
    stock = walked(3, 80, dividends={60: 0.012345})
    table = folded(
        upload("1", A=stock.file(0, 60)),
        upload("2", A=stock.file(50, 80)),
        upload("3", True, A=walked(4, 90).file(85, 90)),
    )
    fact = facts(table)
    assert fact.rescaled
    assert fact.filled == ((85, 89),)
    assert Facts.of(json.loads(json.dumps(fact.stored()))) == fact


def test_the_newest_notes_of_a_ticker_are_kept():
    fact = Facts("A")
    for at in range(MOST_NOTES + 3):
        fact = fact.noted(f"n{at}", f"n{at}")
    assert fact.notes == tuple(f"n{at}" for at in range(3, MOST_NOTES + 3))
    assert fact.noted("n5").notes == fact.notes
