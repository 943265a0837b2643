import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, root_mean_squared_error

from stocks import metrics
from stocks.contract import MODELS, QUANTILES
from tests.support import shards
from tests.support.prices import walk

NAMES = ("drift", "random_forest", "lstm", *QUANTILES)


def some_rows(actual, origin, ticker=0, horizon=1, day=0, **forecasts):
    """Rows of one ticker and horizon on consecutive days; models that are not given say the origin's price."""
    actual, origin = np.array(actual, float), np.array(origin, float)
    days = day + np.arange(len(actual))
    rows = {"ticker": np.full(len(actual), ticker), "horizon": np.full(len(actual), horizon, np.int32)}
    rows |= {"origin_day": days - horizon, "target_day": days, "future": np.zeros(len(actual), bool)}
    given = {name: np.array(forecasts.get(name, origin), float) for name in NAMES}
    return rows | {"actual": actual, "naive": origin} | given


def joined(*parts):
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def table(rows, shard):
    """The metrics table as {(ticker, model, horizon): row}."""
    found = metrics.rows(metrics.columns(metrics.pool([metrics.score(rows, shard)])))
    return {(row["ticker"], row["model"], row["horizon"]): row for row in found}


def random_rows(seed, tickers=3, days=60):
    """Rows of every horizon: a walk, and forecasts around it."""
    parts = []
    for ticker in range(tickers):
        rng = np.random.default_rng((seed, ticker))
        prices = walk((seed, ticker), days + 20, start=10.0 ** (ticker + 1))
        for horizon in (1, 5, 20):
            origin, actual = prices[: days + 20 - horizon], prices[horizon:]
            spread = np.sort(rng.normal(0, 0.02 * horizon**0.5, (5, len(origin))), axis=0)
            forecasts = {name: origin * (1 + rng.normal(0, 0.01, len(origin))) for name in NAMES[:3]}
            forecasts |= {name: origin * (1 + s) for name, s in zip(QUANTILES, spread, strict=True)}
            parts.append(some_rows(actual, origin, ticker, horizon, day=horizon, **forecasts))
    return joined(*parts)


SHARD = shards.shard({"A": [10.0, 12.0, 11.0, 14.0]}, test_from=shards.weekdays(4)[3])
THREE = shards.shard({name: walk(seed, 150) for seed, name in enumerate("ABC")}, test_from=shards.weekdays(120)[-1])


def test_errors_by_hand():
    rows = some_rows([102, 97, 105], [100, 101, 105], random_forest=[103, 99, 101])
    forest = table(rows, SHARD)["A", "random_forest", 1]
    assert forest["n"] == 3
    assert forest["rmse"] == pytest.approx(((1 + 4 + 16) / 3) ** 0.5)
    assert forest["mae"] == pytest.approx((1 + 2 + 4) / 3)
    assert forest["rmse_vs_naive"] == pytest.approx((21 / (4 + 16 + 0)) ** 0.5)
    assert forest["mae_vs_naive"] == pytest.approx(7 / 6)
    assert forest["mase"] == pytest.approx((7 / 3) / 1.5)  # changes before the test: 2 and 1


def test_errors_and_pinball_agree_with_scikit_learn():
    rows = random_rows(1)
    found = table(rows, THREE)
    for ticker, name in enumerate("ABC"):
        for horizon in (1, 5, 20):
            kept = (rows["ticker"] == ticker) & (rows["horizon"] == horizon)
            actual, origin = rows["actual"][kept], rows["naive"][kept]
            for model in MODELS:
                row = found[name, model, horizon]
                assert row["rmse"] == pytest.approx(root_mean_squared_error(actual, rows[model][kept]))
                assert row["mae"] == pytest.approx(mean_absolute_error(actual, rows[model][kept]))
            # dividing by the origin's price is weighting by it
            losses = [
                mean_pinball_loss(actual, rows[quantile][kept], alpha=level, sample_weight=1 / origin)
                * (1 / origin).mean()
                for quantile, level in QUANTILES.items()
            ]
            assert found[name, "lstm", horizon]["pinball"] == pytest.approx(np.mean(losses) * 1e4)


def test_direction_leaves_out_rows_where_forecast_or_price_stood_still():
    actual = [101, 99, 101, 100, 99] * 10
    lstm = [102, 102, 100, 101, 98] * 10  # right, wrong, no forecast, no move, right
    found = table(some_rows(actual, [100] * 50, lstm=lstm), SHARD)
    assert found["A", "lstm", 1]["directional_accuracy"] == pytest.approx(2 / 3)
    assert found["A", "lstm", 1]["always_up_rate"] == pytest.approx(2 / 4)
    assert found["A", "naive", 1]["directional_accuracy"] is None
    assert found["A", "naive", 1]["always_up_rate"] == pytest.approx(2 / 4)


def test_direction_needs_30_moves():
    def accuracy(moves):
        rows = some_rows([101.0] * 40, [100.0] * 40, drift=[102.0] * moves + [100.0] * (40 - moves))
        return table(rows, SHARD)["A", "drift", 1]["directional_accuracy"]

    assert accuracy(29) is None
    assert accuracy(30) == 1.0


def test_the_statistic_is_negative_where_the_model_beats_naive():
    actual = walk(3, 50)[1:]
    origin = walk(3, 50)[:-1]
    found = table(some_rows(actual, origin, lstm=actual * 1.0001, random_forest=origin * 1.2), SHARD)
    assert found["A", "lstm", 1]["dm_t"] < -2
    assert found["A", "random_forest", 1]["dm_t"] > 2
    assert found["A", "naive", 1]["dm_t"] is None
    loss = (actual * 0.0001) ** 2 - (actual - origin) ** 2
    assert found["A", "lstm", 1]["dm_t"] == pytest.approx(scipy.stats.ttest_1samp(loss, 0).statistic)


