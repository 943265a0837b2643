"""The scenarios of the contract of datasets that the fold of prices answers, by number."""

import itertools

import numpy as np
import pytest

from stocks.contract import COLUMNS
from stocks.dataset.fold import MIXED, is_stale
from stocks.dataset.table import Rescaled
from tests.support import folding
from tests.support.folding import changed, facts, folded, of, upload, walked

OVERLAP = 5


def test_2_24_monthly_files_in_any_order_are_one_file_in_bits():
    stocks = {f"T{seed}": walked(seed, 504) for seed in range(5)}
    months = [upload(f"{at:02d}", **{name: stock.file(at * 21, at * 21 + 21) for name, stock in stocks.items()})
              for at in range(24)]  # fmt: skip
    whole = folded(upload("all", **{name: stock.file(0, 504) for name, stock in stocks.items()}))
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(24)
        table = folded(*(months[at] for at in order))
        assert {**folding.bits(table), "facts": 0} == {**folding.bits(whole), "facts": 0}
        assert [fact.basis for fact in table.facts] == [1.0] * 5


def test_22_a_file_then_another_then_the_first_again_leaves_the_first_files_rows():
    stock = walked(1, 40)
    first = stock.file(0, 40)
    other = changed(first, 1.02, *range(40))
    table = folded(upload("1", A=first), upload("2", A=other), upload("3", A=first))
    assert_rows(table, first)
    assert_rows(folded(upload("1", A=first), upload("2", A=other)), other)


def test_30_replaced_by_the_last_file_then_appended_again():
    stock = walked(2, 50, dividends={35: 0.01})
    files = [upload(str(at), A=stock.file(*span)) for at, span in enumerate([(0, 20), (15, 30), (25, 40), (30, 50)])]
    assert_rows(folded(files[-1]), stock.file(30, 50))
    again = folded(*files)
    assert len(of(again, "A")["day"]) == 50
    assert folding.bits(again) == folding.bits(folded(files[-1], base=folding.published(folded(*files[:-1]))))


def test_40_one_overlapping_day_whose_price_is_corrected_by_1_percent():
    stock = walked(3, 30)
    before, after = stock.file(0, 29), changed(stock.file(28, 30), 1.01, 0)
    table = folded(upload("1", A=before), upload("2", A=after))
    assert facts(table).corrections == 1
    assert (facts(table).rescaled, facts(table).basis, facts(table).notes) == ((), 1.0, ())
    assert of(table, "A")["adjclose"][:28].tolist() == before["adjclose"][:28].tolist()
    assert of(table, "A")["adjclose"][28:].tolist() == after["adjclose"].tolist()


def test_40_a_correction_from_100_to_101_is_one_though_neither_has_decimals():
    first = {"day": np.arange(5), "adjclose": np.array([98.37, 99.12, 99.5, 99.81, 100.0])}
    table = folded(upload("1", A=first), upload("2", A={"day": np.array([4, 5]), "adjclose": np.array([101.0, 102.0])}))
    assert facts(table).corrections == 1


def test_41_five_overlapping_days_and_a_dividend_of_06_percent():
    stock = walked(4, 101, dividends={100: 0.006})
    table = folded(upload("1", A=stock.file(0, 100)), upload("2", A=stock.file(95, 101)))
    got, vendors = of(table, "A"), stock.file(0, 101)
    np.testing.assert_allclose(got["adjclose"], vendors["adjclose"], rtol=2e-6)
    for name in ("open", "high", "low", "close", "volume"):
        assert got[name].tolist() == vendors[name].tolist()
    ((id, ratio, days),) = facts(table).rescaled
    assert (id, days, facts(table).corrections) == ("2", 100, 0)
    assert ratio == pytest.approx(0.994, rel=1e-6)


def test_42_ten_overlapping_days_a_split_2_to_1_and_one_day_also_corrected():
    stock = walked(5, 101, splits={100: 2})
    second = changed(stock.file(90, 101), 1.03, 4)
    table = folded(upload("1", A=stock.file(0, 100)), upload("2", A=second))
    got, first = of(table, "A"), stock.file(0, 100)
    for name in ("open", "high", "low", "close", "adjclose"):
        assert got[name][:90].tolist() == (first[name][:90] / 2).tolist()
    assert got["volume"][:90].tolist() == (first["volume"][:90] * 2).tolist()
    assert facts(table).rescaled == (Rescaled("2", 0.5, 99),)
    assert facts(table).corrections == 1


def test_43_a_split_2_to_1_at_prices_of_12_cents_with_two_decimals():
    stocks = {}
    for seed in range(300):
        stocks[str(seed)] = stock = walked(seed, 101, splits={100: 2}, decimals=2, adjusted_decimals=2)
        stock.worth *= 0.06 / stock.worth[95]
    before, after = ({name: s.file(*span) for name, s in stocks.items()} for span in ((0, 100), (90, 101)))
    table = folded(upload("1", **before), upload("2", **after))
    for fact in table.facts:
        assert fact.basis == 0.5 or (fact.basis == 1.0 and "too few decimals" in fact.notes[0])
    assert np.mean([fact.basis == 0.5 for fact in table.facts]) >= 0.95


