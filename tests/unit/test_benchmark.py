"""The benchmark's own arithmetic, on a few rows; what it measures is the product's code and tested there."""

import re

import numpy as np
import pytest

from benchmarks import close_only, comparison, forest, results, rivals, short, tables, targets, walk
from benchmarks.children import Cost
from benchmarks.figures import CONSTANT, FORECAST, LSTM, NAIVE, VOLATILITY, Figures
from stocks import baseline, metrics, predictions, series, volatility
from stocks.contract import COLUMNS, HORIZONS, QUANTILES

NAMES = ("A", "B", "C")


def a_file(first="2019-01-01", last="2022-06-30", tickers=("A",)):
    """The rows of tickers on every calendar day, as Split writes them."""
    days = np.arange(series.day_of(first), series.day_of(last) + 1, dtype=np.int32)
    prices = np.exp(np.random.default_rng(5).normal(0, 0.01, (len(tickers), len(days))).cumsum(axis=1))
    counted = {
        "ticker": np.repeat(np.arange(len(tickers), dtype=np.int32), len(days)),
        "line": np.arange(prices.size) + 2,
        "day": np.tile(days, len(tickers)),
    }
    columns = dict.fromkeys(COLUMNS, prices.ravel()) | {"high": prices.ravel() * 1.01}
    return {"tickers": np.array(tickers)} | counted | columns


def a_walk(years=(2020, 2021, 2022), slow=()):
    """Years of three tickers; what would need TensorFlow or another environment is one of the two random walks."""
    found = []
    for year in years:
        shard, cuts = walk.shard_of(a_file(tickers=NAMES), year)
        origins = baseline.forecast(shard)
        constant, scaled = forecasts(shard, origins)
        methods = {"ours": scaled, "uncalibrated": scaled, "constant": constant, "volatility": scaled}
        methods |= dict.fromkeys(slow, constant)
        period = walk.scored(
            str(year), shard, origins, {name: (made, walk.UNCALIBRATED) for name, made in methods.items()}, NAMES[:2]
        )
        horizons = {h: {"gate": 0.0, "gate_reason": "unproven", "blocks": 3} for h in ("1", "5", "20")}
        evidence = {"horizons": horizons, "windows": {"train": 7}, "best_epoch": None}
        seconds = dict.fromkeys(("fit", "fit and forecast", "tutorial_lstm", "random_forest"), 1.0)
        found.append(walk.Year(**vars(period), cuts=cuts, evidence=evidence, fit=Cost(1, 1, 1), seconds=seconds))
    return found


def forecasts(shard, origins):
    """Constant ranges, and those that a scale of one percent gives."""
    constant = rivals.constant(shard, origins)
    scaled = rivals.volatility_scaled(shard, origins, np.full(len(shard.days), 0.01))
    return (
        {**{name: origins[name] for name in ("tickers", "offsets", "origin")}, "outputs": made}
        for made in (constant, scaled)
    )


@pytest.fixture(autouse=True, scope="module")
def few_trees():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baseline, "TREES", 2)
        yield


@pytest.fixture(scope="module")
def years():
    return a_walk(slow=("AutoETS", "AutoARIMA", "GARCH-t", "GJR-t", "tutorial_lstm"))


def test_a_test_year_is_that_year_and_nothing_later_is_known():
    shard, cuts = walk.shard_of(a_file(), 2021)
    assert cuts["test_from"] == "2021-01-01"
    assert series.iso(shard.days[-1]) == "2021-12-31"
    assert shard.bounds[0, 3] - shard.bounds[0, 2] == 365


def test_a_year_without_rows_is_refused():
    with pytest.raises(ValueError, match="no rows of 2023"):
        walk.shard_of(a_file(), 2023)


