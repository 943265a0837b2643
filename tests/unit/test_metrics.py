"""What is summed of a shard's rows, and what single tickers' rows of the metrics table say; see test_measures.py."""

import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, root_mean_squared_error

from stocks import metrics
from stocks.contract import HORIZONS, MODELS, QUANTILES
from tests.support import results, shards
from tests.support.prices import walk
from tests.support.scored import LAST_KNOWN, RATIOS, SHARD, THREE, joined, random_rows, some_rows, table


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
            assert found[name, "forecast", horizon]["pinball"] == pytest.approx(np.mean(losses) * 1e4)


def test_the_constant_ranges_are_those_of_the_tickers_own_changes_before_the_test():
    rows = random_rows(2)
    found = table(rows, THREE)
    ratios = {horizon: [] for horizon in (1, 5, 20)}
    for ticker, name in enumerate("ABC"):
        before_test = THREE.adjclose[150 * ticker :][:119]
        for horizon in (1, 5, 20):
            kept = (rows["ticker"] == ticker) & (rows["horizon"] == horizon)
            actual, origin = rows["actual"][kept], rows["naive"][kept]
            moves = [np.log(before_test[at + horizon] / before_test[at]) for at in range(119 - horizon)]
            losses = [
                mean_pinball_loss(actual / origin, np.full(len(origin), np.exp(np.quantile(moves, level))), alpha=level)
                for level in QUANTILES.values()
            ]
            row = found[name, "forecast", horizon]
            assert row["pinball_vs_constant"] == pytest.approx(row["pinball"] / 1e4 / np.mean(losses))
            ratios[horizon].append(row["pinball_vs_constant"])
    for horizon, of_tickers in ratios.items():
        assert found["*", "forecast", horizon]["pinball_vs_constant"] == pytest.approx(np.mean(of_tickers))
        assert found["*", "forecast", horizon]["pinball_vs_constant_median"] == pytest.approx(np.median(of_tickers))


def test_prices_of_the_test_move_no_constant_range():
    rows = random_rows(2)
    constant = [metrics.score(rows, shard)["constant"] for shard in (THREE, shards.changed_after(THREE, LAST_KNOWN))]
    assert np.array_equal(*constant)
    earlier = shards.changed_after(THREE, LAST_KNOWN - 1)
    assert (metrics.score(rows, earlier)["constant"] != constant[0]).all()


def test_qlike_by_hand():
    """The mean over rows of ratio - log(ratio) - 1, of the daily variance to the expected one."""
    one = some_rows([101, 99], [100, 100], horizon=5, expected_move=[0.02, 0.04], variance=[1e-4, 1e-4])
    found = table(one, SHARD)
    ratios = np.array([1e-4, 1e-4]) / [0.02**2 / 5, 0.04**2 / 5]
    losses = [1.25 - np.log(1.25) - 1, 0.3125 - np.log(0.3125) - 1]
    assert ratios == pytest.approx([1.25, 0.3125])
    assert found["A", "forecast", 5]["qlike"] == pytest.approx(np.mean(losses), rel=1e-3)
    assert found["*", "forecast", 5]["qlike"] == found["A", "forecast", 5]["qlike"]
    assert found["A", "lstm", 5]["qlike"] is None


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
    bounds = {"p025": [90] * 4, "p10": [95] * 4, "p90": [105] * 4, "p975": [110] * 4}
    found = table(some_rows([95, 105.01, 110, 111], [100] * 4, **bounds), SHARD)
    assert found["A", "forecast", 1]["coverage80"] == 0.25
    assert found["A", "forecast", 1]["coverage95"] == 0.75
    of_ranges = ("coverage80", "coverage95", "pinball", "pinball_vs_constant", "qlike")
    assert {found["A", model, 1][name] for model in MODELS if model != "forecast" for name in of_ranges} == {None}
    assert None not in {found["A", "forecast", 1][name] for name in of_ranges}


def test_future_rows_are_not_errors():
    rows = some_rows([101, np.nan], [100, 100])
    rows["future"] = np.array([False, True])
    assert table(rows, SHARD)["A", "forecast", 1]["n"] == 1


