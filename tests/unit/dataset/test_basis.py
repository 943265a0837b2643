"""The rule of ratios: the evidence of overlapping days, and how often chance makes it err (seeded simulations)."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stocks.dataset import basis
from stocks.dataset.seams import Seams

TRIALS = 2000
SPLITS = {"2:1": 1 / 2, "3:2": 2 / 3, "5:4": 4 / 5, "3:1": 1 / 3, "10:1": 1 / 10, "1:2": 2.0, "1:10": 10.0, "none": 1.0}


def paths(price: float, days: int, volatility: float = 0.02, seed: int = 1) -> np.ndarray:
    """float64[TRIALS, days]: prices that walk and are price on the middle day."""
    steps = np.random.default_rng(seed).normal(0, volatility, (TRIALS, days)).cumsum(axis=1)
    return price * np.exp(steps - steps[:, [days // 2]])


def proof(table: np.ndarray, upload: np.ndarray) -> basis.Proof:
    """What every trial's days prove, as if its table moved."""
    valid = np.ones_like(table, bool)
    units = (basis.units(prices, valid) for prices in (table, upload))
    return Seams(table, upload, valid, *units).moving_table(np.ones(len(table)))


def of_days(table: list[float], upload: list[float]) -> float:
    return float(proof(np.array([table]), np.array([upload])).ratio[0])


def split_at(price: float, ratio: float, days: int = 9, decimals: int = 2) -> basis.Proof:
    """A split of prices that both files round, and that are at least one unit."""
    table, unit = paths(price, days), 10.0**-decimals
    upload = np.maximum(np.round(table * ratio, decimals), unit)
    return proof(np.maximum(np.round(table, decimals), unit), upload)


@settings(derandomize=True, database=None, deadline=None, max_examples=200)
@given(st.integers(1, 10**12), st.integers(0, 15))
def test_the_unit_of_a_price_is_that_of_its_shortest_decimal_form(digits, places):
    value = float(Decimal(digits) / 10**places)
    shortest = -min(Decimal(repr(value)).normalize().as_tuple().exponent, 0)
    assert basis.units(np.array([[value]]), np.array([[True]]))[0, 0] == 1 / 10**shortest


def test_of_several_prices_the_one_with_most_decimals_tells_the_unit_and_invalid_ones_nothing():
    values = np.array([[1.2, 3.0, 1.25, 0.123456], [5.0, 7.0, 9.0, 0.1]])
    assert basis.units(values, np.array([[True, True, True, False]] * 2)).tolist() == [[0.01], [1.0]]


def test_three_days_that_agree_prove_a_ratio_and_two_do_not():
    assert of_days([100.01, 101.02, 102.03], [50.005, 50.51, 51.015]) == 0.5
    assert of_days([100.01, 101.02], [50.005, 50.51]) == 1.0


def test_four_fifths_of_the_days_must_agree():
    table = 100.01 + np.arange(10)
    upload = np.round(table * 0.97, 4)
    upload[[2, 5]] *= 1.01
    assert of_days(table, upload) == pytest.approx(0.97, rel=1e-6)
    upload[8] *= 1.02
    assert of_days(table, upload) == 1.0


def test_a_ratio_is_above_twice_what_a_day_may_be_off():
    table = 100.0001 + np.arange(9)
    assert of_days(table, table * (1 + 1.9e-4)) == 1.0
    assert of_days(table, table * (1 + 2.1e-4)) == pytest.approx(1 + 2.1e-4, rel=1e-12)


def test_below_1e_3_eight_days_must_agree_and_all_of_them():
    table = 100.0001 + np.arange(9)
    assert of_days(table[:7], table[:7] * (1 + 9e-4)) == 1.0
    assert of_days(table[:7], table[:7] * (1 + 11e-4)) == pytest.approx(1 + 11e-4)
    assert of_days(table[:8], table[:8] * (1 + 9e-4)) == pytest.approx(1 + 9e-4)
    one_off = table * (1 + 9e-4)
    one_off[4] = table[4]
    assert of_days(table, one_off) == 1.0


@pytest.mark.parametrize(("quoted", "ratio"), [(0.50003, 0.5), (0.3333, 1 / 3), (1.50004, 1.5), (49.999, 50.0)])
def test_a_ratio_that_may_be_a_split_is_that_split_exactly(quoted, ratio):
    table = 100.0001 + np.arange(9)
    assert of_days(table, table * quoted) == ratio


def test_a_ratio_beside_a_split_is_itself():
    table = 100.0001 + np.arange(9)
    assert of_days(table, table * 0.495) == pytest.approx(0.495, rel=1e-12)


