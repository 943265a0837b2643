"""Series that are no ordinary stock, through the whole path: forecast sensibly, or skipped by name with the reason."""

import numpy as np
import pandas as pd
import pytest

from stocks.contract import HORIZONS, MODELS, QUANTILES
from tests.support import csv_files, pipeline, prices

FORECASTS = [*MODELS, *QUANTILES]
SERVED = FORECASTS[3:]  # prices that the endpoint says


def plain(name, rows=520):
    """The one series that most tickers of the file are bent from."""
    return csv_files.bars(name, 0).head(rows)


def scaled(name, factor, columns=prices.PRICES, until=520):
    bars = plain(name)
    bars.loc[: until - 1, list(columns)] *= factor
    return bars


def flat(name, price, since=0, until=520):
    bars = plain(name)
    bars.loc[since : until - 1, prices.PRICES] = price
    return bars


def without_spans(name):
    return plain(name).assign(open=np.nan, high=np.nan, low=np.nan, volume=np.nan)


def crossed(name):
    bars = plain(name)
    return bars.assign(high=bars["low"], low=bars["high"])


def twice(name):
    """Every row twice, far apart, and one of them a third time with another price."""
    other = plain(name).iloc[[50]].assign(adjclose=77.0)
    return pd.concat([plain(name), plain(name), other])


def gaps(name):
    kept = np.random.default_rng(4).random(520) > 0.1
    return plain(name)[kept]


@pytest.fixture(scope="module")
def ran():
    quiet = plain("QUIET")
    quiet.loc[100:352, "volume"] = 0
    broken = plain("BROKEN")
    broken.loc[10, "adjclose"] = 1e300
    return pipeline.run(
        csv_files.csv(
            broken,
            *(csv_files.bars(name, seed) for seed, name in enumerate(("ONE", "TWO", "THREE"), 1)),
            plain("PLAIN"), quiet, twice("TWICE"), without_spans("BARE"), crossed("CROSSED"), gaps("GAPS"),
            scaled("SPLIT", 100, ("open", "high", "low", "close"), until=300),
            scaled("TINY", 1e-6), scaled("HUGE", 1e4),
            flat("FLAT", 12.34), flat("FLAT-TINY", 0.00012), flat("HALTED", 50.1, since=280),
            flat("RESUMED", 99.9, until=470),
            plain("ENDED", 300), plain("STOPPED", 470),
            csv_files.bars("JUST", 5, 190, first="2021-03-19"), csv_files.bars("SHORT", 6, 189, first="2021-03-22"),
        ), kilobytes=170
    )  # fmt: skip


@pytest.fixture(scope="module")
def predictions(ran):
    table = ran.table("predictions")
    return {ticker: rows.reset_index(drop=True) for ticker, rows in table.groupby("ticker")}


def test_every_ticker_is_forecast_or_skipped_by_name(ran, predictions):
    assert sorted(predictions) == [
        "BARE", "BROKEN", "CROSSED", "FLAT", "FLAT-TINY", "GAPS", "HALTED", "HUGE", "JUST", "ONE", "PLAIN",
        "QUIET", "RESUMED", "SPLIT", "STOPPED", "THREE", "TINY", "TWICE", "TWO",
    ]  # fmt: skip
    test_from = ran.json("data.json")["cuts"]["test_from"]
    reasons = {
        "ENDED": "its last day is 2021-02-23, the dataset's is 2021-12-28",
        "JUST": "its last day is 2021-12-09, the dataset's is 2021-12-28",
        "SHORT": f"99 rows before the test period ({test_from}), 100 are needed",
        "STOPPED": "its last day is 2021-10-19, the dataset's is 2021-12-28",
    }
    tickers = ran.table("tickers").set_index("ticker")
    assert tickers["reason"][tickers["reason"] != ""].to_dict() == reasons
    assert tickers["status"].value_counts().to_dict() == {"forecast": 17, "stale": 3, "skipped": 1}
    assert set(tickers.index) == set(ran.table("prices")["ticker"]) == {*predictions, "ENDED", "SHORT"}
    assert ran.json("data.json")["tickers"] == 20


def test_every_forecast_is_a_price_and_every_interval_in_order(ran):
    table = ran.table("predictions")
    assert np.isfinite(table[FORECASTS]).all(axis=None)
    assert (table[FORECASTS] > 0).all(axis=None)
    assert (np.diff(table[list(QUANTILES)], axis=1) >= 0).all()
    for name in ("lstm", "forecast"):
        assert (np.abs(np.log(table[name] / table["naive"])) < 0.5).all()
    assert (table["lstm"] != table["forecast"]).mean() > 0.5
    assert table["expected_move"].between(0, 0.5).all()


