"""What was said and what happened, on prices whose outcome is known by hand and by a slow recomputation."""

import datetime

import numpy as np
import pytest

from stocks import track
from stocks.reporting import tables

DAY = 86_400
LONG_AGO = 0
START = 20_000  # a day


def table(prices: dict[str, list[float]], first: int = START, gaps: dict[int, int] | None = None) -> dict:
    """Rows of consecutive days; gaps are days that are left out before a row, by its place."""
    names = sorted(prices)
    left_out = {name: np.cumsum([(gaps or {}).get(at, 0) for at in range(len(prices[name]))]) for name in names}
    day = {name: first + np.arange(len(prices[name])) + left_out[name] for name in names}
    return {
        "tickers": np.array(names),
        "ticker": np.concatenate([np.full(len(prices[name]), at, np.int32) for at, name in enumerate(names)]),
        "day": np.concatenate([day[name] for name in names]).astype(np.int32),
        "adjclose": np.concatenate([np.array(prices[name], float) for name in names]),
    }


def said(*rows: tuple) -> track.Said:
    """Rows of ticker, origin, horizon, last price, forecast and, if it is not long ago, when it was published."""
    full = [row if len(row) == 6 else (*row, LONG_AGO) for row in rows]
    ticker, origin, horizon, naive, forecast, finished = zip(*full, strict=True)
    days, prices = np.array(origin, np.int32), np.array(naive, float)
    bounds = {"p025": prices * 0.9, "p10": prices * 0.95, "p90": prices * 1.05, "p975": prices * 1.1}
    return track.Said(
        ticker=np.array(ticker), origin_date=days, target_date=days + np.array(horizon, np.int32),
        horizon=np.array(horizon, np.int32), naive=prices, forecast=np.array(forecast, float),
        finished=np.array(finished, np.int64), run=np.zeros(len(days), np.int64), **bounds,
    )  # fmt: skip


def scored(forecasts: track.Said, rows: dict, rescaled: dict | None = None) -> dict[int, track.Score]:
    """Of one run that had the upload "before"."""
    scores = track.empty()
    track.add(scores, forecasts, rows, rescaled or {}, [{"before"}])
    return scores


def test_a_forecast_is_measured_by_the_row_that_came():
    rows = table({"A": [100, 102, 90], "B": [10, 10]})
    score = scored(said(("A", START, 1, 100, 101), ("B", START, 1, 10, 10)), rows)[1]
    assert (score.forecasts, score.days) == (2, {START + 1})
    assert score.naive_error == pytest.approx(0.02**2)
    assert score.forecast_error == pytest.approx(0.01**2)
    assert (score.inside_80, score.inside_95) == (2, 2)


def test_bounds_are_those_of_the_ranges():
    rows = table({"A": [100, 107, 120]})
    assert scored(said(("A", START, 1, 100, 100)), rows)[1].inside_80 == 0
    assert scored(said(("A", START, 1, 100, 100)), rows)[1].inside_95 == 1


def test_a_day_that_has_not_come_and_a_ticker_that_is_gone_do_not_count():
    rows = table({"A": [100, 102]})
    forecasts = said(("A", START + 1, 1, 102, 102), ("A", START, 5, 100, 100), ("Z", START, 1, 5, 5))
    assert sum(score.forecasts for score in scored(forecasts, rows).values()) == 0


def test_the_next_ticker_is_not_taken_for_the_days_to_come():
    rows = table({"A": [100, 102], "B": [7, 7, 7]})
    assert scored(said(("A", START + 1, 1, 102, 102)), rows)[1].forecasts == 0


def test_what_was_published_on_the_day_itself_is_not_live():
    rows = table({"A": [100, 102]})
    midnight = (START + 1) * DAY
    assert scored(said(("A", START, 1, 100, 100, midnight)), rows)[1].forecasts == 0
    assert scored(said(("A", START, 1, 100, 100, midnight - 1)), rows)[1].forecasts == 1


def test_a_row_far_from_the_day_that_was_meant_does_not_count():
    assert scored(said(("A", START, 1, 100, 100)), table({"A": [100, 102]}, gaps={1: 5}))[1].forecasts == 1
    assert scored(said(("A", START, 1, 100, 100)), table({"A": [100, 102]}, gaps={1: 6}))[1].forecasts == 0