@pytest.mark.parametrize("days", [4, 9])
@pytest.mark.parametrize("price", [100, 20, 5, 1.2, 0.5])
@pytest.mark.parametrize("split", SPLITS)
def test_a_split_of_prices_with_two_decimals_is_found_or_none_and_never_another_ratio(split, price, days):
    found = split_at(price, SPLITS[split], days)
    assert set(np.unique(found.ratio)) <= {1.0, SPLITS[split]}
    if price * SPLITS[split] >= 0.2:
        least = {4: 0.9, 9: 0.95}[days]  # four prices may all end in a zero, and seem to be coarser than they are
        assert (found.ratio == SPLITS[split]).mean() >= least
    assert found.coarse[found.ratio != SPLITS[split]].all()


@pytest.mark.parametrize("price", [1.20, 0.12])
def test_a_split_2_to_1_at_prices_of_few_cents_is_found_in_95_percent(price):
    assert (split_at(price, 0.5).ratio == 0.5).mean() >= 0.95


@pytest.mark.parametrize("price", [0.12, 0.05, 0.03, 0.02, 0.01])
@pytest.mark.parametrize("split", [*SPLITS, "4:3", "6:5", "5:3", "3:4"])
def test_a_split_of_a_few_cents_is_never_taken_for_another(split, price):
    ratio = (SPLITS | {"4:3": 3 / 4, "6:5": 5 / 6, "5:3": 3 / 5, "3:4": 4 / 3})[split]
    found = split_at(price, ratio)
    wrong = (found.ratio != 1) & (np.abs(found.ratio / ratio - 1) > 1e-9)
    assert wrong.mean() <= 0.001


@pytest.mark.parametrize("days", [3, 4, 9, 10])
@pytest.mark.parametrize("decimals", [2, 6])
def test_one_provisional_day_never_rescales(days, decimals):
    table = np.round(paths(100, days), decimals)
    upload = table.copy()
    upload[:, -1] = np.round(upload[:, -1] * (1 + np.random.default_rng(2).normal(0, 0.01, TRIALS)), decimals)
    assert (proof(table, upload).ratio == 1).all()


@pytest.mark.parametrize("days", [9, 10])
@pytest.mark.parametrize("price", [500, 100, 5, 1.2])
def test_a_split_beside_one_corrected_day_is_repaired_in_95_percent(price, days):
    table = paths(price, days)
    upload = table / 2
    upload[:, 3] *= 1 + np.random.default_rng(3).normal(0, 0.02, TRIALS)
    assert (proof(np.round(table, 2), np.round(upload, 2)).ratio == 0.5).mean() >= 0.95


@pytest.mark.parametrize("kind", ["coin", "normal", "uniform"])
@pytest.mark.parametrize("days", [4, 7, 9, 10])
@pytest.mark.parametrize(("price", "decimals"), [(500, 2), (100, 2), (20, 2), (100, 6)])
def test_revisions_of_4e_4_move_history_in_at_most_1_percent(kind, days, price, decimals):
    draw = np.random.default_rng(4)
    sizes = {
        "coin": draw.choice([-4e-4, 4e-4], (TRIALS, days)),
        "normal": draw.normal(0, 4e-4, (TRIALS, days)),
        "uniform": draw.uniform(-4e-4, 4e-4, (TRIALS, days)),
    }
    table = paths(price, days)
    found = proof(np.round(table, decimals), np.round(table * (1 + sizes[kind]), decimals))
    assert (found.ratio != 1).mean() <= 0.01


@pytest.mark.parametrize("days", [4, 9])
@pytest.mark.parametrize(("price", "decimals"), [(500, 2), (100, 2), (20, 2), (5, 4), (100, 6)])
def test_a_dividend_of_06_percent_is_found_to_a_thousandth(price, decimals, days):
    table = paths(price, days)
    found = proof(np.round(table, decimals), np.round(table * 0.994, decimals))
    assert (np.abs(found.ratio / 0.994 - 1) < 1e-3).all()


def test_prices_too_coarse_for_a_dividend_are_noted_and_equal_ones_are_not():
    found = proof(np.round(paths(0.5, 9), 2), np.round(paths(0.5, 9) * 0.9, 2))
    assert (found.ratio == 1).all()
    assert found.coarse.all()
    same = proof(np.round(paths(0.02, 9), 2) + 0.01, np.round(paths(0.02, 9), 2) + 0.01)
    assert not same.coarse.any()
    assert same.settled.all()


def test_four_days_of_rounded_prices_show_a_dividend_though_their_median_may_be_off_by_more_than_a_day_may():
    table = paths(8, 4)
    found = proof(np.round(table, 2), np.round(table * 0.994, 2))
    assert (np.abs(found.ratio / 0.994 - 1) < 2e-3).mean() >= 0.995


def test_where_most_coarse_days_allow_no_move_there_is_none():
    table = [0.06] * 6 + [0.50] * 4
    upload = [0.05] * 6 + [0.40] * 2 + [0.50] * 2
    found = proof(np.array([table]), np.array([upload]))
    assert (found.ratio.tolist(), found.settled.tolist()) == ([1.0], [True])
    without_doubt = proof(np.array([table]), np.array([upload[:6] + [0.40] * 4]))
    assert without_doubt.ratio.tolist() == [0.8]