def test_the_constant_random_walk_takes_its_quantiles_from_before_the_test_year():
    shard, _ = walk.shard_of(a_file(), 2021)
    before = int(shard.bounds[0, 2])
    origins = {"offsets": np.array([0, 1]), "origin": np.array([before + 9])}
    found = rivals.constant(shard, origins)[0, 0]
    changes = np.diff(np.log(shard.adjclose[:before]))
    assert found[:2].tolist() == [0, shard.adjclose[before + 9]]  # no LSTM, and the last price
    quantiles = np.log(found[2:7] / shard.adjclose[before + 9])
    np.testing.assert_allclose(quantiles, np.quantile(changes, rivals.LEVELS), atol=1e-12)
    assert (np.diff(quantiles) > 0).all()
    assert found[7] == pytest.approx(np.sqrt(np.mean((changes - np.median(changes)) ** 2)), rel=1e-12)


def test_the_volatility_scaled_random_walk_is_as_wide_as_today_is_wild():
    shard, _ = walk.shard_of(a_file(), 2021)
    before = int(shard.bounds[0, 2])
    origins = {"offsets": np.array([0, 2]), "origin": np.array([before, before + 1])}
    scale = np.full(len(shard.days), 0.01)
    scale[before + 1] = 0.03
    found = rivals.volatility_scaled(shard, origins, scale)
    widths = np.log(found[..., 2:7] / found[..., 1:2])
    np.testing.assert_allclose(widths[1], 3 * widths[0], rtol=1e-9)
    np.testing.assert_allclose(found[1, :, 7], 3 * found[0, :, 7], rtol=1e-12)
    assert found[0, 0, 7] == pytest.approx(0.01, rel=0.1)


def test_losses_by_ticker_and_day_add_up_to_the_products_own_sums():
    shard, _ = walk.shard_of(a_file(tickers=NAMES), 2021)
    origins = baseline.forecast(shard)
    constant, _ = forecasts(shard, origins)
    kept, stale = ["irregular"] * len(shard), np.zeros(len(shard), bool)
    rows = predictions.join(shard, origins, constant, walk.UNCALIBRATED, kept, stale)
    days, losses = comparison.losses(rows, shard)
    scores = metrics.score(rows, shard)
    assert days.tolist() == scores["day"].tolist()
    for name in ("pinball", "qlike"):
        np.testing.assert_allclose(np.nansum(losses[name], axis=1), scores[name], rtol=1e-12)
    difference = losses["drift"] - losses["naive"]
    np.testing.assert_allclose(np.nansum(difference, axis=0), scores["day_loss"][:, 1], rtol=1e-9, atol=1e-15)
    assert np.isnan(losses["lstm"]).all()
    assert np.isnan(losses["naive"][:, :19, 2]).all()  # no target day lies so near to the first origin


def test_a_ratio_has_the_interval_of_a_bootstrap_and_diebold_marianos_t():
    rng = np.random.default_rng(2)
    theirs = rng.uniform(1, 2, 4000)
    ours = 0.9 * theirs + rng.normal(0, 0.1, 4000)
    ratio = comparison.compare(ours, theirs, 1)
    assert ratio.value == pytest.approx(ours.sum() / theirs.sum(), rel=1e-12)
    difference = ours - theirs
    error = difference.std() / np.sqrt(4000)  # days that do not depend on each other need no lags
    assert ratio.t == pytest.approx(difference.mean() / error, rel=0.1)
    # the interval is that of the ratio: residuals of ours over theirs, by the delta method
    half = 1.96 * (ours - ratio.value * theirs).std() / theirs.mean() / np.sqrt(4000)
    assert ratio.high - ratio.low == pytest.approx(2 * half, rel=0.1)
    assert ratio.low < ratio.value < ratio.high


def test_days_that_depend_on_each_other_widen_the_interval_and_lower_t():
    ours = 1 + np.repeat(np.random.default_rng(2).normal(0, 1, 50), 20)
    together = comparison.compare(ours, np.full(1000, 2.0), 20)
    half = 1.96 * ours.std() / 2 / np.sqrt(1000)  # as if they did not
    assert together.high - together.low > 3 * 2 * half
    difference = ours - 2
    assert abs(together.t) < abs(difference.mean()) / (difference.std() / np.sqrt(1000)) / 3


def test_the_same_forecasts_differ_by_nothing():
    losses = np.random.default_rng(1).uniform(1, 2, 100)
    assert comparison.compare(losses, losses, 5) == (1, 1, 1, 0)