def test_a_split_since_then_changes_nothing_and_a_correction_leaves_the_forecast_out():
    rows = table({"A": [50, 51]})
    forecasts = said(("A", START, 1, 100, 101))
    assert scored(forecasts, rows)[1].forecasts == 0
    score = scored(forecasts, rows, {"A": [("before", 0.994), ("after", 0.5)]})[1]
    assert (score.forecasts, score.naive_error) == (1, pytest.approx(0.02**2))
    assert scored(forecasts, rows, {"A": [("later", 0.5), ("latest", 0.994)]})[1].forecasts == 0
    assert scored(forecasts, table({"A": [49.7, 51]}), {"A": [("later", 0.5), ("latest", 0.994)]})[1].forecasts == 1


def test_a_ratio_from_before_the_run_explains_nothing():
    """A vendor that halves the prices of a ticker once more, which had split years ago."""
    forecasts, rows = said(("A", START, 1, 100, 101)), table({"A": [50, 101]})
    assert scored(forecasts, rows, {"A": [("before", 0.5)]})[1].forecasts == 0


def test_the_first_of_several_forecasts_counts():
    kept = track.first(said(("A", 1, 1, 5, 5.1), ("B", 1, 1, 5, 5.2), ("A", 1, 1, 5, 5.9), ("A", 1, 5, 5, 5.3)))
    assert kept.forecast.tolist() == [5.1, 5.2, 5.3]


def test_many_shards_add_up_to_a_slow_recomputation():
    """The rule once more, row by row with dictionaries, on random walks with gaps; another mind's code."""
    rng = np.random.default_rng(7)
    prices = {f"T{at}": (100 * np.exp(np.cumsum(rng.normal(0, 0.02, 80)))).tolist() for at in range(6)}
    rows = table(prices, gaps={20: 3, 50: 9})
    by_ticker = {name: rows["day"][rows["ticker"] == at].tolist() for at, name in enumerate(rows["tickers"].tolist())}
    wanted = [
        (name, by_ticker[name][at], horizon, prices[name][at], prices[name][at] * 1.001)
        for name in prices for at in range(80) for horizon in (1, 5, 20)
    ]  # fmt: skip
    scores = track.empty()
    for own in (["T0", "T1"], ["T2"], ["T3", "T4", "T5"]):
        at = np.isin(rows["ticker"], np.searchsorted(rows["tickers"], own))
        shard = {name: rows[name][at] for name in ("day", "adjclose")}
        shard |= {"tickers": np.array(own), "ticker": rows["ticker"][at] - rows["ticker"][at].min()}
        track.add(scores, said(*wanted), shard, {}, [set()])
    for horizon, score in scores.items():
        errors = []
        for name, origin, ahead, last, _ in wanted:
            days = by_ticker[name]
            place = days.index(origin) + ahead
            if ahead == horizon and place < 80 and abs(days[place] - origin - ahead) <= 5:
                errors.append(prices[name][place] / last - 1)
        assert score.forecasts == len(errors)
        assert score.naive_error == pytest.approx(sum(error**2 for error in errors))


def test_the_report_has_no_track_record_before_a_day_has_come():
    assert tables.track(track.empty()) is None
    scores = scored(said(("A", START, 1, 100, 101)), table({"A": [100, 102]}))
    shown = tables.track(scores)
    assert [cell.text for cell in shown.rows[0].cells] == ["1", "1", "0.500×", "100.0 %", "100.0 %"]
    assert [cell.text for cell in shown.rows[1].cells] == ["0", "0", "–", "–", "–"]


def test_future_rows_of_a_run_are_read_from_its_file():
    import io

    import pyarrow.parquet as pq

    from stocks import schemas
    from tests.support.athena_lake import prediction_rows

    body = schemas.to_parquet("predictions", prediction_rows())
    finished = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    read = schemas.said(pq.read_table(io.BytesIO(body)), finished)
    assert read.origin_date.tolist() == [19_724, 19_725]
    assert read.forecast.tolist() == [102.0, 102.0]
    assert set(read.finished.tolist()) == {1_767_225_600}
