import numpy as np

import calibrate
from common import working
from stocks import intervals
from tests.support import shards
from tests.support.prices import walk

RUN = {"run_id": "us-0123456789ab", "dataset": "us", "shards": 3}


def histogram(tickers, seed):
    """The scores of a constant forecast with one width, of walks that are a little wider."""
    shard = shards.shard({f"T{i}": walk((seed, i), 400, volatility=0.02) for i in range(tickers)})
    origin = np.tile(np.arange(60, 400), tickers)
    row = np.repeat(shard.offsets[:-1], 340) + origin
    band = np.array([1.0, 1.0, 0.97, 0.985, 1.0, 1.015, 1.03, 0.012])
    outputs = np.repeat((shard.adjclose[row, None] * band)[:, None, :], 3, axis=1)
    offsets = np.arange(tickers + 1) * 340
    forecasts = {"tickers": shard.tickers, "offsets": offsets, "origin": origin, "outputs": outputs}
    return intervals.histogram(shard, forecasts)


def test_the_shards_histograms_become_one_calibration(buckets, context):
    histograms = [histogram(2, 1), histogram(0, 2), histogram(3, 3)]
    for number, counts in enumerate(histograms):
        working.put_arrays(RUN, "histograms", counts, number)
    assert calibrate.handler({"run": RUN}, context) == {"origins": 339}
    written = working.get_arrays(RUN, "calibration")
    assert written["day"].tolist() == shards.weekdays(400)[61:].tolist()
    assert written["day"].dtype == np.int32
    assert written["stretch"].shape == (339, 3, 2)
    expected = intervals.stretches(intervals.pool(histograms))
    assert np.array_equal(written["stretch"], expected["stretch"])
    # 2 % a day against half-widths of 1.5 and 3 %: 1.2816 * 2 / 1.5 and 1.96 * 2 / 3, and wider for five days
    assert np.abs(written["stretch"][150:, 0].mean(axis=0) - [1.71, 1.31]).max() < 0.07
    assert written["stretch"][-1, 1, 0] > 2.5