def test_a_price_that_never_moves_has_errors_of_0_and_no_ratios():
    flat = shards.shard({"FLAT": [5.0] * 4}, test_from=shards.weekdays(4)[3])
    still = some_rows([5.0] * 40, [5.0] * 40, expected_move=0.0, variance=0.0)
    assert metrics.still(metrics.score(still, flat)).tolist() == [1] * 40
    jumped = still | {"actual": np.full(40, 6.0)}
    assert metrics.still(metrics.score(jumped, flat)).tolist() == [0] * 40, "which is a breach"
    found = table(still, flat)["FLAT", "forecast", 1]
    assert [found[name] for name in ("rmse", "mae", "pinball", "coverage80")] == [0, 0, 0, 1]
    absent = (*RATIOS, "directional_accuracy", "always_up_rate", "dm_t", "qlike")
    assert {found[name] for name in absent} == {None}


def test_a_move_that_no_volatility_could_foretell_is_no_loss_of_the_expected_move():
    """A price that stood still has no expected move, and one jump from there would own every pooled figure."""
    rows = some_rows([101, 150], [100, 100], variance=1e-4)
    rows["expected_move"] = np.array([0.01, 0.0])
    found = table(rows, SHARD)
    rows = {name: column[:1] for name, column in rows.items()}
    assert found["*", "forecast", 1]["qlike"] == table(rows, SHARD)["*", "forecast", 1]["qlike"]


def test_the_scale_reads_rows_before_the_test_only():
    changed = shards.changed_after(THREE, LAST_KNOWN)
    assert np.array_equal(metrics.naive_scale(THREE), metrics.naive_scale(changed))
    assert metrics.naive_scale(SHARD).tolist() == [1.5]


def test_the_interval_of_direction_is_wilsons_when_days_are_independent():
    rng = np.random.default_rng(9)
    actual = 100 + rng.choice([-1, 1], 400)
    lstm = np.where(rng.random(400) < 0.6, actual, 200 - actual)
    scores = metrics.score(some_rows(actual, [100] * 400, lstm=lstm), SHARD)
    share = (actual == lstm).mean()
    wilson = scipy.stats.binomtest(round(400 * share), 400).proportion_ci(method="wilson")
    (found,) = [row for row in metrics.direction_intervals(scores) if (row["model"], row["horizon"]) == ("lstm", 1)]
    assert (found["low"], found["high"]) == pytest.approx((wilson.low, wilson.high), abs=1e-3)
    assert metrics.direction_intervals(scores)[0] == {"model": "naive", "horizon": 1, "low": None, "high": None}


@pytest.mark.parametrize(("horizon", "days"), [(1, 60), (5, 60), (5, 230), (20, 100), (20, 230)])
@pytest.mark.parametrize("tickers", [1, 10])
def test_the_interval_of_direction_holds_the_true_share_in_95_of_100_files(horizon, days, tickers):
    """ "It rises" of prices that as often fall, and that move together: half of the moves are hits."""
    rng, at = np.random.default_rng(horizon + days), HORIZONS.index(horizon)
    held = 0
    for _ in range(200):
        daily = rng.standard_t(5, (days + horizon, 1)) + rng.standard_t(5, (days + horizon, tickers))
        prices = np.concatenate([np.zeros((1, tickers)), daily.cumsum(axis=0)])
        rose = (prices[horizon : horizon + days] > prices[:days]).sum(axis=1)
        sums = {"day_hits": np.tile(rose[:, None, None], (5, 3)), "day_moves": np.full((days, 5, 3), tickers)}
        found = metrics.direction_intervals(sums)[at]
        held += found["low"] <= 0.5 <= found["high"]
    assert held >= 0.92 * 200


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


def test_days_count_the_rows_beyond_the_wide_range_and_shards_add_up():
    """The factor of the price that came is beyond 1 +- 2 % a day, which these ranges allow, on some days."""
    made = results.shards()
    parts = [results.scores(shard) for shard in made]
    pooled = metrics.beyond(metrics.pool(parts))
    expected: dict[tuple[int, int], list[bool]] = {}
    for shard in made:
        rows = results.rows(shard)
        kept = zip(*(rows[name] for name in ("target_day", "horizon", "actual", "p025", "p975", "future")), strict=True)
        for day, horizon, actual, low, high, future in kept:
            if not future:
                expected.setdefault((int(horizon), int(day)), []).append(not low <= actual <= high)
    days = metrics.pool(parts)["day"].tolist()
    for horizon, (prices, outside) in pooled.items():
        assert prices.tolist() == [len(expected.get((horizon, day), ())) for day in days]
        assert outside.tolist() == [sum(expected.get((horizon, day), ())) for day in days]
        assert 0 < outside.sum() < prices.sum()
