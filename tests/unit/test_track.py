"""What was said and what happened, on prices whose outcome is known by hand and by a slow recomputation."""

import numpy as np
import pytest

from stocks import track
from stocks.reporting import tables
from tests.support.results import HELD

DAY = 86_400
LONG_AGO = 0
START = 20_000  # a day
UPLOADS = frozenset({"before"})  # of a run


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
    """Rows of ticker, origin, horizon, last price and forecast; ranges are 5 and 10 % to either side."""
    ticker, origin, horizon, naive, forecast = zip(*rows, strict=True)
    days, prices = np.array(origin, np.int32), np.array(naive, float)
    bounds = {"p025": prices * 0.9, "p10": prices * 0.95, "p50": prices, "p90": prices * 1.05, "p975": prices * 1.1}
    return track.Said(
        ticker=np.array(ticker), origin_date=days, target_date=days + np.array(horizon, np.int32),
        horizon=np.array(horizon, np.int32), naive=prices, forecast=np.array(forecast, float),
        **bounds,
    )  # fmt: skip


def scored(
    forecasts: track.Said, rows: dict, rescaled: dict | None = None, finished: int = LONG_AGO, until: dict | None = None
) -> dict[int, track.Score]:
    """Of one run that had the upload "before"."""
    record = track.Record(track.table([rows], START), rescaled or {}, until or {})
    record.add(forecasts, finished, UPLOADS)
    return record.close()


def test_a_forecast_is_measured_by_the_row_that_came():
    rows = table({"A": [100, 102, 90], "B": [10, 10]})
    score = scored(said(("A", START, 1, 100, 101), ("B", START, 1, 10, 10)), rows)[1]
    assert (score.forecasts, score.prices) == (2, {START + 1: 2})
    assert score.naive_error == pytest.approx(0.02**2)
    assert score.forecast_error == pytest.approx(0.01**2)
    assert (score.inside_80, score.inside_95) == (2, 2)


def test_a_price_that_stands_still_in_a_range_without_width_is_counted_apart():
    rows = table({"A": [10, 10], "B": [10, 10], "C": [10, 11]})
    forecasts = said(*((name, START, 1, 10, 10) for name in "ABC"))
    flat = np.array([10.0, 9.0, 10.0])
    score = scored(forecasts._replace(p025=flat, p975=np.array([10.0, 11.0, 10.0])), rows)[1]
    assert (score.prices, score.beyond) == ({START + 1: 3}, {START + 1: 1})
    assert score.still_by_day().tolist() == [1]


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
    assert scored(said(("A", START, 1, 100, 100)), rows, finished=midnight)[1].forecasts == 0
    assert scored(said(("A", START, 1, 100, 100)), rows, finished=midnight - 1)[1].forecasts == 1


def standing(rows, *forecasts, **known):
    return scored(said(*forecasts), table(rows), **known)[1].standings


def test_a_standing_says_where_the_last_price_came_in_half_widths_of_its_range():
    rows = {"A": [100, 104], "B": [100, 92], "C": [100, 85], "D": [100, 100]}
    found = standing(rows, *((name, START, 1, 100, 100) for name in rows))
    assert {name: one.place for name, one in found.items()} == {
        "A": pytest.approx(0.8), "B": pytest.approx(-1.6), "C": pytest.approx(-3), "D": 0,
    }  # fmt: skip
    assert {name: one.beyond for name, one in found.items()} == {"A": False, "B": False, "C": True, "D": False}
    assert [one.inside for one in found.values()] == [1, 0, 0, 1]


def test_a_standing_counts_every_day_and_places_the_last_one_only():
    forecasts = [("A", START, 1, 100, 100), ("A", START + 1, 1, 104, 104)]
    assert standing({"A": [100, 104, 90]}, *forecasts)["A"] == (2, 1, pytest.approx(-14 / 104 / 0.05), True)
    assert standing({"A": [100, 104, 90]}, forecasts[0])["A"] == (1, 1, None, False)
    assert standing({"A": [100, 104, 90], "B": [1, 1]}, forecasts[1]).keys() == {"A"}


def test_a_last_price_that_was_forecast_too_late_has_no_place():
    forecast = ("A", START, 1, 100, 100)
    assert standing({"A": [100, 104]}, forecast, finished=(START + 1) * DAY) == {}


def test_a_range_without_width_places_a_price_as_far_away_as_a_page_can_say():
    rows, flat = table({"A": [100, 101], "B": [100, 100]}), said(("A", START, 1, 100, 100), ("B", START, 1, 100, 100))
    flat = flat._replace(p10=flat.p50, p90=flat.p50)
    assert {name: one.place for name, one in scored(flat, rows)[1].standings.items()} == {"A": track.FAR, "B": 0}


