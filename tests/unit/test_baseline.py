import boto3
import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.preprocessing import MinMaxScaler

import baseline as step
from common import working
from stocks import baseline
from stocks.baseline import FIRST_ORIGIN, forest_inputs
from tests.support import shards
from tests.support.prices import walk

RUN = {"run_id": "us-0123456789ab", "dataset": "us", "shards": 1}


@pytest.fixture(autouse=True)
def few_trees(monkeypatch):
    monkeypatch.setattr(baseline, "TREES", 5)


def test_origins_run_from_test_from_to_the_last_row_or_are_the_last_row_alone():
    shard = shards.shard({"A": walk(1, 270), "ENDED": walk(2, 150)})
    found = baseline.forecast(shard)
    assert found["tickers"].tolist() == ["A", "ENDED"]
    assert found["offsets"].tolist() == [0, 10, 11]
    assert found["origin"].tolist() == [*range(260, 270), 149]
    assert found["prices"].shape == (11, 3, 3)
    assert {key: str(value.dtype) for key, value in found.items()} == {
        "tickers": "<U5",
        "offsets": "int64",
        "origin": "int64",
        "prices": "float64",
    }


def test_naive_is_the_origins_price_to_the_last_bit():
    shard = shards.shard({"A": walk(1, 270)})
    naive = baseline.forecast(shard)["prices"][:, :, 0]
    assert np.array_equal(naive, np.repeat(shard.adjclose[260:, None], 3, axis=1))


def test_drift_continues_the_average_growth():
    prices = np.array([100.0, 150.0, 121.0])
    assert baseline.drift(prices, np.array([2])) == pytest.approx(
        np.array([[121 * 1.1, 121 * 1.1**5, 121 * 1.1**20]]), rel=1e-12
    )
    assert baseline.drift(prices, np.array([0])).tolist() == [[100.0, 100.0, 100.0]]


def test_the_forest_is_the_labs():
    """The same from scikit-learn's own scaler and plain loops, on prices whose scaling is exact in binary."""
    prices, b = np.random.default_rng(3).integers(1024, 2049, 280).astype(float), 260
    prices[[30, 31]] = 1024, 2048
    scaler = MinMaxScaler().fit(prices[:b, None])
    scaled = scaler.transform(prices[:, None]).ravel()

    def inputs(t):
        return [*scaled[t - 4 : t + 1][::-1], scaled[t - 4 : t + 1].mean(), scaled[t - 19 : t + 1].mean()]

    train = range(19, b - 20)
    forest = RandomForestRegressor(n_estimators=5, random_state=baseline.SEED)
    forest.fit([inputs(t) for t in train], [[scaled[t + 1], scaled[t + 5], scaled[t + 20]] for t in train])
    expected = scaler.inverse_transform(forest.predict([inputs(t) for t in (260, 279)]))
    minmax = np.array([prices[:b].min(), prices[:b].max()])
    assert baseline.random_forest(prices, np.array([260, 279]), b, minmax) == pytest.approx(expected, rel=1e-9)


def test_the_forest_learns_from_no_price_of_the_test_period():
    prices = walk(4, 300)
    minmax = np.array([prices[:260].min(), prices[:260].max()])
    changed = np.where(np.arange(300) > 265, prices * 3, prices)
    origin = np.arange(260, 266)
    assert np.array_equal(
        baseline.random_forest(prices, origin, 260, minmax), baseline.random_forest(changed, origin, 260, minmax)
    )


def test_the_longest_target_of_the_last_training_origin_is_the_last_row_before_the_test(monkeypatch):
    seen = {}

    class Forest(RandomForestRegressor):
        def fit(self, x, y):
            seen["y"] = y
            return super().fit(x, y)

    monkeypatch.setattr(baseline, "RandomForestRegressor", Forest)
    prices = np.arange(1.0, 121.0)
    baseline.random_forest(prices, np.array([119]), 100, np.array([0.0, 1.0]))
    assert seen["y"][0].tolist() == [21, 25, 40]
    assert seen["y"][-1].tolist() == [81, 85, 100]


def test_a_price_that_never_moves_is_forecast_exactly():
    prices = baseline.forecast(shards.shard({"FLAT": np.full(270, 12.34)}))["prices"]
    assert np.array_equal(prices, np.full((10, 3, 3), 12.34))


def test_a_price_that_leaps_out_of_a_hair_s_breadth_is_still_forecast():
    prices = np.full(270, 1e-15)
    prices[7], prices[265:] = np.nextafter(1e-15, 1), 1e15
    forest = baseline.forecast(shards.shard({"LEAPS": prices}))["prices"][:, :, 2]
    assert forest == pytest.approx(np.full((10, 3), 1e-15))


def test_tickers_do_not_influence_each_other():
    a, b = walk(5, 270), walk(6, 270)
    together = baseline.forecast(shards.shard({"A": a, "B": b}))["prices"]
    assert np.array_equal(together[10:], baseline.forecast(shards.shard({"B": b}))["prices"])


def test_a_later_day_changes_no_earlier_forecast():
    shard = shards.shard({"A": walk(7, 300)})
    changed = shards.changed_after(shard, shard.days[280])
    before, after = (baseline.forecast(s)["prices"] for s in (shard, changed))
    assert np.array_equal(before[:21], after[:21])
    assert not np.isclose(before[21:], after[21:]).any(axis=(1, 2)).all()


def test_a_shard_without_tickers_gives_a_file_without_forecasts():
    found = baseline.forecast(shards.shard({}))
    assert found["offsets"].tolist() == [0]
    assert found["prices"].shape == (0, 3, 3)


def test_the_step_reads_its_shard_and_writes_its_forecasts(buckets, context):
    working.put_arrays(RUN, "shards", shards.shard({"A": walk(1, 262)}).arrays(), 3)
    assert step.handler({"run": RUN, "shard": 3}, context) == {"shard": 3}
    written = working.get_arrays(RUN, "baseline", 3)
    assert written["origin"].tolist() == [260, 261]
    assert [o["Key"] for o in boto3.client("s3").list_objects_v2(Bucket="work")["Contents"]] == [
        "runs/us-0123456789ab/baseline/00003.npz",
        "runs/us-0123456789ab/shards/00003.npz",
    ]


def test_inputs_are_five_lags_and_two_averages_that_end_at_the_origin():
    inputs = forest_inputs(np.arange(1.0, 23.0))
    assert inputs.tolist() == [
        [20, 19, 18, 17, 16, 18.0, 10.5],
        [21, 20, 19, 18, 17, 19.0, 11.5],
        [22, 21, 20, 19, 18, 20.0, 12.5],
    ]


def test_a_later_price_moves_no_earlier_input():
    prices = walk(1, 80)
    for last in (FIRST_ORIGIN, 50, 78):
        changed = np.where(np.arange(80) > last, prices * 1e6, prices)
        kept = slice(0, last - FIRST_ORIGIN + 1)
        assert np.array_equal(forest_inputs(prices)[kept], forest_inputs(changed)[kept])
        assert not np.array_equal(forest_inputs(prices)[kept.stop], forest_inputs(changed)[kept.stop])
