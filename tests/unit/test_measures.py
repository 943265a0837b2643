"""What is told of all tickers together, and of a model or a ticker of which there is nothing to tell."""

import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from stocks import metrics, schemas, significance
from stocks.contract import MODELS
from tests.support import shards
from tests.support.prices import walk
from tests.support.scored import NOTHING, RATIOS, THREE, joined, random_rows, some_rows, table


def test_pooled_rows_are_means_of_ratios_and_pools_of_rows():
    rows = random_rows(4)
    found = table(rows, THREE)
    ours, every = found["*", "forecast", 5], [found[name, "forecast", 5] for name in "ABC"]
    for name in RATIOS:
        assert ours[name] == pytest.approx(np.mean([row[name] for row in every]))
    for name in ("coverage80", "coverage95", "pinball", "qlike"):
        assert ours[name] == pytest.approx(
            np.average([row[name] for row in every], weights=[row["n"] for row in every])
        )
    kept = rows["horizon"] == 5
    assert ours["n"] == kept.sum()
    assert ours["rmse"] == pytest.approx(root_mean_squared_error(rows["actual"][kept], rows["forecast"][kept]))
    assert ours["mae"] == pytest.approx(mean_absolute_error(rows["actual"][kept], rows["forecast"][kept]))


@pytest.mark.parametrize("tickers", [1, 2, 3])
def test_a_median_over_tickers_stands_beside_each_mean_of_ratios_in_the_pooled_rows_only(tickers):
    found = table(random_rows(4, tickers), THREE)
    for model in ("drift", "forecast"):
        for name in RATIOS[: None if model == "forecast" else 3]:
            every = [found[ticker, model, 5][name] for ticker in "ABC"[:tickers]]
            assert found["*", model, 5][f"{name}_median"] == pytest.approx(np.median(every))
            assert {found[ticker, model, 5][f"{name}_median"] for ticker in "ABC"} == {None}
    assert found["*", "naive", 5]["rmse_vs_naive_median"] == 1


def test_one_absurd_ticker_moves_the_mean_of_ratios_and_not_the_median():
    rows = random_rows(4)
    usual = table(rows, THREE)["*", "drift", 1]
    rows["drift"] = np.where(rows["ticker"] == 2, rows["drift"] * 100, rows["drift"])
    found = table(rows, THREE)["*", "drift", 1]
    assert found["rmse_vs_naive"] > 100 * usual["rmse_vs_naive"]
    assert found["rmse_vs_naive_median"] < 2 * usual["rmse_vs_naive_median"]


def test_an_lstm_that_was_not_trained_has_no_rows_and_no_measures():
    rows = random_rows(3)
    rows["lstm"][:] = np.nan
    found = table(rows, THREE)
    for ticker in ("*", *"ABC"):
        for horizon in (1, 5, 20):
            assert [found[ticker, "lstm", horizon][name] for name in ("n", *metrics.MEASURES)] == [0, *NOTHING]
            assert found[ticker, "forecast", horizon]["n"] == found[ticker, "naive", horizon]["n"] > 0
    trained = table(random_rows(3), THREE)
    assert {key: row for key, row in found.items() if key[1] != "lstm"} == {
        key: row for key, row in trained.items() if key[1] != "lstm"
    }
    intervals = [one for one in metrics.direction_intervals(metrics.score(rows, THREE)) if one["model"] == "lstm"]
    assert {one[bound] for one in intervals for bound in ("low", "high")} == {None}


@pytest.mark.parametrize("missing", [(), ("lstm",)])
def test_no_measure_is_nan(missing):
    """A table says null, and to_parquet refuses NaN."""
    rows = random_rows(3, tickers=2)
    for name in missing:
        rows[name][:] = np.nan
    schemas.to_parquet("metrics", metrics.columns(metrics.pool([metrics.score(rows, THREE)])))


