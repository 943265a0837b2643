import itertools
from collections import Counter

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


def cells_of(found):
    return list(zip(*(found[name].tolist() for name in ("day", "horizon", "interval", "bin", "count")), strict=True))


def forecasts(shard, first, width=0.05):
    """A forecast at each row from `first` on, .. of every ticker: its price and intervals of one width."""
    origin = [np.arange(first, rows) for rows in np.diff(shard.offsets)]
    row = np.concatenate([start + o for start, o in zip(shard.offsets[:-1], origin, strict=True)])
    band = np.array([1.5, 0.5, 1 - 2 * width, 1 - width, 1, 1 + width, 1 + 2 * width, 0])  # points far outside
    return {
        "tickers": shard.tickers,
        "offsets": np.concatenate([[0], np.cumsum([len(o) for o in origin])]),
        "origin": np.concatenate(origin),
        "outputs": np.repeat((shard.adjclose[row, None] * band)[:, None, :], 3, axis=1),
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
    # h=1: origins 56..60 reach rows 57..61; h=5: only origin 56 reaches row 61; h=20: none
    assert cells_of(found) == [
        *[(days[row], 0, interval, 0, 1) for row in range(57, 61) for interval in (0, 1)],
        (days[61], 0, 0, 301, 1),
        (days[61], 0, 1, 301, 1),
        (days[61], 1, 0, 301, 1),
        (days[61], 1, 1, 301, 1),
    ]
    assert {name: str(value.dtype) for name, value in found.items()} == {
        "day": "int32",
        "horizon": "int8",
        "interval": "int8",
        "bin": "int16",
        "count": "int32",
    }


def test_an_interval_without_width_has_no_score():
    """No stretch widens it: its zeros would narrow, and its misses widen, the intervals of every other ticker."""
    prices = walk(1, 120)
    halted = np.where(np.arange(120) < 100, 12.34, prices)
    alone, shard = shards.shard({"A": prices}), shards.shard({"A": prices, "B": halted, "C": np.full(120, 5.0)})
    given = forecasts(shard, 60)
    without_width = given["outputs"][len(given["outputs"]) // 3 :]  # B and C
    without_width[:, :, intervals.RANGE] = without_width[:, :, 4:5]
    expected, found = intervals.histogram(alone, forecasts(alone, 60)), intervals.histogram(shard, given)
    for name in expected:
        assert np.array_equal(found[name], expected[name])


def test_pooled_shards_are_the_histogram_of_all_tickers():
    series = {name: walk(seed, 120) for seed, name in enumerate("ABCD")}
    # D's days lie apart from the others', so the sum grows at both ends and in the middle
    days = {"D": shards.weekdays(120), "B": shards.weekdays(240)[::2], "A": shards.weekdays(120) - 60}
    of_one = {name: shards.shard({name: series[name]}, days=days) for name in "DBAC"}
    whole = shards.shard(series, days=days)
    pooled = intervals.pool([intervals.histogram(shard, forecasts(shard, 60)) for shard in of_one.values()])
    expected = cells_of(intervals.histogram(whole, forecasts(whole, 60)))
    day, *cell = np.nonzero(pooled["count"])
    columns = pooled["day"][day], *cell, pooled["count"][day, *cell]
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == expected
    assert pooled["day"].tolist() == sorted({day for day, *_ in expected})


def plainly(histograms):
    """The stretches by day, horizon and interval, a cell at a time."""
    held = Counter()
    for cells in histograms:
        for *cell, count in cells:
            held[tuple(cell)] += count
    days = sorted({day for day, *_ in held})
    stretch = np.ones((len(days), 3, 2))
    for i, j in itertools.product(range(3), range(2)):
        now = 1.0
        for at, day in enumerate(days):
            own = {cell[3]: count for cell, count in held.items() if cell[:3] == (day, i, j)}
            if own:
                cut = int(now / 0.01)
                beyond = sum(count for bin_, count in own.items() if bin_ > cut)
                missed = (beyond + (1 - (now / 0.01 - cut)) * own.get(cut, 0)) / sum(own.values())
                share, step = 1 - intervals.LEVELS[j], 0.05 / (1, 5, 20)[i]
                now = min(max(now * np.exp(step * (missed - share)), 0.3), 3.0)
            stretch[at, i, j] = now
    return days, stretch


@pytest.mark.parametrize("highest", [40, 301], ids=["narrow", "wide"])
@pytest.mark.parametrize(
    "calendars",
    [
        [[7]],
        [[7], []],
        [[]],
        [[1, 2, 3, 500, 501]],
        [range(0, 60, 2), range(1, 60, 2), [-3000, 20, 9000]],
        [range(40, 60), range(0, 60), range(20)],
    ],
    ids=["one day", "and a shard of nothing", "nothing", "gaps", "days between and far off", "days before"],
)
def test_stretches_are_those_of_counting_cell_by_cell(calendars, highest):
    rng = np.random.default_rng(9)
    histograms = []
    for days in calendars:
        many = 8 * len(days)
        drawn = rng.choice(list(days) or [0], many), rng.integers(3, size=many), rng.integers(2, size=many)
        bins = np.minimum(rng.gamma(4.0, highest / 8, many).astype(int), 301)
        cells = Counter(zip(*(column.tolist() for column in (*drawn, bins)), strict=True))
        histograms.append([(*cell, count * int(rng.integers(1, 9))) for cell, count in cells.items()])
    days, stretch = plainly(histograms)
    found = intervals.stretches(intervals.pool([counts(*cells) for cells in histograms]))
    assert found["day"].tolist() == days
    assert found["day"].dtype == np.int32
    assert np.array_equal(found["stretch"], stretch)


def tracked(scores_of_day, level, horizon):
    """forecasting.md, step 7, word by word: the stretch after each day, from the scores of each."""
    stretch, after = 1.0, []
    for scores in scores_of_day:
        miss = np.mean(scores > stretch)
        stretch = stretch * np.exp(0.05 / horizon * (miss - (1 - level)))
        stretch = min(max(stretch, 0.3), 3.0)
        after.append(stretch)
    return after


def test_the_stretch_follows_the_share_of_each_days_scores_beyond_it():
    random = np.random.default_rng(5)
    cells, expected = [], {}
    for i, horizon in enumerate((1, 5, 20)):
        for interval, level in enumerate((0.8, 0.95)):
            days = np.flatnonzero(random.random(300) < 0.8)
            usual = 0.6 + 0.8 * (days > 150)  # what is usual doubles halfway
            scores = [random.gamma(4.0, size / 4, 2000) for size in usual]
            expected[i, interval] = days, tracked(scores, level, horizon)
            for day, of_day in zip(days.tolist(), scores, strict=True):
                bins, count = np.unique(np.minimum(of_day // 0.01, 301), return_counts=True)
                cells.extend((day, i, interval, bin_, n) for bin_, n in zip(bins, count, strict=True))
    calibration = intervals.stretches(intervals.pool([counts(*cells)]))
    spread = []
    for (i, interval), (days, stretch) in expected.items():
        found = intervals.stretch_on(calibration, days)[:, i, interval]
        assert found == pytest.approx(stretch, abs=1e-3)
        before = intervals.stretch_on(calibration, days - 1)[:, i, interval]
        assert before == pytest.approx([1.0, *stretch[:-1]], abs=1e-3)
        spread.append(np.ptp(found))
    assert min(spread) > 0.05


def test_a_bin_that_the_stretch_cuts_is_missed_in_part():
    cells = [(1, 0, 0, 301, 7), (2, 0, 0, 104, 30), (2, 0, 0, 103, 10), (3, 0, 0, 0, 1)]
    stretch = intervals.stretches(intervals.pool([counts(*cells)]))["stretch"][:, 0, 0]
    first = np.exp(0.05 * 0.8)  # 1.0408: 8.1 % of bin 104 lie below
    assert stretch[0] == pytest.approx(first)
    second = first * np.exp(0.05 * ((1.05 - first) / 0.01 * 30 / 40 - 0.2))
    assert stretch[1] == pytest.approx(second)
    assert stretch[2] == pytest.approx(second * np.exp(-0.05 * 0.2))


@pytest.mark.parametrize(("bin_", "bound", "back"), [(0, 0.3, 301), (301, 3.0, 0)])
def test_the_stretch_stays_from_three_tenths_to_three_and_comes_back_at_once(bin_, bound, back):
    cells = [(day, i, j, bin_ if day < 2500 else back, 1) for day in range(2501) for i in range(3) for j in range(2)]
    stretch = intervals.stretches(intervals.pool([counts(*cells)]))["stretch"]
    assert (np.sign(np.diff(stretch[:20], axis=0)) == np.sign(bound - 1)).all()
    assert (stretch[2499, :2] == bound).all()
    assert stretch[2499, 2, 0] == bound
    assert (np.sign(stretch[2500] - stretch[2499]) == -np.sign(bound - 1)).all()


def test_a_day_counts_as_much_as_any_other_however_many_scores_it_has():
    few = [(1, 0, 0, 200, 1), (1, 0, 0, 50, 3)]
    many = [(1, 0, 0, 200, 1000), (1, 0, 0, 50, 3000)]
    one, other = (intervals.stretches(intervals.pool([counts(*cells)]))["stretch"] for cells in (few, many))
    assert np.array_equal(one, other)
    assert one[0, 0, 0] == pytest.approx(np.exp(0.05 * 0.05))


def test_a_day_without_scores_of_a_horizon_leaves_its_stretch():
    cells = [(day, 0, 0, 200, 1) for day in range(10)] + [(day, 1, 0, 200, 1) for day in (4, 7)]
    stretch = intervals.stretches(intervals.pool([counts(*cells)]))["stretch"]
    step = np.exp(0.01 * 0.8)
    assert stretch[:, 1, 0] == pytest.approx([1] * 4 + [step] * 3 + [step**2] * 3)
    assert (stretch[:, 2] == 1).all()
    assert (stretch[:, :, 1] == 1).all()


def test_a_score_of_a_later_day_moves_no_earlier_stretch():
    rng = np.random.default_rng(6)
    cells = [(day, h, i, int(rng.integers(50, 200)), 3) for day in range(400) for h in range(3) for i in range(2)]
    changed = [(*cell[:3], 301, 7) if cell[0] > 300 else cell for cell in cells]
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
