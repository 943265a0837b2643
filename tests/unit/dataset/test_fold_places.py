"""Uploads that meet a table in the middle, in its holes, at both ends or with holes of their own."""

import numpy as np
import pytest

from stocks.dataset.table import Rescaled
from tests.support.folding import (
    Stock,
    assert_near,
    bits,
    changed,
    daily,
    facts,
    folded,
    of,
    upload,
    walked,
    without,
)


def test_one_row_uploads_in_any_order_are_the_file_that_they_come_from():
    stock = walked(12, 60)
    order = np.random.default_rng(12).permutation(60).tolist()
    table = folded(*(upload(str(day), A=stock.file(day, day + 1, made=59)) for day in order))
    assert bits(table)["adjclose"] == bits(folded(upload("x", A=stock.file(0, 60))))["adjclose"]
    assert facts(table).corrections == 0


@pytest.mark.parametrize("at", [0, 30, 58])
def test_a_one_row_upload_inside_the_table_corrects_one_day_and_moves_nothing(at):
    stock = walked(13, 60)
    wrong = changed(stock.file(at, at + 1), 0.9, 0)
    table = folded(upload("1", A=stock.file(0, 60)), upload("2", A=wrong))
    expected = stock.file(0, 60)["adjclose"]
    expected[at] = wrong["adjclose"][0]
    assert of(table, "A")["adjclose"].tolist() == expected.tolist()
    assert (facts(table).corrections, facts(table).rescaled) == (1, ())


def test_a_one_row_upload_on_the_basis_before_a_split_is_noted():
    stock = walked(14, 60, splits={50: 2})
    table = folded(upload("1", A=stock.file(0, 60)), upload("2", A=stock.file(30, 31)))
    assert facts(table).corrections == 1
    assert "a step by 2 at 1970-01-31" in facts(table).notes[0]


def test_an_upload_wholly_inside_on_the_tables_days_is_brought_to_its_basis():
    stock = walked(15, 100, splits={90: 3}, dividends={85: 0.01})
    table = folded(upload("1", A=stock.file(0, 100)), upload("2", A=stock.file(40, 70)))
    assert_near(of(table, "A"), stock.file(0, 100), rtol=2e-5)
    assert (facts(table).rescaled, facts(table).basis, facts(table).corrections) == ((), 1.0, 0)


def test_an_upload_inside_a_hole_of_the_table_stays_as_it_is():
    stock = walked(16, 100)
    hole = without(stock.file(0, 100), *range(40, 60))
    table = folded(upload("1", A=hole), upload("2", A=stock.file(40, 60)))
    assert of(table, "A")["adjclose"].tolist() == stock.file(0, 100)["adjclose"].tolist()


def test_an_upload_that_bridges_two_pieces_brings_the_older_one_to_the_newer_ones_basis():
    stock = walked(17, 200, splits={60: 2, 150: 5}, dividends={100: 0.03})
    pieces = [upload("1", A=stock.file(0, 50)), upload("2", A=stock.file(120, 200))]
    table = folded(*pieces, upload("3", A=stock.file(40, 140)))
    assert_near(of(table, "A"), stock.file(0, 200), rtol=2e-5)
    assert of(table, "A")["adjclose"][120 + 20 :].tolist() == stock.file(120, 200)["adjclose"][20:].tolist()
    assert facts(table).basis == pytest.approx(0.1 * 0.97, rel=1e-6)


def test_where_the_newer_seam_is_unclear_the_older_one_counts_and_no_row_of_the_table_moves():
    stock = walked(18, 100, splits={90: 2})
    old = changed(stock.file(20, 60), 1.05, 32, 35, 38)
    table = folded(upload("1", A=stock.file(0, 100)), upload("2", A=old))
    whole = stock.file(0, 100)
    assert facts(table).rescaled == ()
    assert facts(table).corrections == 3
    good = np.delete(np.arange(100), [52, 55, 58])
    np.testing.assert_allclose(of(table, "A")["adjclose"][good], whole["adjclose"][good], rtol=2e-5)


def test_a_day_that_a_full_file_lacks_moves_by_what_its_neighbours_moved_by():
    stock = walked(19, 200, splits={100: 2})
    table = folded(*(upload(f"{day:03d}", A=stock.file(day, day + 1)) for day in range(200)))
    holes = (20, 30, 150, 160)
    mended = folded(upload("full", A=without(stock.file(10, 200), *(hole - 10 for hole in holes))), base=table)
    assert_near(of(mended, "A"), stock.file(0, 200))
    assert "2 days that it lacks moved by a ratio of their own" in facts(mended).notes[-1]
    assert facts(mended).rescaled == (Rescaled("full", 0.5, 100),)


def test_the_same_upload_again_changes_no_bit_of_the_rows():
    stock = walked(27, 120, splits={100: 2}, dividends={110: 0.01})
    files = daily(stock, 95, 115)
    once = folded(*files)
    again = folded(files[-1], base=once)
    assert bits(again) == bits(once)


def test_a_day_that_an_upload_lacks_moves_by_the_very_ratio_of_the_rows_before():
    stock = walked(30, 101, dividends={100: 0.006})
    first = stock.file(0, 100)
    table = folded(upload("1", A=first), upload("2", A=without(stock.file(60, 101), 20)))
    assert of(table, "A")["adjclose"][80] == first["adjclose"][80] * facts(table).basis
    assert facts(table).notes == ()


def test_a_day_lacking_where_the_basis_changes_moves_with_the_rows_before():
    stock = walked(31, 200, splits={100: 2})
    table = folded(*(upload(f"{day:03d}", A=stock.file(day, day + 1)) for day in range(200)))
    mended = folded(upload("full", A=without(stock.file(10, 200), 89)), base=table)
    assert of(mended, "A")["close"][99] == of(table, "A")["close"][99] / 2


def test_days_on_another_basis_that_a_full_file_lacks_move_though_nothing_else_does():
    stock = walked(32, 200, splits={150: 2})
    table = folded(upload("1", A=without(stock.file(0, 200), *range(60, 100))), upload("2", A=stock.file(60, 100)))
    mended = folded(upload("full", A=without(stock.file(0, 200), 70, 80)), base=table)
    assert_near(of(mended, "A"), stock.file(0, 200))
    assert (facts(mended).rescaled, facts(mended).basis) == ((), 1.0)
    assert "2 days that it lacks moved" in facts(mended).notes[-1]


def test_no_row_of_the_table_moves_to_an_older_upload_whose_last_days_prove_nothing():
    stock = walked(35, 100, splits={90: 2})
    old = stock.file(20, 80)
    old["adjclose"][25:45] = np.round(old["adjclose"][25:45] * 1.5, 4)
    old["adjclose"][45:] = np.round(old["adjclose"][45:] * np.random.default_rng(35).uniform(0.9, 1.1, 15), 4)
    whole = stock.file(0, 100)
    table = folded(upload("1", A=whole), upload("2", A=without(old, 35)))
    assert of(table, "A")["adjclose"][55] == whole["adjclose"][55]
    assert of(table, "A")["adjclose"][:20].tolist() == whole["adjclose"][:20].tolist()


def test_the_decimals_of_prices_are_those_near_the_seam():
    stock = Stock(walked(36, 120).worth / 20, dividends={100: 0.03}, decimals=2, adjusted_decimals=2)
    first = stock.file(0, 100)
    first["adjclose"][:45] = np.round(first["adjclose"][:45])  # as a file of old history may have them
    table = folded(upload("1", A=first), upload("2", A=stock.file(70, 101)))
    assert facts(table).basis == pytest.approx(0.97, rel=1e-3)
