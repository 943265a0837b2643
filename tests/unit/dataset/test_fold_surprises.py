"""Uploads that nobody plans for: what people have in their folders, and what exchanges do to their lists."""

import numpy as np
import pytest

from stocks.dataset.fold import MIXED
from tests.support.folding import (
    Stock,
    assert_near,
    bits,
    changed,
    daily,
    facts,
    folded,
    of,
    published,
    upload,
    walked,
)


def test_a_reverse_split_1_to_10_of_a_penny_stock():
    stock = Stock(walked(1, 150).worth / 20, splits={100: 0.1})
    table = folded(*daily(stock, 90, 110))
    assert facts(table).basis == 10.0
    assert_near(of(table, "A"), stock.file(0, 110), rtol=2e-3)
    assert of(table, "A")["volume"][0] == stock.file(0, 110)["volume"][0]


def test_two_splits_in_one_week_come_in_daily_files():
    stock = walked(2, 120, splits={101: 2, 103: 0.2})
    table = folded(*daily(stock, 95, 115))
    assert [entry.ratio for entry in facts(table).rescaled] == [0.5, 5.0]
    assert_near(of(table, "A"), stock.file(0, 115))


def test_a_split_and_a_dividend_on_one_day_move_adjclose_by_both():
    stock = walked(3, 120, splits={100: 4}, dividends={100: 0.02})
    table = folded(*daily(stock, 98, 110))
    assert facts(table).basis == pytest.approx(0.245, rel=1e-5)
    assert_near(of(table, "A"), stock.file(0, 110))


@pytest.mark.parametrize("decimals", [2, 6])
def test_an_etf_that_pays_monthly_over_two_years_of_daily_files(decimals):
    stock = walked(4, 504, dividends=dict.fromkeys(range(30, 500, 21), 0.004), adjusted_decimals=decimals)
    table = folded(*daily(stock, 100, 504))
    assert_near(of(table, "A"), stock.file(0, 504), rtol=2e-3 if decimals == 2 else 2e-5)
    assert len(facts(table).rescaled) == len([day for day in stock.dividends if day >= 100])
    assert facts(table).corrections == 0


def test_an_etf_that_pays_weekly_in_monthly_files():
    stock = walked(5, 420, dividends=dict.fromkeys(range(5, 420, 5), 0.003))
    files = [upload(f"{end:03d}", A=stock.file(max(end - 26, 0), end)) for end in range(21, 421, 21)]
    assert_near(of(folded(*files), "A"), stock.file(0, 420), rtol=2e-5)


def test_weekly_files_of_the_whole_history_record_what_moved_and_correct_nothing():
    stock = walked(6, 300, splits={180: 2}, dividends={150: 0.01, 250: 0.01})
    table = folded(*(upload(f"{end}", A=stock.file(0, end)) for end in range(100, 301, 5)))
    assert bits(folded(upload("x", A=stock.file(0, 300))))["adjclose"] == bits(table)["adjclose"]
    assert facts(table).basis == pytest.approx(0.5 * 0.99**2, rel=1e-6)
    assert facts(table).corrections == 0
    assert [days for _, _, days in facts(table).rescaled] == [150, 180, 250]


def test_a_ticker_that_vanishes_and_comes_back_on_another_basis():
    stock = walked(7, 300, splits={200: 0.1})
    gone = folded(upload("1", A=stock.file(0, 100), B=walked(8, 300).file(0, 100)))
    others = folded(*(upload(str(at), B=walked(8, 300).file(at, at + 20)) for at in range(95, 280, 10)), base=gone)
    assert of(others, "A")["adjclose"].tolist() == of(gone, "A")["adjclose"].tolist()
    back = folded(upload("back", A=stock.file(250, 300)), base=others)
    assert facts(back).basis == 1.0
    assert [note.split(":")[0] for note in facts(back).notes] == ["back"]
    healed = folded(upload("full", A=stock.file(90, 300)), base=back)
    assert facts(healed).basis == 10.0
    assert_near(of(healed, "A"), stock.file(0, 300))


