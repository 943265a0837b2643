import numpy as np
import pytest

from stocks import predictions, volatility
from stocks.contract import BASELINES, HORIZONS, MODELS, QUANTILES
from stocks.dataset import calendars
from tests.support import shards
from tests.support.exchanges import day, iso, span, weekdays, written
from tests.support.prices import walk

NO_CALIBRATION: dict[str, np.ndarray] = {"day": np.empty(0, np.int32), "stretch": np.empty((0, 3, 2))}


def files(shard, before=0) -> tuple[dict, dict]:
    """Baseline and forecast files of a shard whose every price is the row of its origin, or that plus 1000 or more."""
    found = []
    for extra, name, offset in ((0, "prices", [0.0] * 3), (before, "outputs", [2000.0, 1000.0, *range(1001, 1007)])):
        rows, bounds = np.diff(shard.offsets), shard.bounds[:, 2]
        origin = [np.arange(min(b, n - 1) - extra, n) for b, n in zip(bounds, rows, strict=True)]
        every = np.concatenate([np.empty(0, np.int64), *origin])
        offsets = np.concatenate([[0], np.cumsum([len(o) for o in origin], dtype=np.int64)])
        values = np.repeat((every[:, None] + np.array(offset))[:, None], 3, axis=1)
        found.append({"tickers": shard.tickers, "offsets": offsets, "origin": every, name: values})
    return found[0], found[1]


def join(shard, baseline, forecasts, calibration, stale=()):
    """The rows of a shard whose tickers have the calendars that their own days suggest."""
    kept = [calendars.infer(ticker.rows["days"], {}) for ticker in shard]
    ended = np.isin(shard.tickers, list(stale))
    return predictions.join(shard, baseline, forecasts, calibration, kept, ended)


def test_m_test_days_give_m_less_h_test_rows_and_one_future_row_per_horizon():
    shard = shards.shard({"A": walk(1, 268), "B": walk(2, 285), "ENDED": walk(3, 200)})
    rows = join(shard, *files(shard, before=30), NO_CALIBRATION)
    found = {
        (int(ticker), int(horizon)): [
            int(((rows["ticker"] == ticker) & (rows["horizon"] == horizon) & (rows["future"] == future)).sum())
            for future in (False, True)
        ]
        for ticker in range(3)
        for horizon in (1, 5, 20)
    }
    assert found == {
        (0, 1): [7, 1], (0, 5): [3, 1], (0, 20): [0, 1],
        (1, 1): [24, 1], (1, 5): [20, 1], (1, 20): [5, 1],
        (2, 1): [0, 1], (2, 5): [0, 1], (2, 20): [0, 1],
    }  # fmt: skip


def test_a_row_joins_the_price_h_rows_ahead_and_the_forecasts_of_its_origin():
    shard = shards.shard({"A": walk(1, 100), "B": walk(2, 270)})
    rows = join(shard, *files(shard, before=9), NO_CALIBRATION)
    row = int(np.flatnonzero((rows["ticker"] == 1) & (rows["horizon"] == 5) & ~rows["future"])[1])
    assert rows["origin_day"][row] == shards.weekdays(270)[261]
    assert rows["target_day"][row] == shards.weekdays(270)[266]
    assert rows["actual"][row] == shard.adjclose[100 + 266]
    assert [rows[name][row] for name in MODELS] == [261, 261, 261, 2261, 1261]
    assert [rows[name][row] for name in QUANTILES] == [1262, 1263, 1264, 1265, 1266]
    assert rows["expected_move"][row] == 1267


def test_variance_is_the_mean_of_the_days_from_origin_to_target():
    shard = shards.shard({"A": walk(1, 300), "B": walk(2, 270)})
    rows = join(shard, *files(shard), NO_CALIBRATION)
    daily = volatility.daily_variance(shard)
    for ticker, origin, horizon in ((0, 270, 1), (0, 270, 5), (1, 260, 5), (0, 279, 20)):
        day = shards.weekdays(300)[origin]
        chosen = (rows["ticker"] == ticker) & (rows["origin_day"] == day) & (rows["horizon"] == horizon)
        start = shard.offsets[ticker] + origin
        assert rows["variance"][chosen] == pytest.approx([daily[start + 1 : start + horizon + 1].mean()])
    assert np.array_equal(np.isnan(rows["variance"]), rows["future"])


def test_where_no_lstm_was_trained_it_has_no_price():
    shard = shards.shard({"A": walk(1, 270)})
    baseline, forecasts = files(shard)
    forecasts["outputs"][:, :, 0] = 0.0
    rows = join(shard, baseline, forecasts, NO_CALIBRATION)
    assert np.isnan(rows["lstm"]).all()
    assert np.isfinite([rows[name] for name in (*BASELINES, "forecast", *QUANTILES, "expected_move")]).all()


def test_rows_are_sorted_and_actual_is_missing_only_in_the_future():
    shard = shards.shard({"A": walk(1, 270), "B": walk(2, 280)})
    rows = join(shard, *files(shard), NO_CALIBRATION)
    order = list(zip(*(rows[name].tolist() for name in ("ticker", "horizon", "origin_day")), strict=True))
    assert order == sorted(order)
    assert np.array_equal(np.isnan(rows["actual"]), rows["future"])
    assert rows["origin_day"].dtype == rows["target_day"].dtype == np.int32