def test_43_a_split_2_to_1_at_prices_of_3_cents_is_noted_and_nothing_moves():
    stock = walked(1, 101, splits={100: 2}, decimals=2, adjusted_decimals=2)
    stock.worth *= 0.015 / stock.worth[95]
    table = folded(upload("1", A=stock.file(0, 100)), upload("2", A=stock.file(90, 101)))
    assert facts(table).rescaled == ()
    assert facts(table).notes == ("2: prices of 1970-04-01 to 1970-04-11 have too few decimals to tell a ratio",)
    old = folded(upload("1", A=stock.file(0, 101)), upload("2", A=stock.file(0, 50)))
    assert "too few decimals" in facts(old).notes[0]
    assert of(old, "A")["close"][60] == stock.file(0, 101)["close"][60]


def test_44_revisions_of_4e_4_either_way_are_corrections():
    stock = walked(6, 100)
    first, second = stock.file(0, 99), stock.file(89, 100)
    signs = np.random.default_rng(6).choice([-1, 1], 11)
    for name in folding.PRICES:
        second[name] = np.round(second[name] * (1 + 4e-4 * signs), 6)
    table = folded(upload("1", A=first), upload("2", A=second))
    assert facts(table).rescaled == ()
    assert facts(table).corrections == 10
    assert of(table, "A")["adjclose"][:89].tolist() == first["adjclose"][:89].tolist()


@pytest.mark.parametrize(("first", "end"), [(0, 40), (20, 60), (50, 110), (30, 31 + OVERLAP)])
@pytest.mark.parametrize("only_close", [False, True])
def test_45_a_file_of_old_history_or_in_the_middle_on_another_basis(first, end, only_close):
    stock = walked(7, 120, splits={110: 3}, dividends={} if only_close else {112: 0.02})
    whole = stock.file(0, 120, only_close=only_close)
    table_first = 30
    new = {name: values[table_first:] for name, values in whole.items()}
    old = stock.file(first, end, only_close=only_close)  # made before the split
    table = folded(upload("1", only_close, A=new), upload("2", only_close, A=old))
    got = of(table, "A")
    assert got["day"].tolist() == list(range(min(first, table_first), 120))
    assert got["adjclose"][-1] == whole["adjclose"][-1]
    for name in COLUMNS:
        np.testing.assert_allclose(got[name], whole[name][got["day"]], rtol=2e-5)
    assert facts(table).basis == 1.0
    assert facts(table).rescaled == ()
    assert any("brought to the table's" in note for note in facts(table).notes)


def test_46_daily_files_without_overlap_across_a_split_and_a_dividend_then_a_full_file():
    stock = walked(8, 100, splits={60: 2}, dividends={80: 0.01})
    daily = [upload(f"{day:03d}", A=stock.file(day, day + 1)) for day in range(100)]
    table = folded(*daily)
    assert facts(table).rescaled == ()
    assert [note for note in facts(table).notes if "not rescaled" in note]
    full = stock.file(30, 100)
    mended = folded(upload("full", A=full), base=table)
    got = of(mended, "A")
    assert {name: values[30:].tolist() for name, values in got.items()} == {n: v.tolist() for n, v in full.items()}
    np.testing.assert_allclose(got["adjclose"], stock.file(0, 100)["adjclose"], rtol=2e-6)
    assert got["close"][:30].tolist() == (of(table, "A")["close"][:30] / 2).tolist()
    assert facts(mended).corrections == 0  # older days are on two other bases, but are no errors
    assert len(facts(mended).rescaled) == 1
    assert facts(mended).basis == pytest.approx(0.495, rel=1e-6)


def test_47_a_split_after_each_of_two_files_then_a_full_file():
    stock = walked(9, 120, splits={60: 2, 100: 3})
    files = [upload("1", A=stock.file(0, 60)), upload("2", A=stock.file(50, 100)), upload("3", A=stock.file(0, 120))]
    table = folded(*files)
    assert facts(table).basis == 0.5 * (1 / 3)
    assert [ratio for _, ratio, _ in facts(table).rescaled] == [0.5, 1 / 3]
    assert_rows(table, stock.file(0, 120))
    rolling = folded(*files[:2], upload("3", A=stock.file(80, 120)))
    assert facts(rolling).basis == 0.5 * (1 / 3)
    for name in COLUMNS:
        np.testing.assert_allclose(of(rolling, "A")[name], stock.file(0, 120)[name], rtol=1e-4, atol=1e-4)