def test_crypto_beside_stocks_keeps_its_weekends():
    days = np.arange(70)
    week = days[days % 7 < 5]
    coin, share = walked(9, 70).file(0, 70), {n: v[week] for n, v in walked(10, 70).file(0, 70).items()}
    files = []
    for end in range(40, 71):
        cut = {"BTC": coin, "KO": share}
        own = {name: {n: v[(r["day"] < end) & (r["day"] >= end - 40)] for n, v in r.items()} for name, r in cut.items()}
        files.append(upload(str(end), **own))
    table = folded(*files)
    days_of_table, counts = table.day_counts()
    assert days_of_table.tolist() == days.tolist()
    assert counts.tolist() == [2 if day % 7 < 5 else 1 for day in days]
    assert all(fact.corrections == 0 and not fact.rescaled for fact in table.facts)


@pytest.mark.parametrize("decimals", [8, 9, 12])
def test_a_price_that_falls_through_1e_6(decimals):
    falling = Stock(1e-4 * 0.93 ** np.arange(100) * walked(11, 100, 1.0).worth, decimals=decimals)
    falling.adjusted_decimals = decimals
    table = folded(*daily(falling, 60, 100))
    assert bits(folded(upload("x", A=falling.file(0, 100))))["adjclose"] == bits(table)["adjclose"]
    assert facts(table).corrections == 0
    assert not any("decimals" in note for note in facts(table).notes)


def test_a_file_without_close_moves_volume_by_the_split_of_adjclose():
    stock = walked(20, 60, splits={50: 2})
    own = ("day", "adjclose", "volume")
    files = [{name: stock.file(*span)[name] for name in own} for span in ((0, 50), (40, 58))]
    table = folded(upload("1", A=files[0]), upload("2", A=files[1]))
    assert_near(of(table, "A"), stock.file(0, 58), columns=("adjclose", "volume"))
    assert not of(table, "A")["close"].any()


def test_a_close_that_is_never_adjusted_stays_while_adjclose_moves():
    stock = walked(21, 60, splits={50: 2})
    first, second = stock.file(0, 50), stock.file(40, 60)
    second["close"][:10] *= 2  # as a vendor of raw closes states it
    table = folded(upload("1", A=first), upload("2", A=second))
    assert of(table, "A")["close"][:40].tolist() == first["close"][:40].tolist()
    assert of(table, "A")["volume"][:40].tolist() == first["volume"][:40].tolist()
    assert facts(table).basis == 0.5


def test_a_dataset_of_close_only_follows_splits_and_stays_of_close():
    stock = walked(22, 120, splits={100: 2})
    files = daily(stock, 90, 110, only_close=True)
    table = folded(*(upload(file.id, True, A=of(folded(file), "A")) for file in files))
    assert (facts(table).price_column, facts(table).basis, facts(table).notes) == ("close", 0.5, ())
    got = of(table, "A")
    assert got["adjclose"].tobytes() == got["close"].tobytes()


def test_one_file_of_close_only_stops_dividends_only_while_it_is_at_the_seam():
    stock = walked(23, 200, dividends={150: 0.02})
    files = daily(stock, 100, 160)
    files.insert(11, upload("wrong", True, A=stock.file(104, 110, only_close=True)))
    table = published(folded(*files[:30]))
    table = folded(*files[30:], base=table)
    assert facts(table).notes == (MIXED,)
    assert facts(table).price_column == "mixed" if facts(table).filled else "adjclose"
    assert_near(of(table, "A"), stock.file(0, 160), columns=("adjclose",))


def test_prices_that_turn_from_pence_to_pounds():
    stock = walked(24, 120, splits={100: 100.0})
    table = folded(*daily(stock, 95, 110, overlap=10))
    assert facts(table).basis == pytest.approx(0.01, rel=1e-6)
    assert_near(of(table, "A"), stock.file(0, 110), rtol=1e-3, columns=("adjclose", "close"))


def test_whole_yen_follow_a_split_and_a_dividend():
    stock = Stock(walked(25, 120).worth * 35, splits={100: 3}, dividends={110: 0.015}, decimals=0, adjusted_decimals=0)
    table = folded(*daily(stock, 95, 118, overlap=10))
    assert_near(of(table, "A"), stock.file(0, 118), rtol=1e-3, columns=("adjclose", "close", "volume"))


def test_a_ratio_that_would_move_a_price_out_of_bounds_moves_nothing_and_is_noted():
    low = {"day": np.arange(20), "adjclose": np.concatenate([np.full(5, 2e-15), 1.0001 + np.arange(15) / 100])}
    high = {"day": np.arange(5, 20), "adjclose": low["adjclose"][5:] / 10}
    table = folded(upload("1", A=low), upload("2", A=high))
    assert of(table, "A")["adjclose"][:5].tolist() == [2e-15] * 5
    assert facts(table).rescaled == ()
    assert facts(table).notes == ("2: its ratio would move a price out of bounds",)


