import numpy as np

from stocks.day_sums import DaySums


def test_a_new_day_gets_its_place_and_the_others_keep_their_sums():
    by_day = DaySums(rows=np.empty(0, np.int64), loss=np.empty((0, 2)))
    for days in ([30, 10], [10], [], [20, 40, 10], [-5]):
        place = by_day.places(np.array(days, np.int32))
        by_day.sums["rows"][place] += np.array(days, np.int64)
        by_day.sums["loss"][place] += np.array(days)[:, None] * [0.5, 2.0]
    assert (by_day.day.tolist(), by_day.day.dtype) == ([-5, 10, 20, 30, 40], np.int32)
    assert (by_day.sums["rows"].tolist(), by_day.sums["rows"].dtype) == ([-5, 30, 20, 30, 40], np.int64)
    assert by_day.sums["loss"].tolist() == [[-2.5, -10], [15, 60], [10, 40], [15, 60], [20, 80]]


def test_without_days_there_is_nothing():
    by_day = DaySums(rows=np.empty((0, 3), np.int32))
    assert (by_day.day.tolist(), by_day.sums["rows"].shape) == ([], (0, 3))