def test_48_a_file_of_close_only_on_an_adjusted_table():
    stock = walked(10, 101, dividends={70: 0.01, 95: 0.01})
    first = stock.file(0, 100)
    second = stock.file(80, 101, only_close=True)  # its first ten days are all off by the dividend
    table = folded(upload("1", A=first), upload("2", True, A=second))
    assert facts(table).rescaled == ()
    assert (facts(table).price_column, facts(table).notes) == ("mixed", (MIXED,))
    assert facts(table).corrections == 0
    assert of(table, "A")["adjclose"][:80].tolist() == first["adjclose"][:80].tolist()
    again = folded(upload("3", A=stock.file(0, 101)), base=table)
    assert facts(again).price_column == "adjclose"
    assert_rows(again, stock.file(0, 101))


def test_rule_21_days_that_the_upload_lacks_inside_its_span_move_by_the_nearest_seam():
    stock = walked(11, 101, splits={100: 2})
    holes = (3, 7, 50)
    table = folded(upload("1", A=stock.file(0, 100)), upload("2", A=folding.without(stock.file(20, 101), *holes)))
    got = of(table, "A")
    for name in COLUMNS:
        np.testing.assert_allclose(got[name], stock.file(0, 101)[name], atol=1e-4)
    assert facts(table).rescaled == (Rescaled("2", 0.5, 100),)


def test_rule_22_a_step_above_half_or_of_a_split_is_noted_where_nothing_overlaps():
    steps = {"half": 0.4, "split": 0.8, "reverse": 10.0, "none": 1.03}
    before = {name: {"day": np.arange(3), "adjclose": np.array([100.0, 101.0, 100.0])} for name in steps}
    after = {name: {"day": np.arange(3, 5), "adjclose": 100 * factor + np.arange(2)} for name, factor in steps.items()}
    table = folded(upload("1", **before), upload("2", **after))
    noted = {fact.ticker: fact.notes for fact in table.facts if fact.notes}
    assert noted == {
        "half": ("2: a step by 0.4 at 1970-01-04, not rescaled",),
        "split": ("2: a step by 0.8 at 1970-01-04, not rescaled",),
        "reverse": ("2: a step by 10 at 1970-01-04, not rescaled",),
    }
    first_later = folded(upload("2", **after), upload("1", **before))
    assert first_later.rows["adjclose"].tolist() == table.rows["adjclose"].tolist()
    assert {fact.ticker: fact.notes[0][3:] for fact in first_later.facts if fact.notes} == {
        name: notes[0][3:] for name, notes in noted.items()
    }
    late = {name: own | {"day": own["day"] + 30} for name, own in after.items()}
    later = folded(upload("1", **before), upload("2", **late))
    assert [fact.ticker for fact in later.facts if fact.notes] == ["half", "reverse"]  # 20 % in a month is no split


@pytest.mark.parametrize(("n", "said"), [(2, "0.5"), (1.25, "0.8"), (1.1, None)])
def test_rule_22_two_overlapping_days_prove_nothing_and_a_split_of_theirs_is_noted(n, said):
    stock = walked(12, 31, splits={30: n})
    table = folded(upload("1", A=stock.file(0, 30)), upload("2", A=stock.file(27, 31)))
    assert facts(table).rescaled == ()
    assert facts(table).notes == ((f"2: a step by {said} at 1970-01-28, not rescaled",) if said else ())


def test_rule_22_an_adjusted_price_beside_a_close_makes_no_step():
    adjusted = {"day": np.arange(3), "adjclose": np.array([40.0, 40.4, 40.1])}
    close = {"day": np.arange(3, 6), "adjclose": np.array([100.0, 101.0, 102.0]), "close": np.array([100.0, 101, 102])}
    assert facts(folded(upload("1", A=adjusted), upload("2", True, A=close))).notes == (MIXED,)


def test_rule_23_files_that_share_no_day_of_a_ticker_give_equal_bits_in_any_order():
    spans = {"1": (0, 10), "2": (10, 11), "3": (20, 40), "4": (11, 20)}
    files = [upload(id, A=walked(1, 40).file(*span), B=walked(2, 90).file(span[0] * 2, span[1] * 2))
             for id, span in spans.items()]  # fmt: skip
    first = folded(*files).rows
    for order in itertools.permutations(files):
        rows = folded(*order).rows
        assert {name: values.tobytes() for name, values in rows.items()} == {
            name: values.tobytes() for name, values in first.items()
        }


@pytest.mark.parametrize(("last", "newest", "stale"), [(100, 110, False), (100, 111, True), (100, 100, False)])
def test_rule_24_more_than_ten_sessions_of_its_own_calendar_are_an_end(last, newest, stale):
    assert is_stale(last, newest, lambda first, end: end - first + 1) is stale


def test_rule_24_beside_crypto_the_chinese_new_year_is_no_end():
    closed = range(105, 114)

    def sessions(first, last):
        return sum(day % 7 < 5 and day not in closed for day in range(first, last + 1))

    assert not is_stale(104, 118, sessions)
    assert is_stale(104, 130, sessions)


def assert_rows(table, expected):
    got = of(table, "A")
    assert {name: got[name].tolist() for name in ("day", *COLUMNS)} == {
        name: expected[name].tolist() for name in ("day", *COLUMNS)
    }