def test_coverage_includes_the_bounds():
    bounds = {"lstm_p025": [90] * 4, "lstm_p10": [95] * 4, "lstm_p90": [105] * 4, "lstm_p975": [110] * 4}
    found = table(some_rows([95, 105.01, 110, 111], [100] * 4, **bounds), SHARD)
    assert found["A", "lstm", 1]["coverage80"] == 0.25
    assert found["A", "lstm", 1]["coverage95"] == 0.75
    assert {found["A", model, 1][name] for model in MODELS[:3] for name in ("coverage80", "pinball")} == {None}


def test_pooled_rows_are_means_of_ratios_and_pools_of_rows():
    rows = random_rows(4)
    found = table(rows, THREE)
    ours, every = found["*", "lstm", 5], [found[name, "lstm", 5] for name in "ABC"]
    for name in ("rmse_vs_naive", "mae_vs_naive", "mase"):
        assert ours[name] == pytest.approx(np.mean([row[name] for row in every]))
    for name in ("coverage80", "coverage95", "pinball"):
        assert ours[name] == pytest.approx(
            np.average([row[name] for row in every], weights=[row["n"] for row in every])
        )
    kept = rows["horizon"] == 5
    assert ours["n"] == kept.sum()
    assert ours["rmse"] == pytest.approx(root_mean_squared_error(rows["actual"][kept], rows["lstm"][kept]))
    assert ours["mae"] == pytest.approx(mean_absolute_error(rows["actual"][kept], rows["lstm"][kept]))


def test_the_pooled_statistic_takes_the_mean_of_each_target_day():
    rows = random_rows(5)
    kept = rows["horizon"] == 1
    loss = (rows["actual"] - rows["drift"]) ** 2 - (rows["actual"] - rows["naive"]) ** 2
    relative, day = (loss / rows["naive"] ** 2)[kept], rows["target_day"][kept]
    daily = [relative[day == d].mean() for d in np.unique(day)]
    expected = scipy.stats.ttest_1samp(daily, 0).statistic
    assert table(rows, THREE)["*", "drift", 1]["dm_t"] == pytest.approx(expected)


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


def test_future_rows_are_not_errors():
    rows = some_rows([101, np.nan], [100, 100])
    rows["future"] = np.array([False, True])
    assert table(rows, SHARD)["A", "lstm", 1]["n"] == 1


def test_a_price_that_never_moves_has_errors_of_0_and_no_ratios():
    flat = shards.shard({"FLAT": [5.0] * 4}, test_from=shards.weekdays(4)[3])
    found = table(some_rows([5.0] * 40, [5.0] * 40), flat)["FLAT", "lstm", 1]
    assert (found["rmse"], found["mae"], found["pinball"], found["coverage80"]) == (0, 0, 0, 1)
    absent = ("rmse_vs_naive", "mae_vs_naive", "mase", "directional_accuracy", "always_up_rate", "dm_t")
    assert [found[name] for name in absent] == [None] * 6


def test_a_ticker_without_test_rows_keeps_its_twelve_rows_and_counts_for_nothing():
    rows = random_rows(7, tickers=2)
    found = table(rows, THREE)
    assert len(found) == 12 * 4
    assert [found["C", "lstm", 1][name] for name in ("n", *metrics.MEASURES)] == [0] + [None] * 11
    two = shards.shard({"A": THREE.adjclose[:150], "B": THREE.adjclose[150:300]}, test_from=shards.weekdays(120)[-1])
    assert found["*", "lstm", 1] == table(rows, two)["*", "lstm", 1]


def test_a_run_without_tickers_has_pooled_rows_without_measures():
    rows = {name: column[:0] for name, column in random_rows(8).items()}
    found = table(rows, shards.shard({}))
    assert set(found) == {("*", model, horizon) for model in MODELS for horizon in (1, 5, 20)}
    assert found["*", "lstm", 1]["rmse_vs_naive"] is None


def test_the_scale_reads_rows_before_the_test_only():
    changed = shards.changed_after(THREE, shards.weekdays(119)[-1])
    assert np.array_equal(metrics.naive_scale(THREE), metrics.naive_scale(changed))
    assert metrics.naive_scale(SHARD).tolist() == [1.5]


def test_the_interval_of_direction_is_the_binomials_when_days_are_independent():
    rng = np.random.default_rng(9)
    actual = 100 + rng.choice([-1, 1], 400)
    lstm = np.where(rng.random(400) < 0.6, actual, 200 - actual)
    scores = metrics.score(some_rows(actual, [100] * 400, lstm=lstm), SHARD)
    share = (actual == lstm).mean()
    half = 1.96 * (share * (1 - share) / 400) ** 0.5
    (found,) = [row for row in metrics.direction_intervals(scores) if (row["model"], row["horizon"]) == ("lstm", 1)]
    assert (found["low"], found["high"]) == pytest.approx((share - half, share + half))
    assert metrics.direction_intervals(scores)[0] == {"model": "naive", "horizon": 1, "low": None, "high": None}


def test_tickers_that_move_together_count_as_one_for_direction():
    rng = np.random.default_rng(10)
    actual = 100 + rng.choice([-1, 1], 200)
    lstm = np.where(rng.random(200) < 0.6, actual, 200 - actual)
    alone = some_rows(actual, [100] * 200, lstm=lstm)
    thrice = joined(*[some_rows(actual, [100] * 200, ticker=ticker, lstm=lstm) for ticker in range(3)])

    def found(rows, shard):
        return next(r for r in metrics.direction_intervals(metrics.score(rows, shard)) if r["model"] == "lstm")

    one, three = found(alone, SHARD), found(thrice, THREE)
    assert (three["low"], three["high"]) == pytest.approx((one["low"], one["high"]))
