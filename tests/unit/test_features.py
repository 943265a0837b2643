import numpy as np

from stocks.features import FIRST_ORIGIN, forest_inputs
from tests.unit import made


def test_inputs_are_five_lags_and_two_averages_that_end_at_the_origin():
    inputs = forest_inputs(np.arange(1.0, 23.0))
    assert inputs.tolist() == [
        [20, 19, 18, 17, 16, 18.0, 10.5],
        [21, 20, 19, 18, 17, 19.0, 11.5],
        [22, 21, 20, 19, 18, 20.0, 12.5],
    ]


def test_a_later_price_moves_no_earlier_input():
    prices = made.walk(1, 80)
    for last in (FIRST_ORIGIN, 50, 78):
        changed = np.where(np.arange(80) > last, prices * 1e6, prices)
        kept = slice(0, last - FIRST_ORIGIN + 1)
        assert np.array_equal(forest_inputs(prices)[kept], forest_inputs(changed)[kept])
        assert not np.array_equal(forest_inputs(prices)[kept.stop], forest_inputs(changed)[kept.stop])
