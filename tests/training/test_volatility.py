import numpy as np
import pytest
import tensorflow as tf

import volatility
from tests.training import odd, reference

ORIGINS = np.array([119, *range(120, odd.ROWS, 13), 199, 200, 201, 290, 299])


def measures(series, rows):
    made = volatility.measure(*(tf.constant(series[name]) for name in odd.COLUMNS), tf.constant(rows, tf.int32))
    return [part.numpy() for part in made]


@pytest.mark.parametrize("name", odd.SERIES)
def test_measures_agree_with_plain_loops(name):
    series = odd.SERIES[name]
    features, variance, largest = measures(series, ORIGINS)
    columns = [series[column] for column in odd.COLUMNS]
    expected = [reference.measures(*reference.window(columns, row)) for row in ORIGINS]
    np.testing.assert_allclose(features, [x for x, _, _ in expected], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(variance, [v for _, v, _ in expected], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(largest, [far for _, _, far in expected], rtol=1e-12)


@pytest.mark.parametrize("row", [0, 1, 2, 60, 118])
def test_rows_before_the_first_window_are_those_behind_padding(row):
    series = odd.SERIES["ordinary"]
    padded = {name: np.concatenate([np.zeros(119, np.float32), column]) for name, column in series.items()}
    for own, behind in zip(measures(series, [row]), measures(padded, [row + 119]), strict=True):
        np.testing.assert_array_equal(own, behind)


def test_one_false_low_moves_the_level_by_little():
    """Uncapped, its range alone would lift the level to twenty times as much, for 119 days."""
    level = volatility.RANGE_DAYS.index(119) + 1
    rows = np.arange(200, 300)
    spoilt, right = (measures(odd.SERIES[name], rows)[0][:, level] for name in ("false low", "ordinary"))
    assert 0 < (spoilt - right).max() < 1