def test_the_blocks_of_a_bootstrap_are_days_in_a_row():
    days = 200
    drawn = comparison.bootstrap(np.eye(days))
    assert (drawn.sum(axis=1) == days).all()
    neighbours = (drawn[:, :-1] == drawn[:, 1:]).mean()
    assert neighbours > 1 - 2 * (days / comparison.BLOCK) / days  # a block has two ends
    assert abs(drawn.mean(axis=0) - 1).max() < 0.1  # the first and the last day as often as others


def test_a_ratio_is_that_of_the_means_over_years(years):
    everyone = Figures(years)
    for horizon in HORIZONS:
        ratio = everyone.ratio(FORECAST, CONSTANT, "pinball", horizon)
        means = [everyone.mean(method, "pinball", horizon) for method in (FORECAST, CONSTANT)]
        assert ratio.value == pytest.approx(means[0] / means[1], rel=1e-9)
        assert ratio.value != 1
    assert everyone.ratio(FORECAST, VOLATILITY, "pinball", 1) == (1, 1, 1, 0)


def test_a_day_of_several_periods_is_one_day(years):
    once, twice = (Figures(years[:1] * times).ratio(FORECAST, CONSTANT, "pinball", 5) for times in (1, 2))
    assert twice == pytest.approx(once, rel=1e-9)


def test_methods_are_compared_on_the_same_tickers_and_days_or_not_at_all(years):
    with pytest.raises(ValueError, match="LSTM's own point lacks forecasts of 2020, 1 ahead"):
        Figures(years).ratio(LSTM, NAIVE, "squared", 1)


def test_missing_high_and_low_are_those_of_the_chosen_tickers_alone():
    shard, _ = walk.shard_of(a_file(tickers=NAMES), 2021)
    lacking = close_only.without(shard, ["B"])
    missing = np.repeat([False, True, False], np.diff(shard.offsets))
    for name in ("high", "low"):
        assert np.array_equal(getattr(lacking, name) == 0, missing)
        assert np.array_equal(getattr(lacking, name)[~missing], getattr(shard, name)[~missing])
    assert lacking.adjclose is shard.adjclose


def test_a_short_file_has_so_many_days_of_tickers_that_trade_on_all_of_them():
    rows = a_file(tickers=NAMES)
    gap = (rows["ticker"] == 1) & (rows["day"] % 50 == 0)  # B never has so many days in a row
    rows = walk.chosen_rows(rows, ~gap)
    drawn = [short.shard_of(rows, 2, np.random.default_rng(seed)) for seed in range(5)]
    for shard in drawn:
        assert shard.tickers.tolist() == ["A", "C"]
        assert np.diff(shard.offsets).tolist() == [short.ROWS] * 2
        assert np.ptp(shard.days) == short.ROWS - 1
        assert shard.bounds[0, 2] == 302
    assert len({int(shard.days[0]) for shard in drawn}) > 1
    with pytest.raises(ValueError, match="no 3 tickers have rows on 377 days in a row"):
        short.shard_of(rows, 3, np.random.default_rng(1))


def test_targets_say_no_where_a_bound_is_missed():
    assert targets.at_most("x", 1.02, [1.01, 1.02]).met
    assert not targets.at_most("x", 1.02, [1.01, 1.03]).met
    assert targets.within("x", [0.785, 0.815], 0.8, 0.015).met
    assert not targets.within("x", [0.784], 0.8, 0.015).met


def test_a_rival_must_lose_at_1_and_5_days_and_may_win_by_chance_at_20(years, monkeypatch):
    by_value = {1: (0.999, 0.9), 5: (1.001, 0.9), 20: (1.05, 0.99)}
    monkeypatch.setattr(Figures, "ratio", lambda *given: comparison.Ratio(*by_value[given[-1]], 2.0, 0.0))
    found = list(targets.rivals(Figures(years), "all", (CONSTANT,)))
    assert [target.met for target in found] == [True, False, True]
    by_value[20] = (1.05, 1.01)
    assert not list(targets.rivals(Figures(years), "all", (CONSTANT,)))[-1].met


