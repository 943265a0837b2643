import numpy as np
import pytest

from stocks import intervals
from tests.support import shards
from tests.support.prices import walk

QUANTILES = np.array([80.0, 90.0, 100.0, 120.0, 140.0])


def counts(*cells):
    """A histogram file from (day, horizon, interval, bin, count) cells."""
    values = np.array(cells, np.int64).reshape(-1, 5)
    names = ("day", "horizon", "interval", "bin", "count")
    return dict(zip(names, values.T, strict=True))


def forecasts(shard, first, width=0.05):
    """A forecast at each row from `first` on, .. of every ticker: its price and intervals of one width."""
    origin = [np.arange(first, rows) for rows in np.diff(shard.offsets)]
    row = np.concatenate([start + o for start, o in zip(shard.offsets[:-1], origin, strict=True)])
    band = np.array([1.0, 1 - 2 * width, 1 - width, 1, 1 + width, 1 + 2 * width])
    return {
        "tickers": shard.tickers,
        "offsets": np.concatenate([[0], np.cumsum([len(o) for o in origin])]),
        "origin": np.concatenate(origin),
        "prices": np.repeat((shard.adjclose[row, None] * band)[:, None, :], 3, axis=1),
    }


@pytest.mark.parametrize(
    ("actual", "score80", "score95"),
    [(100.0, 0.0, 0.0), (110.0, 0.5, 0.25), (130.0, 1.5, 0.75), (95.0, 0.5, 0.25), (70.0, 3.0, 1.5)],
)
def test_a_score_is_the_distance_from_the_median_over_the_half_width_of_that_side(actual, score80, score95):
    assert intervals.scores(np.array(actual), QUANTILES) == pytest.approx([score80, score95])


def test_float32_rounding_is_no_distance_and_a_miss_without_width_is_infinite():
    flat = np.full((2, 5), np.float64(np.float32(12.34)))
    assert intervals.scores(np.array([12.34, 12.35]), flat).tolist() == [[0.0, 0.0], [np.inf, np.inf]]


def test_the_histogram_counts_every_forecast_whose_target_has_come():
    shard = shards.shard({"A": [100.0] * 30 + [102.5] * 31 + [200.0]})
    found = intervals.histogram(shard, forecasts(shard, 56))
    days = shard.days
    cells = list(zip(*(found[name].tolist() for name in ("day", "horizon", "interval", "bin", "count")), strict=True))
    # h=1: origins 56..60 reach rows 57..61; h=5: only origin 56 reaches row 61; h=20: none
    assert cells == [
        *[(days[row], 0, interval, 0, 1) for row in range(57, 61) for interval in (0, 1)],
        (days[61], 0, 0, 1000, 1),
        (days[61], 0, 1, 951, 1),
        (days[61], 1, 0, 1000, 1),
        (days[61], 1, 1, 951, 1),
    ]
    assert {name: str(value.dtype) for name, value in found.items()} == {
        "day": "int32",
        "horizon": "int8",
        "interval": "int8",
        "bin": "int16",
        "count": "int64",
    }


