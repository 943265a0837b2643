"""Which windows an epoch takes, in which order, and in which steps."""

import numpy as np
import pytest
import tensorflow as tf

import fitting
from hosts import Hosts


def drawn(count, most, seed=1):
    return fitting.draw(np.random.default_rng(seed), count, most)


@pytest.mark.parametrize("most", [10, 11, 1_000_000])
def test_an_epoch_takes_all_windows_where_they_are_no_more_than_it_may_take(most):
    order = drawn(10, most)
    assert sorted(order) == list(range(10))
    assert order.tolist() == np.random.default_rng(1).permutation(10).tolist()


@pytest.mark.parametrize(("count", "most"), [(11, 10), (1000, 999), (1000, 300), (1000, 7), (1000, 1)])
def test_a_larger_file_gives_so_many_different_windows(count, most):
    order = drawn(count, most)
    assert len({*order.tolist()}) == len(order) == most
    assert order.min() >= 0
    assert order.max() < count


def test_every_ticker_and_every_time_of_it_gives_its_share():
    """Forty tickers of very different lengths, of which the first has most windows."""
    lengths = np.array([5000, *range(40, 79)])
    order = drawn(lengths.sum(), 1200)
    edges = np.concatenate([[0], lengths.cumsum()])
    expected = lengths * 1200 / lengths.sum()
    assert np.abs(np.histogram(order, edges)[0] - expected).max() <= 2
    years = np.histogram(order, np.linspace(0, 5000, 11))[0]
    assert np.ptp(years) <= 2


def test_epochs_and_seeds_draw_differently_and_the_seed_alone_decides():
    shuffle = np.random.default_rng(1)
    first, second = fitting.draw(shuffle, 10_000, 1000), fitting.draw(shuffle, 10_000, 1000)
    assert first.tolist() == drawn(10_000, 1000).tolist()
    assert len({*first.tolist()} & {*second.tolist()}) < 200
    assert len({*first.tolist()} & {*drawn(10_000, 1000, seed=2).tolist()}) < 200


def test_the_order_is_random():
    """In the order of the tickers, the last steps of an epoch would learn of the last tickers only."""
    order = drawn(100_000, 10_000)
    assert abs(np.corrcoef(order, np.arange(10_000))[0, 1]) < 0.05


def test_windows_of_a_very_large_file_do_not_overflow():
    order = drawn(300_000_000, 1_000_000)
    assert np.abs(np.histogram(order, 10, (0, 300_000_000))[0] - 100_000).max() <= 2


@pytest.mark.parametrize("hosts", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 99, 100, 101, 1600, 1601, 3333])
def test_each_window_is_in_one_step_and_each_step_has_a_number_of_its_own(count, hosts):
    """Over all hosts, however the steps are put into calls; and the mean is that of all windows."""
    rows = np.random.default_rng(1).permutation(count).astype(np.int32)
    steps, mean = {}, 0
    for own in range(hosts):

        def take(batches, targets, places, size, numbers):
            assert targets.tolist() == (batches[..., None] * [1, 2, 3]).tolist()
            assert (len(batches), len(places)) == (len(numbers), batches.shape[1])
            for batch, number in zip(batches, numbers.tolist(), strict=True):
                whole = steps.setdefault(number, np.full(size, -1))
                assert np.all(whole[places] == -1)
                whole[places] = batch
            return tf.constant(batches.sum(1), tf.float32)

        names = tuple(f"algo-{place + 1}" for place in range(hosts))
        mean += fitting.mean_loss(take, rows, lambda of: of[..., None] * [1, 2, 3], 100, Hosts(names, own), 7000)
    assert list(steps) == list(range(7000, 7000 + count, 100))
    assert np.concatenate(list(steps.values())).tolist() == rows.tolist()
    assert mean == pytest.approx(rows.mean())


def test_steps_of_one_call_follow_each_other():
    """The second step must see what the first has learnt."""
    seen = tf.Variable(0.0)

    def step(rows, target, places, count, number):
        seen.assign(seen * 10 + tf.cast(rows[0], tf.float32))
        return tf.identity(seen)

    of_each = fitting.compiled(step, Hosts())(
        np.array([[1], [2], [3]], np.int32), np.zeros((3, 1, 3), np.float32), np.zeros(1, np.int32), 1, np.arange(3)
    )
    assert of_each.numpy().tolist() == [1, 12, 123]