def test_a_split_since_then_leaves_the_place_where_it_was():
    found = standing({"A": [50, 52]}, ("A", START, 1, 100, 100), rescaled={"A": [("after", 0.5)]})
    assert found["A"].place == pytest.approx(0.8)


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
    """A later run may know the outcome, whether it was published in time or not, and whether the first one was."""
    rows = table({"A": [100, 102, 101], "B": [10, 10, 10]})
    record = track.Record(track.table([rows], START), {}, {})
    record.add(said(("A", START, 1, 100, 101)), LONG_AGO, UPLOADS)
    record.add(said(("A", START, 1, 100, 150), ("B", START, 1, 10, 10)), LONG_AGO, UPLOADS)
    record.add(said(("A", START + 1, 1, 102, 102)), (START + 2) * DAY, UPLOADS)
    record.add(said(("A", START + 1, 1, 102, 150)), LONG_AGO, UPLOADS)
    score = record.close()[1]
    assert (score.forecasts, score.forecast_error) == (2, pytest.approx(0.01**2))


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
    shards = []
    for own in (["T4", "T5"], ["T2"], ["T0", "T1", "T3"]):
        at = np.isin(rows["ticker"], np.searchsorted(rows["tickers"], own))
        shard = {name: rows[name][at] for name in ("day", "adjclose")}
        shards.append(
            shard | {"tickers": np.array(own), "ticker": np.unique(rows["ticker"][at], return_inverse=True)[1]}
        )
    record = track.Record(track.table(shards, START), {}, {})
    for origin in sorted({row[1] for row in wanted}):  # a run a day
        record.add(said(*(row for row in wanted if row[1] == origin)), LONG_AGO, UPLOADS)
    scores = record.close()
    for horizon, score in scores.items():
        errors = []
        for name, origin, ahead, last, _ in wanted:
            days = by_ticker[name]
            place = days.index(origin) + ahead
            if ahead == horizon and place < 80 and abs(days[place] - origin - ahead) <= 5:
                errors.append(prices[name][place] / last - 1)
        assert score.forecasts == len(errors)
        assert score.naive_error == pytest.approx(sum(error**2 for error in errors))


def test_a_price_beyond_its_range_is_a_breach_as_surprising_as_it_is_far():
    rows = table({"A": [100, 112], "B": [10, 8.5], "C": [1, 1.1], "D": [2, 2.3]})
    score = scored(
        said(*((name, START, 1, price, price) for name, price in zip("ABCD", (100, 10, 1, 2), strict=True))), rows
    )[1]
    assert [(breach.ticker, breach.day) for breach in score.breaches] == [(n, START + 1) for n in ("B", "D", "A")]
    assert [breach.surprise for breach in score.breaches] == pytest.approx([1.5, 1.5, 1.2])
    assert score.breaches[2][3:6] == pytest.approx((112, 90, 110))
    assert (score.new, score.beyond) == (4, {START + 1: 3})
    assert (score.inside_95, score.forecasts) == (1, 4)


def test_a_range_without_width_is_the_greatest_surprise():
    flat = said(("A", START, 1, 100, 100), ("B", START, 1, 100, 100))
    still = flat._replace(p025=np.array([100.0, 90]), p975=np.array([100.0, 110]))
    score = scored(still, table({"A": [100, 100.5], "B": [100, 150]}))[1]
    assert [(breach.ticker, breach.surprise) for breach in score.breaches] == [("A", np.inf), ("B", pytest.approx(5))]


def test_a_breach_is_told_by_the_run_whose_table_has_its_day_first():
    rows, forecasts = table({"A": [100, 120, 100]}), said(("A", START, 1, 100, 100), ("A", START + 1, 1, 120, 120))
    told = [scored(forecasts, rows, until={"A": day})[1] for day in (START, START + 1, START + 2)]
    assert [[breach.day for breach in score.breaches] for score in told] == [[START + 2], [START + 2], []]
    assert [score.new for score in told] == [1, 1, 0]
    assert {score.forecasts for score in told} == {2}


def test_a_day_that_an_earlier_run_has_forecast_from_is_not_new_though_the_last_run_lacked_it():
    """A file that was left out for a run and is back."""
    record = track.Record(track.table([table({"A": [100, 120, 150]})], START), {}, {"A": START})
    record.add(said(("A", START, 1, 100, 100)), LONG_AGO, UPLOADS)
    record.add(said(("A", START + 1, 1, 120, 120)), LONG_AGO, UPLOADS)
    record.add(said(("A", START, 5, 100, 100)), LONG_AGO, UPLOADS)
    score = record.close()[1]
    assert [breach.day for breach in score.breaches] == [START + 2]


def test_a_split_changes_no_breach_and_its_prices_are_those_of_the_forecasts_time():
    score = scored(said(("A", START, 1, 100, 100)), table({"A": [50, 60]}), {"A": [("after", 0.5)]})[1]
    assert score.breaches[0][3:] == pytest.approx((120, 90, 110, 2.0))


def test_the_report_has_no_track_record_before_a_day_has_come():
    assert tables.track(track.empty(), HELD) is None
    assert tables.breaches(track.empty()) is None
    scores = scored(said(("A", START, 1, 100, 101)), table({"A": [100, 102]}))
    shown = tables.track(scores, HELD)
    assert [cell.text for cell in shown.rows[0].cells] == ["1", "1", "0.500×", "100.0 %", "100.0 %"]
    assert [cell.text for cell in shown.rows[1].cells] == ["0", "0", "–", "–", "–"]


def test_future_rows_of_a_run_are_read_from_its_file():
    import io

    import pyarrow.parquet as pq

    from stocks import schemas
    from tests.support.athena_lake import prediction_rows

    body = schemas.to_parquet("predictions", prediction_rows())
    read = schemas.said(pq.read_table(io.BytesIO(body)))
    assert read.origin_date.tolist() == [19_724, 19_725]
    assert read.forecast.tolist() == [102.0, 102.0]
    assert (read.p50.tolist(), read.p975.tolist()) == ([100.0, 100.0], [105.0, 105.0])


def test_a_long_name_does_not_widen_the_rows():
    """Tickers of 64 characters are allowed; a row that held its name would take 256 bytes for it."""
    rows = {name: np.zeros(1000, np.int32) for name in ("ticker", "day")} | {"adjclose": np.ones(1000)}
    rows["day"] = np.arange(1000, dtype=np.int32)
    made = track.table([rows | {"tickers": np.array(["L" * 64])}, rows | {"tickers": np.array(["A"])}], 500)
    assert sum(column.nbytes for name, column in made.items() if name != "tickers") <= 24 * 1000
    assert (made["tickers"].tolist(), np.bincount(made["ticker"]).tolist()) == (["A", "L" * 64], [500, 500])