def test_metrics_are_numbers_or_null(ran):
    for key, row in ran.metrics().items():
        for name, value in row.items():
            assert value is None or value == value, (key, name)
    assert ran.metrics()["*", "lstm", 1]["rmse_vs_naive_median"] < 1
    assert ran.metrics()["*", "forecast", 1]["rmse_vs_naive_median"] <= 1  # 1 where the gate is shut


@pytest.mark.parametrize("ticker", ["QUIET", "TWICE"])
def test_volume_and_repeated_rows_change_nothing(predictions, ticker):
    same(predictions[ticker], predictions["PLAIN"], 0)


def test_a_split_in_close_alone_changes_nothing(predictions):
    """The model reads adjclose and the ratio of high to low, which a split leaves alone."""
    same(predictions["SPLIT"], predictions["PLAIN"], 1e-6)


@pytest.mark.parametrize(("ticker", "factor"), [("TINY", 1e-6), ("HUGE", 1e4)])
def test_the_level_of_prices_changes_nothing_but_the_level(predictions, ticker, factor):
    rescaled = predictions[ticker].copy()
    rescaled[["actual", *FORECASTS]] /= factor
    # the forest's inputs are rounded otherwise, and which of two nearly equal cuts a tree takes hangs on that
    same(rescaled.drop(columns="random_forest"), predictions["PLAIN"].drop(columns="random_forest"), 2e-5)


def test_high_below_low_is_as_good_as_missing(predictions):
    same(predictions["CROSSED"], predictions["BARE"], 0)
    for name in ("lstm", *QUANTILES, "expected_move"):  # `forecast` is the last price for both where the gate is shut
        assert not np.allclose(predictions["BARE"][name], predictions["PLAIN"][name], rtol=1e-7)


@pytest.mark.parametrize(("ticker", "price"), [("FLAT", 12.34), ("FLAT-TINY", 0.00012), ("HALTED", 50.1)])
def test_a_price_that_stands_still_is_forecast_as_itself_with_no_width(ran, predictions, ticker, price):
    assert (predictions[ticker][FORECASTS if ticker != "HALTED" else SERVED] == price).all(axis=None)
    assert (predictions[ticker]["expected_move"] == 0).all()
    for horizon in HORIZONS:
        measured = ran.metrics()[ticker, "forecast", horizon]
        assert [measured[name] for name in ("rmse", "mae", "pinball")] == [0] * 3
        assert measured["qlike"] is None
        assert (measured["coverage80"], measured["coverage95"]) == (1, 1)
        for name in ("rmse_vs_naive", "mae_vs_naive", "directional_accuracy", "always_up_rate", "dm_t"):
            assert measured[name] is None
        for name in ("mase", "pinball_vs_constant"):
            assert measured[name] == (0 if ticker == "HALTED" else None)


def test_a_price_that_moves_again_gets_its_intervals_back(predictions):
    rows = predictions["RESUMED"]
    one_day = rows[rows["horizon"] == 1]
    moved = (one_day["naive"] != 99.9).to_numpy()
    for width in (one_day["p90"] - one_day["p10"], one_day["expected_move"]):
        assert (width[~moved] == 0).all()
        assert (width[moved] > 0).all()


def test_a_ticker_that_ended_before_the_test_has_no_forecast(ran):
    assert "ENDED" not in set(ran.table("predictions")["ticker"])
    measured = ran.metrics()["ENDED", "forecast", 1]
    assert measured["n"] == 0
    assert {value for name, value in measured.items() if name not in ("ticker", "model", "horizon", "n")} == {None}


def test_a_ticker_that_ends_inside_the_test_is_forecast_until_then(predictions):
    rows, other = predictions["STOPPED"], predictions["PLAIN"]
    assert set(rows["split"]) == {"test"}
    assert set(other["split"]) == {"test", "future"}
    both = rows.merge(other, on=["origin_date", "horizon"], suffixes=("", " of PLAIN"))
    assert len(both) == len(rows) > 100
    served = [*SERVED, "expected_move"]
    np.testing.assert_allclose(both[served], both[[f"{name} of PLAIN" for name in served]], rtol=1e-6)