def test_the_pooled_statistic_takes_the_mean_of_each_target_day():
    rows = random_rows(5)
    kept = rows["horizon"] == 1
    loss = (rows["actual"] - rows["drift"]) ** 2 - (rows["actual"] - rows["naive"]) ** 2
    relative, day = (loss / rows["naive"] ** 2)[kept], rows["target_day"][kept]
    daily = [relative[day == d].mean() for d in np.unique(day)]
    expected = scipy.stats.ttest_1samp(daily, 0).statistic
    assert table(rows, THREE)["*", "drift", 1]["dm_t"] == pytest.approx(expected)


def days_of(every_day, rows):
    """int32[rows] days since 1970, with or without weekends."""
    return np.arange(18262, 18262 + rows) if every_day else shards.weekdays(rows)


@pytest.mark.parametrize(
    ("calendars", "lags"), [((False, False), 1), ((True, True), 1), ((True, False), 2)], ids=["stocks", "coins", "both"]
)
@pytest.mark.parametrize("horizon", [1, 5, 20])
def test_the_pooled_statistic_takes_more_lags_where_calendars_are_mixed(calendars, lags, horizon):
    parts = []
    for ticker, every_day in enumerate(calendars):
        prices = walk(ticker, 330 + horizon)
        drift = prices[:-horizon] * (1 + np.random.default_rng(ticker).normal(0, 0.01, 330))
        one = some_rows(prices[horizon:], prices[:-horizon], ticker, horizon, drift=drift)
        parts.append(one | {"target_day": days_of(every_day, 330)})
    rows = joined(*parts)
    loss = ((rows["actual"] - rows["drift"]) ** 2 - (rows["actual"] - rows["naive"]) ** 2) / rows["naive"] ** 2
    daily = [loss[rows["target_day"] == day].mean() for day in np.unique(rows["target_day"])]
    expected = significance.diebold_mariano(np.array(daily), lags * (horizon - 1) + 1)
    assert np.isfinite(expected)
    assert table(rows, THREE)["*", "drift", horizon]["dm_t"] == pytest.approx(expected)


def test_shards_pool_to_the_whole():
    rows = random_rows(6)
    whole = metrics.columns(metrics.pool([metrics.score(rows, THREE)]))
    parts = []
    for ticker in (2, 0, 1):
        one = {name: column[rows["ticker"] == ticker] for name, column in rows.items()}
        series = THREE.adjclose[150 * ticker : 150 * (ticker + 1)]
        shard = shards.shard({"ABC"[ticker]: series}, test_from=shards.weekdays(120)[-1])
        parts.append(metrics.score(one | {"ticker": np.zeros(len(one["ticker"]), int)}, shard))
    empty = shards.shard({})
    parts.insert(1, metrics.score({name: column[:0] for name, column in rows.items()}, empty))
    nested = metrics.pool([metrics.pool(parts[:2]), metrics.pool(parts[2:])])
    for name, column in metrics.columns(nested).items():
        assert np.array_equal(np.ma.getmaskarray(column), np.ma.getmaskarray(whole[name]))
        if name in metrics.MEASURES:
            assert np.ma.compressed(column) == pytest.approx(np.ma.compressed(whole[name]))
        else:
            assert column.tolist() == whole[name].tolist()


def test_a_ticker_without_test_rows_keeps_its_fifteen_rows_and_counts_for_nothing():
    rows = random_rows(7, tickers=2)
    found = table(rows, THREE)
    assert len(found) == 15 * 4
    assert [found["C", "forecast", 1][name] for name in ("n", *metrics.MEASURES)] == [0, *NOTHING]
    two = shards.shard({"A": THREE.adjclose[:150], "B": THREE.adjclose[150:300]}, test_from=shards.weekdays(120)[-1])
    assert found["*", "forecast", 1] == table(rows, two)["*", "forecast", 1]


def test_a_run_without_tickers_has_pooled_rows_without_measures():
    rows = {name: column[:0] for name, column in random_rows(8).items()}
    found = table(rows, shards.shard({}))
    assert set(found) == {("*", model, horizon) for model in MODELS for horizon in (1, 5, 20)}
    assert [found["*", "forecast", 1][name] for name in ("n", *metrics.MEASURES)] == [0, *NOTHING]