def test_days_before_1970_fold_like_others():
    stock = walked(26, 80, splits={70: 2})
    spans = [stock.file(0, 60), stock.file(50, 80)]
    table = folded(*(upload(str(at), A=rows | {"day": rows["day"] - 25_000}) for at, rows in enumerate(spans)))
    whole = stock.file(0, 80)
    assert_near(of(table, "A"), whole | {"day": whole["day"] - 25_000})
    assert facts(table).first_day == -25_000


def test_two_tickers_whose_names_differ_in_case_or_width_are_two():
    stock = walked(28, 10).file(0, 10)
    table = folded(upload("1", a=stock, A=stock), upload("2", **{"Ａ": stock, "aa": stock}))
    assert table.rows["tickers"].tolist() == ["A", "a", "aa", "Ａ"]


def test_many_tickers_of_which_one_splits_leave_the_others_bits():
    stocks = {f"T{seed:03d}": walked(seed, 60) for seed in range(50)}
    stocks["T025"].splits[55] = 2
    first = {name: stock.file(0, 50) for name, stock in stocks.items()}
    table = folded(upload("1", **first), upload("2", **{n: s.file(40, 60) for n, s in stocks.items()}))
    for name, stock in stocks.items():
        expected = np.concatenate(
            [first[name]["close"][:40] / (2 if name == "T025" else 1), stock.file(40, 60)["close"]]
        )
        assert of(table, name)["close"].tobytes() == expected.tobytes()
    assert [fact.ticker for fact in table.facts if fact.rescaled] == ["T025"]


def test_a_second_split_of_a_low_price_is_found_on_rows_that_the_first_has_halved():
    stocks = {}
    for seed in range(200):
        stocks[str(seed)] = stock = walked(seed, 70, splits={60: 2, 64: 2}, decimals=2, adjusted_decimals=2)
        stock.worth *= 0.3 / stock.worth[25]  # 1.20, then .60 with a half of a cent, then .30
    spans = [(0, 60), (50, 62), (20, 66)]
    files = [upload(str(at), **{n: s.file(*span) for n, s in stocks.items()}) for at, span in enumerate(spans)]
    table = folded(*files)
    assert {fact.basis for fact in table.facts} <= {0.5, 0.25}
    assert np.mean([fact.basis == 0.25 for fact in table.facts]) >= 0.95


def test_a_close_adjusted_for_a_dividend_of_3_percent_leaves_the_volume():
    stock = walked(33, 60)
    first, second = stock.file(0, 50), changed(stock.file(40, 60), 0.97, *range(10))
    second["adjclose"] = second["close"].copy()
    table = folded(upload("1", True, A=first), upload("2", True, A=second))
    assert facts(table).basis == pytest.approx(0.97, rel=1e-6)
    assert of(table, "A")["close"][0] == pytest.approx(first["close"][0] * 0.97, rel=1e-6)
    assert of(table, "A")["volume"].tolist() == [1e6] * 60


def test_a_split_of_close_whose_adjclose_proves_nothing_is_noted():
    stock = walked(34, 60, splits={50: 2})
    second = stock.file(40, 60)
    second["adjclose"] = np.round(second["adjclose"] * np.random.default_rng(34).uniform(0.9, 1.1, 20), 6)
    table = folded(upload("1", A=stock.file(0, 50)), upload("2", A=second))
    assert facts(table).notes == ("2: close moved by 0.5, adjclose did not",)
    assert facts(table).rescaled == ()
    assert of(table, "A")["volume"][0] == 1e6


def test_a_second_dividend_is_found_on_rows_whose_digits_the_first_has_made():
    stocks = {}
    for seed in range(200):
        stocks[str(seed)] = stock = walked(seed, 70, dividends={60: 0.02, 64: 0.02}, decimals=2, adjusted_decimals=2)
        stock.worth *= 3 / stock.worth[25]
    spans = [(0, 60), (50, 62), (20, 66)]
    files = [upload(str(at), **{n: s.file(*span) for n, s in stocks.items()}) for at, span in enumerate(spans)]
    table = folded(*files)
    assert np.mean([abs(fact.basis / 0.98**2 - 1) < 5e-3 for fact in table.facts]) >= 0.95