def test_an_interval_without_width_has_no_score():
    """No stretch widens it: its zeros would narrow, and its misses widen, the intervals of every other ticker."""
    prices = walk(1, 120)
    halted = np.where(np.arange(120) < 100, 12.34, prices)
    alone, shard = shards.shard({"A": prices}), shards.shard({"A": prices, "B": halted, "C": np.full(120, 5.0)})
    given = forecasts(shard, 60)
    given["prices"][len(given["prices"]) // 3 :] = given["prices"][len(given["prices"]) // 3 :, :, :1]  # B and C
    expected, found = intervals.histogram(alone, forecasts(alone, 60)), intervals.histogram(shard, given)
    for name in expected:
        assert np.array_equal(found[name], expected[name])


def test_pooled_shards_are_the_histogram_of_all_tickers(monkeypatch):
    series = {name: walk(seed, 120) for seed, name in enumerate("ABCD")}
    whole = shards.shard(series)
    expected = intervals.histogram(whole, forecasts(whole, 60))
    of_one = [shards.shard({name: series[name]}) for name in "DBAC"]
    parts = [intervals.histogram(shard, forecasts(shard, 60)) for shard in of_one]
    for most_held in (4_000_000, 1):
        monkeypatch.setattr(intervals, "_MERGE_AT", most_held)
        pooled = intervals.pool(parts)
        for name in expected:
            assert np.array_equal(pooled[name], expected[name])


def test_the_quantile_is_linear_within_its_bin_and_the_lower_edge_of_the_open_one():
    windows = np.zeros((3, intervals.BINS), np.int64)
    windows[0, [50, 100]] = 60, 40  # the .8 quantile is halfway through bin 100
    windows[1, [0, 1000]] = 1, 9
    windows[2, [10, 20]] = 80, 20  # exactly the upper edge of bin 10
    assert intervals._quantiles(windows, 0.8) == pytest.approx([1.005, 10.0, 0.11])


def test_stretches_agree_with_numpys_quantile_over_the_scores_of_the_last_250_days():
    rng = np.random.default_rng(5)
    days, scores = np.arange(700), rng.gamma(2.0, 0.5, (700, 40))
    day = np.repeat(days, 40)
    bins = (scores.ravel() / 0.01).astype(int)
    cells = np.column_stack([day, np.zeros_like(day), np.ones_like(day), bins, np.ones_like(day)])
    found = intervals.stretches(intervals.pool([counts(*cells.tolist())]))
    assert found["day"].tolist() == days.tolist()
    for last in (59, 60, 249, 250, 511, 512, 513, 699):
        expected = np.quantile(scores[max(last - 249, 0) : last + 1], 0.95)
        assert found["stretch"][last, 0, 1] == pytest.approx(expected, abs=0.02)
    assert (found["stretch"][:59] == 1).all()
    assert (found["stretch"][:, 1:] == 1).all()


def test_days_are_trading_days_and_fewer_than_60_give_no_stretch():
    days = shards.weekdays(320).tolist()
    cells = [(day, 2, 0, 200 if at < 10 else 50, 1) for at, day in enumerate(days)]
    stretch = intervals.stretches(intervals.pool([counts(*cells)]))["stretch"][:, 2, 0]
    assert stretch[58] == 1
    assert stretch[59] == pytest.approx(0.50 + 0.01 * 48 / 50)
    # the ten high scores leave the window one by one from the 251st day on: 250 days, rank 200 of 250 - 10 in bin 50
    assert stretch[249] == pytest.approx(0.50 + 0.01 * 200 / 240)
    assert stretch[259] == pytest.approx(0.508)


def test_a_day_with_scores_of_another_horizon_only_is_not_a_day_of_this_one():
    cells = [(day, 0, 0, 100, 1) for day in range(100)] + [(day, 1, 0, 100, 1) for day in range(41, 100)]
    stretch = intervals.stretches(intervals.pool([counts(*cells)]))["stretch"]
    assert stretch[99, 0, 0] == pytest.approx(1.008)
    assert stretch[99, 1, 0] == 1


def test_a_score_of_a_later_day_moves_no_earlier_stretch():
    rng = np.random.default_rng(6)
    cells = [(day, h, i, int(rng.integers(50, 200)), 3) for day in range(400) for h in range(3) for i in range(2)]
    changed = [(*cell[:3], 1000, 7) if cell[0] > 300 else cell for cell in cells]
    before, after = (intervals.stretches(intervals.pool([counts(*c)]))["stretch"] for c in (cells, changed))
    assert np.array_equal(before[:301], after[:301])
    assert (before[301:] != after[301:]).any(axis=(1, 2)).all()


def test_a_later_price_moves_no_earlier_stretch():
    shard = shards.shard({"A": walk(1, 400), "B": walk(2, 380)})
    changed = shards.changed_after(shard, shard.days[350])
    before, after = (
        intervals.stretches(intervals.pool([intervals.histogram(s, forecasts(s, 60))])) for s in (shard, changed)
    )
    issued = before["day"] <= shard.days[350]
    assert np.array_equal(before["stretch"][issued], after["stretch"][issued])
    assert not np.array_equal(before["stretch"][~issued], after["stretch"][~issued])


def test_an_origin_takes_the_latest_calibrated_day_up_to_it():
    calibration = {"day": np.array([10, 20]), "stretch": np.stack([np.full((3, 2), 1.5), np.full((3, 2), 2.5)])}
    found = intervals.stretch_on(calibration, np.array([9, 10, 19, 20, 99]))
    assert found[:, 0, 0].tolist() == [1.0, 1.5, 1.5, 2.5, 2.5]


def test_intervals_are_widened_about_the_median_and_kept_in_order_and_above_0():
    def widened(*stretch):
        return intervals.widen(QUANTILES, np.array(stretch)).tolist()

    assert widened(1.0, 1.0) == QUANTILES.tolist()
    assert widened(1.5, 2.0) == [60.0, 85.0, 100.0, 130.0, 180.0]
    assert widened(3.0, 1.0) == [70.0, 80.0, 100.0, 140.0, 160.0]
    assert widened(1.0, 9.0) == [0.0, 90.0, 100.0, 120.0, 460.0]


def test_scores_widened_by_their_own_quantile_cover_as_promised():
    rng = np.random.default_rng(8)
    actual = 100 * np.exp(rng.normal(0, 0.03, 20_000))
    base = np.tile(100 * np.exp(0.02 * np.array([-1.96, -1.28, 0, 1.28, 1.96])), (20_000, 1))
    stretch = [np.quantile(intervals.scores(actual, base)[:, i], level) for i, level in enumerate((0.8, 0.95))]
    wide = intervals.widen(base, np.array(stretch))
    assert np.mean((wide[:, 1] <= actual) & (actual <= wide[:, 3])) == pytest.approx(0.8, abs=0.001)
    assert np.mean((wide[:, 0] <= actual) & (actual <= wide[:, 4])) == pytest.approx(0.95, abs=0.001)


def test_nothing_to_score_gives_no_stretch():
    empty = intervals.pool([counts()])
    calibration = intervals.stretches(empty)
    assert calibration["stretch"].shape == (0, 3, 2)
    assert intervals.stretch_on(calibration, np.array([5])).tolist() == [[[1.0, 1.0]] * 3]