def test_the_future_is_counted_by_each_tickers_own_calendar():
    wednesday = "2024-07-03"
    days = {
        "COIN": span("2023-06-01", wednesday),
        "FILLED": weekdays("2023-06-01", wednesday),
        "STOCK": written("XNYS", last=wednesday),
        "WEEKLY": span("2021-06-02", wednesday)[::7],
    }
    shard = shards.shard({name: walk(1, len(own)) for name, own in days.items()}, day("2024-03-01"), days)
    expected = {
        "COIN": ["2024-07-04", "2024-07-08", "2024-07-23"],
        "FILLED": ["2024-07-04", "2024-07-10", "2024-07-31"],
        "STOCK": ["2024-07-05", "2024-07-11", "2024-08-01"],
        "WEEKLY": ["2024-07-10", "2024-08-07", "2024-11-20"],
    }
    found = predictions.future_days(shard, [calendars.infer(own, {}) for _, own in sorted(days.items())])
    assert found.dtype == np.int32
    assert dict(zip(shard.tickers.tolist(), map(iso, found), strict=True)) == expected
    rows = join(shard, *files(shard), NO_CALIBRATION)
    assert iso(rows["target_day"][rows["future"]]) == [target for own in expected.values() for target in own]


@pytest.mark.parametrize("stale", [{"A"}, {"B"}, {"A", "B"}])
def test_a_ticker_that_has_ended_has_its_test_rows_and_no_future_ones(stale):
    shard = shards.shard({"A": walk(1, 285), "B": walk(2, 285)})
    before, after = (join(shard, *files(shard), NO_CALIBRATION, ended) for ended in ((), stale))
    gone = before["future"] & np.isin(shard.tickers[before["ticker"]], list(stale))
    assert gone.sum() == len(stale) * len(HORIZONS)
    for name, values in after.items():
        np.testing.assert_array_equal(values, before[name][~gone])


def test_targets_of_the_future_are_sessions_of_the_calendar_that_is_given():
    shard = shards.shard({"A": walk(1, 285), "B": walk(2, 285)})
    rows = predictions.join(shard, *files(shard), NO_CALIBRATION, ["XNYS", "Mon-Sun"], np.zeros(2, bool))
    ahead = {name: rows["target_day"][rows["future"] & (rows["ticker"] == at)] for at, name in enumerate("AB")}
    last = int(shard.days[284])
    assert ahead["B"].tolist() == [last + horizon for horizon in HORIZONS]
    assert ahead["A"].tolist() == [int(calendars.sessions_ahead("XNYS", np.array([last]), h)[0]) for h in HORIZONS]
    assert ahead["A"][2] > ahead["B"][2]


def test_float32_rounding_of_a_price_that_stands_still_is_no_miss():
    """12.34 is no float32: an interval without width would lie beside the price."""
    rounded = np.full((1, 8), np.float64(np.float32(12.34)))
    rounded[:, -1] = 0
    named = predictions._named(np.full((1, 3), 12.34), rounded)
    assert {name: value.tolist() for name, value in named.items()} == {
        **{name: [12.34] for name in (*MODELS, *QUANTILES)},
        "expected_move": [0.0],
    }


def test_float32_rounding_of_the_last_price_is_naive():
    shard = shards.shard({"A": walk(1, 270)})
    baseline, forecasts = files(shard)
    baseline["prices"][:, :, 0] = shard.adjclose[260:, None]
    forecasts["outputs"][:, :, :2] = np.float32(shard.adjclose[260:, None, None])
    forecasts["outputs"][0, :, 1] *= 1 + 1e-5
    forecasts["outputs"][:, :, 7] = np.float32(shard.adjclose[260:, None])  # which is no price
    rows = join(shard, baseline, forecasts, NO_CALIBRATION)
    assert np.array_equal(rows["lstm"], rows["naive"])
    assert (rows["forecast"] == rows["naive"]).tolist() == (rows["origin_day"] != shard.days[260]).tolist()
    assert (rows["expected_move"] != rows["naive"]).all()


def test_only_the_range_is_stretched():
    shard = shards.shard({"A": walk(1, 261)})
    baseline, forecasts = files(shard)
    forecasts["outputs"][:] = [102, 101, 80, 90, 100, 120, 140, 0.5]
    calibration: dict[str, np.ndarray] = {"day": shard.days[-1:], "stretch": np.array([[[1.5, 2.0]] * 3])}
    rows = join(shard, baseline, forecasts, calibration)
    assert [rows[name].tolist() for name in ("lstm", "forecast", "expected_move")] == [[102] * 3, [101] * 3, [0.5] * 3]
    assert [rows[name][0] for name in QUANTILES] == [60, 85, 100, 130, 180]


def test_an_origin_without_a_forecast_is_an_error_that_names_it():
    shard = shards.shard({"A": walk(1, 262), "B": walk(2, 262)})
    baseline, forecasts = files(shard)
    forecasts["origin"] = np.array([260, 261, 259, 260])
    with pytest.raises(ValueError, match="1 origins lack a forecast, first B, row 261"):
        join(shard, baseline, forecasts, NO_CALIBRATION)


@pytest.mark.parametrize(("strange", "named"), [(0, "the shard and its baseline"), (1, "the shard and its forecasts")])
def test_files_of_other_tickers_are_not_joined(strange, named):
    shard = shards.shard({"A": walk(1, 262), "B": walk(2, 262)})
    both = list(files(shard))
    both[strange] = both[strange] | {"tickers": np.array(["A", "C"])}
    with pytest.raises(ValueError, match=f"{named} hold different tickers"):
        join(shard, *both, NO_CALIBRATION)
    both = [file | {"tickers": np.array(["A", "C"])} for file in files(shard)]
    with pytest.raises(ValueError, match="the shard and its baseline hold different tickers"):
        join(shard, *both, NO_CALIBRATION)


def test_a_shard_without_tickers_gives_no_rows():
    shard = shards.shard({})
    rows = join(shard, *files(shard), NO_CALIBRATION)
    assert {len(column) for column in rows.values()} == {0}