def test_a_hundred_rows_before_the_test_are_enough(ran, predictions):
    shard = next(s for s in map(ran.arrays, ran.below("shards/")) if "JUST" in s["tickers"])
    assert shard["bounds"][shard["tickers"].tolist().index("JUST"), 2] == 100
    assert (predictions["JUST"]["split"] == "test").sum() == (190 - 100) * 3 - 26


def test_gaps_count_the_tickers_own_rows(predictions):
    days = gaps("GAPS")["date"].tolist()
    rows = predictions["GAPS"]
    for row in rows[rows["split"] == "test"].itertuples():
        ahead = days.index(row.target_date.isoformat()) - days.index(row.origin_date.isoformat())
        assert ahead == row.horizon


def test_what_cannot_be_used_is_listed_with_line_and_reason(ran):
    listed = "".join(body.decode() for body in ran.below("rejected/").values())
    assert "12,adjclose '1e+300' is not a price from 1e-15 to 1e+15" in listed
    assert "has the same ticker and date with other values" in listed
    assert ran.json("data.json")["rejected_rows"] == 2


@pytest.fixture(scope="module")
def coin():
    """A file as a price site exports it: no ticker, close alone, every day of the week."""
    bars = csv_files.bars("", 8, 400)
    days = np.datetime64("2023-01-01") + np.arange(400)
    return pipeline.run(csv_files.csv(pd.DataFrame({"Date": days, "Close": bars["close"]})), name="BTC-USD.csv")


def test_a_single_coin_without_a_ticker_column_is_named_by_its_file(coin):
    table = coin.table("predictions")
    assert set(table["ticker"]) == {"BTC-USD"}
    future = table[table["split"] == "future"]
    assert [(row.target_date - row.origin_date).days for row in future.itertuples()] == list(HORIZONS)
    assert set(table["origin_date"].map(lambda day: day.weekday())) == set(range(7))
    assert 0.6 < coin.metrics()["*", "forecast", 1]["coverage80"] < 0.95
    assert coin.table("prices")[["open", "high", "low", "volume"]].isna().all(axis=None)


def test_a_file_too_short_to_train_on_has_no_lstm_and_says_so_first(coin):
    assert any("are needed to train" in reason for reason in coin.evidence()["fallback"])
    table, measured = coin.table("predictions"), coin.metrics()
    assert table["lstm"].isna().all()
    assert (table["forecast"] == table["naive"]).all()
    assert np.isfinite(table[[name for name in FORECASTS if name != "lstm"]]).all(axis=None)
    assert (table["expected_move"] > 0).all()
    assert (table["p90"] - table["p10"] > 0).all()
    for horizon in HORIZONS:
        of_lstm = measured["*", "lstm", horizon]
        assert of_lstm["n"] == 0
        assert {value for name, value in of_lstm.items() if name not in ("ticker", "model", "horizon", "n")} == {None}
        assert measured["*", "forecast", horizon]["n"] > 50
    assert coin.summary["headline"].startswith("No LSTM was trained")


def test_a_file_whose_only_price_never_moves_is_published():
    ran = pipeline.run(csv_files.csv(flat("FLAT", 12.34, until=300).head(300)))
    assert (ran.table("predictions")[[name for name in FORECASTS if name != "lstm"]] == 12.34).all(axis=None)
    assert ran.metrics()["*", "forecast", 1]["rmse_vs_naive"] is None
    assert ran.metrics()["*", "forecast", 1]["coverage80"] == 1
    assert b"FLAT" in ran.files["reports/report.html"]


def test_a_file_of_short_histories_is_stored_and_trains_nothing():
    csv = csv_files.csv(*(csv_files.bars(name, seed, 120) for seed, name in enumerate(("ONE", "TWO"))))
    with pipeline.cloud() as cloud:
        with pytest.raises(pipeline.Ended, match="none of 2 tickers has 100 days before the test period") as ended:
            cloud.send(csv)
        assert ended.value.args[0] == "too_short"
        tables = {key.partition("/")[0] for bucket, key in cloud.s3.objects if bucket == "lake"}
    assert tables == {"files", "history", "leads", "plans", "verdicts"}


def same(one, other, tolerance):
    """Two tickers' predictions but for their names."""
    pd.testing.assert_frame_equal(
        one.drop(columns="ticker"), other.drop(columns="ticker"), check_exact=tolerance == 0, rtol=tolerance or 1e-5
    )