def test_the_first_versions_figures_belong_to_its_own_file_years_and_subset(years, tmp_path):
    first = results.json.loads(results.FIRST_VERSION.read_text())
    assert re.fullmatch("[0-9a-f]{40}", first["commit"])
    csv = tmp_path / "stocknet88.csv"
    csv.write_text("other prices")
    assert results.recorded(csv, years) == {}


def results_of(years):
    lacking = {"all": [short_period(year) for year in years]}
    return results.Results(years, lacking, {1: lacking["all"][:1]}, {"all tickers": [1, 2, 3], "the subset": [1, 2, 3]})


def short_period(year):
    scores, losses = (
        dict.fromkeys(("ours", "close-only", "constant"), of["ours"]) for of in (year.scores, year.losses)
    )
    return walk.Period(year.name, year.subset, scores, year.days, losses)


def test_the_document_has_every_table_and_each_has_the_shape_of_today(years, monkeypatch):
    monkeypatch.setattr(comparison, "DRAWS", 50)
    made = {table.key: table for table in results.tables(results_of(years))}
    elsewhere = {"forest", "priors", "health", "health-false", "health-wild", "health-cost"}
    elsewhere |= {"cap", "ranges", "hosts", "ageing", "days", "days-calendars"}
    assert set(tables.keys("stocknet88")) == set(made) | elsewhere
    assert set(tables.keys("prices")) < set(made)
    assert tables.keys("invented") == ["size"]
    for data in ("stocknet88", "prices"):
        for key in set(tables.keys(data)) - elsewhere:
            title, _, header, *_ = tables.sections.read(tables.DOCUMENT, f"{data}-{key}").splitlines()
            assert title.strip("*").split(",")[0] == made[key].title.split(",")[0]
            assert header.count("|") == len(made[key].header) + 1


def test_tables_go_into_the_sections_that_a_document_has(tmp_path):
    document = tmp_path / "results.md"
    document.write_text(
        "<!-- us-a: written by x -->\n<!-- end of us-a -->\n<!-- eu-b: written by x -->\n<!-- end of eu-b -->\n"
    )
    made = [tables.Table(key, f"T{key}", ("h",), [("1",)]) for key in "ab"]
    tables.write("us", made, document)
    assert document.read_text() == (
        "<!-- us-a: written by x -->\n**Ta**\n\n| h |\n| --- |\n| 1 |\n<!-- end of us-a -->\n"
        "<!-- eu-b: written by x -->\n<!-- end of eu-b -->\n"
    )


def test_fewer_trees_must_halve_the_cost_and_keep_the_errors():
    first, good, dear, worse = (
        forest.Measured(cpu, np.array(errors))
        for cpu, errors in ((1, (5, 3, 2)), (0.5, (5.05, 3, 2)), (0.6, (5, 3, 2)), (0.3, (5, 3, 2.05)))
    )
    for today, verdict in ((good, "met"), (dear, "**not met**"), (worse, "**not met**")):
        table = forest.compared([[[first, today]], [[first, today]]])
        assert table.title.endswith(f": {verdict}")
    assert table.rows[-1][1:] == ("0.30", "1.0000", "1.0000", "1.0250")


def test_the_forest_is_measured_against_naive_on_the_same_days():
    shard, _ = walk.shard_of(a_file(), 2021)
    ticker = shard.of(0)
    found = forest.measure(ticker, 3)
    prices, before = ticker.rows["adjclose"], int(ticker.bounds[2])
    origins = np.arange(before, len(prices) - 5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baseline, "TREES", 3)
        forecast = baseline.random_forest(prices, origins, before, ticker.minmax)[:, 1]
    errors = [np.mean((prices[origins + 5] - made) ** 2) for made in (forecast, prices[origins])]
    assert found.error[1] == pytest.approx(np.sqrt(errors[0] / errors[1]), rel=1e-9)
    assert baseline.TREES == 2


def test_qlike_and_quantiles_are_the_products():
    assert list(rivals.LEVELS) == list(QUANTILES.values())
    assert volatility.qlike(np.array([1.0]), np.array([1.0]))[0] == 0
