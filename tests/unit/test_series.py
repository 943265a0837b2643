import numpy as np
import pytest

from stocks import series
from stocks.contract import COLUMNS
from stocks.reading.rejected import Rejected, Unusable

CUTS = {"validation_from": "1970-01-04", "decision_from": "1970-01-05", "test_from": "1970-01-08"}  # days 3, 4, 7


def rows(*given, tickers=("A", "B")):
    """Rows of a file as Intake gives them, of (ticker, day, adjclose); lines count from 2."""
    index, day, price = (np.array(column) for column in zip(*given, strict=True)) if given else np.empty((3, 0))
    empty = {name: np.zeros(len(day)) for name in COLUMNS}
    return empty | {
        "tickers": np.array(tickers, "U8"),
        "ticker": np.array(index, np.int32),
        "line": np.arange(2, len(day) + 2),
        "day": np.array(day, np.int32),
        "adjclose": np.array(price, float),
    }


def shard(*given, **options):
    return series.build(series.sort(rows(*given, **options))[0], CUTS)


def test_rows_are_sorted_by_ticker_and_day():
    built = shard((1, 5, 50), (0, 3, 30), (1, 2, 20), (0, 1, 10))
    assert built.tickers.tolist() == ["A", "B"]
    assert built.offsets.tolist() == [0, 2, 4]
    assert built.days.tolist() == [1, 3, 2, 5]
    assert built.adjclose.tolist() == [10, 30, 20, 50]


def test_what_is_sorted_has_the_form_that_parts_and_folds_take():
    kept, _ = series.sort(rows((1, 5, 50), (2, 3, 30), (1, 2, 20), tickers=("A", "B", "C")))
    assert kept.keys() == {"tickers", "ticker", "day", *COLUMNS}
    assert kept["tickers"].tolist() == ["B", "C"]
    assert (kept["ticker"].tolist(), kept["ticker"].dtype) == ([0, 0, 1], np.int32)
    assert (kept["day"].tolist(), kept["day"].dtype) == ([2, 5, 3], np.int32)


def test_an_equal_row_vanishes_and_an_unlike_one_is_rejected():
    kept, refused = series.sort(rows((0, 1, 10), (0, 2, 20), (0, 2, 21), (0, 1, 10), (0, 2, 20)))
    assert kept["adjclose"].tolist() == [10, 20]
    assert refused == [
        Rejected(4, "line 3 has the same ticker and date with other values", "A,1970-01-03,21,0,0,0,0,0")
    ]


def test_any_of_the_six_values_makes_a_row_unlike():
    given = rows((0, 1, 10), (0, 1, 10))
    given["volume"][1] = 5
    assert len(series.sort(given)[1]) == 1


def test_rejected_rows_come_in_file_order():
    _, refused = series.sort(rows((1, 1, 1), (0, 1, 1), (1, 1, 2), (0, 1, 2)))
    assert [row.line for row in refused] == [4, 5]


def test_bounds_count_the_rows_before_each_cut_and_a_late_ticker_has_fewer():
    built = shard(*((0, day, 1) for day in range(10)), *((1, day, 1) for day in range(4, 10)))
    assert built.bounds.tolist() == [[3, 4, 7, 10], [0, 0, 3, 6]]


def test_minmax_reads_rows_before_the_test_period_only():
    built = shard((0, 5, 4), (0, 6, 9), (0, 7, 1), (0, 8, 99), (1, 7, 5), (1, 8, 6))
    assert built.minmax.tolist() == [[4, 9], [0, 0]]


def test_bounds_do_not_move_and_minmax_only_with_earlier_prices():
    days = [(0, day) for day in range(10)]
    one = shard(*((ticker, day, day + 1) for ticker, day in days))
    other = shard(*((ticker, day, day + 1 if day < 7 else 1000) for ticker, day in days))
    assert np.array_equal(one.bounds, other.bounds)
    assert np.array_equal(one.minmax, other.minmax)


def test_tickers_without_rows_are_no_part_of_the_shard():
    assert shard((1, 1, 1), tickers=("A", "B", "C")).tickers.tolist() == ["B"]


def test_a_shard_of_nothing_has_every_key_and_dtype_of_a_shard_of_something():
    full, empty = shard((0, 1, 1)), shard()
    none = full.select(np.array([False]))
    assert list(empty) == list(none) == []
    for key, value in full.arrays().items():
        for other in (empty.arrays(), none.arrays()):
            assert (other[key].dtype.kind, other[key].shape[1:]) == (value.dtype.kind, value.shape[1:])
            assert len(other[key]) == (1 if key == "offsets" else 0)


def test_select_keeps_the_rows_of_the_wanted_tickers():
    built = shard((0, 1, 10), (1, 1, 20), (1, 2, 21), (2, 3, 30), tickers=("A", "B", "C"))
    chosen = built.select(np.array([False, True, True]))
    assert chosen.tickers.tolist() == ["B", "C"]
    assert chosen.offsets.tolist() == [0, 2, 3]
    assert chosen.adjclose.tolist() == [20, 21, 30]


def test_tickers_gives_each_its_own_rows():
    one, two = shard((0, 1, 10), (1, 1, 20), (1, 2, 21))
    assert (one.name, one.rows["adjclose"].tolist()) == ("A", [10])
    assert (two.name, two.rows["days"].tolist(), two.bounds.tolist()) == ("B", [1, 2], [2, 2, 2, 2])


def test_a_ticker_needs_100_rows_before_the_test_period():
    cuts = {name: series.iso(day) for name, day in zip(CUTS, (10, 20, 100), strict=True)}
    given = [(0, day, 1) for day in range(150)] + [(1, day, 1) for day in range(1, 150)]
    built = series.build(series.sort(rows(*given))[0], cuts)
    assert series.usable(built).tolist() == [True, False]
    assert series.skipped(built, cuts) == [
        {"ticker": "B", "rows": 99, "reason": "99 rows before the test period (1970-04-11), 100 are needed"}
    ]


def test_cuts_of_an_example_computed_by_hand():
    # 20 days from 0, one row a day, and day 19 has six: 25 rows, of which a fifth is 5. From day 19 on there are 6,
    # too many; so with .24 (6 rows) the test begins on day 19. Before it lie 19 rows: 30 % are 5.7, so validation
    # begins 5 days earlier (day 14); 20 % are 3.8, so decision begins 3 days earlier (day 16).
    counts = np.array([1] * 19 + [6])
    expected = {"validation_from": "1970-01-15", "decision_from": "1970-01-17", "test_from": "1970-01-20"}
    assert series.cuts(np.arange(20), counts, 0.24) == expected
    with pytest.raises(Unusable):
        series.cuts(np.arange(20), counts, 0.2)


def test_cuts_of_equal_days_are_the_shares_themselves():
    cuts = series.cuts(np.arange(100), np.ones(100, int), 0.2)
    assert [series.day_of(cuts[name]) for name in CUTS] == [56, 64, 80]


def test_cuts_are_days_that_have_rows():
    cuts = series.cuts(7 * np.arange(100), np.ones(100, int), 0.2)
    assert [series.day_of(cuts[name]) for name in CUTS] == [7 * 56, 7 * 64, 7 * 80]


@pytest.mark.parametrize("days", [0, 1, 2, 3, 4])
def test_too_few_days_for_every_block_are_refused(days):
    with pytest.raises(Unusable, match=r"too few days: . with prices"):
        series.cuts(np.arange(days), np.full(days, 500), 0.2)


def test_days_and_iso_dates_are_inverse():
    assert [series.day_of(series.iso(day)) for day in (-25567, 0, 19723)] == [-25567, 0, 19723]
