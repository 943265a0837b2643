"""Which earlier runs are read, and what came of them, for a ticker that is forecast anew each evening."""

import datetime

import numpy as np
import pytest

from common import dataset, keys, storage, track_record, working
from common.events import NamedRun, Run
from stocks import schemas, traffic_light
from stocks.dataset import plan
from tests.support.athena_lake import said_rows
from tests.support.plans import draw, put_verdict, upload_rows

RUN: Run = {"run_id": "us-now", "dataset": "us", "shards": 1}
DAYS = [datetime.date(2023, 1, 2) + datetime.timedelta(days=day) for day in range(420)]
EVENING, MORNING = 21.5, 33.0  # hours after the day's beginning


def prices(breaches: int) -> list[float]:
    """Of every so manieth day the price is 10 % higher, and back on the next: two moves beyond 5 %."""
    return [110.0 if day % breaches == 0 else 100.0 for day in range(len(DAYS))]


def publish(number: int, price: float, hours: float = EVENING, name: str = "A") -> None:
    """A run with the term and the last day of this number, which forecasts the next day."""
    day = datetime.datetime.combine(DAYS[number], datetime.time(), datetime.UTC)
    run: NamedRun = {"run_id": f"us-{number:03d}", "dataset": "us"}
    finished = day + datetime.timedelta(hours=hours)
    dataset.publish(run, plan.Run(run_id=run["run_id"], term=number + 1, finished=finished))
    storage.put("lake", keys.lake("runs", run, keys.part(0)), b"row")
    rows = said_rows((name, DAYS[number].isoformat(), 1, DAYS[number + 1].isoformat(), price))
    storage.put(
        "lake", keys.lake("predictions", run, f"future-{keys.part(0)}"), schemas.to_parquet("predictions", rows)
    )


def table(values: list[float]) -> None:
    """The table of this run."""
    first = (DAYS[0] - datetime.date(1970, 1, 1)).days
    day = np.arange(first, first + len(values), dtype=np.int32)
    ticker = np.zeros(len(values), np.int32)
    rows = {"tickers": np.array(["A"]), "ticker": ticker, "day": day, "adjclose": np.array(values)}
    working.put_arrays(RUN, "rows", rows, 0)


def files_read(s3) -> int:
    return sum(call == "get_object" and "/future-" in key for call, key in s3.calls)


def test_so_many_runs_are_read_as_a_window_needs(s3):
    values = prices(20)
    for number in range(400):
        publish(number, values[number])
    table(values[:401])
    score = track_record.score(RUN, 401, {}, {})[1]
    found = traffic_light.judge(*score.by_day())
    assert (found.days, found.light) == (250, "yellow")  # 25 of 250
    assert files_read(s3) == 300
    assert score.forecasts == 300


def test_a_dataset_whose_runs_end_in_the_morning_has_no_light_and_does_not_read_for_ever(s3, monkeypatch):
    monkeypatch.setattr(track_record, "MOST_RUNS", 130)
    for number in range(300):
        publish(number, 100, MORNING)
    table([100.0] * 301)
    score = track_record.score(RUN, 301, {}, {})[1]
    assert (score.forecasts, traffic_light.judge(*score.by_day()).light) == (0, None)
    assert files_read(s3) == 130


def test_a_run_that_is_tried_again_after_its_row_does_not_take_its_own_days_for_told(s3):
    publish(0, 100)
    publish(1, 110)  # this run's own
    table([100, 110])
    score = track_record.score(RUN, 2, {}, {})[1]
    assert [(breach.ticker, breach.price) for breach in score.breaches] == [("A", pytest.approx(110))]


def test_a_day_that_the_run_before_had_is_not_new_though_its_ticker_had_ended_there(s3):
    publish(0, 100)
    table([100, 110])
    last = (DAYS[1] - datetime.date(1970, 1, 1)).days
    score = track_record.score(RUN, 2, {}, {"A": track_record.Before("stale", last, [])})[1]
    assert (score.forecasts, score.new, score.breaches) == (1, 0, [])


def test_runs_whose_forecasts_somebody_deleted_are_left_out(s3):
    publish(0, 100)
    publish(1, 110)
    del s3.objects["lake", "predictions/dataset=us/run_id=us-000/future-00000.parquet"]
    table([100, 110, 110])
    assert track_record.score(RUN, 3, {}, {})[1].forecasts == 1


def test_a_run_that_forecast_nothing_is_left_out(s3):
    publish(0, 100)
    run: NamedRun = {"run_id": "us-000", "dataset": "us"}
    none = schemas.to_parquet("predictions", {name: [] for name in schemas.SCHEMAS["predictions"].names})
    storage.put("lake", keys.lake("predictions", run, f"future-{keys.part(0)}"), none)
    table([100, 110])
    assert track_record.score(RUN, 2, {}, {})[1].forecasts == 0


def test_a_forecast_of_a_ticker_that_the_table_lacks_counts_nowhere(s3):
    publish(0, 100, name="GONE")
    publish(1, 100)
    table([100, 100, 120])
    assert track_record.score(RUN, 3, {}, {})[1].forecasts == 1


def test_what_the_run_before_had_of_each_ticker(s3):
    earlier = draw(put_verdict(upload_rows()))
    run: NamedRun = {"run_id": earlier.run_id, "dataset": "us"}
    columns = {name: [None] for name in schemas.SCHEMAS["tickers"].names}
    known = (
        columns
        | {"ticker": ["A"], "status": ["stale"], "last_day": [datetime.date(1970, 1, 11)]}
        | {"notes": [["a note"]]}
    )
    storage.put("lake", keys.lake("tickers", run, keys.part(0)), schemas.to_parquet("tickers", known))
    assert track_record.before("us", earlier.run_id) == {"A": ("stale", 10, ["a note"])}
    assert track_record.before("us", "") == {}


def test_days_of_which_no_forecast_was_in_time_are_made_up_for_by_older_runs(s3, monkeypatch):
    monkeypatch.setattr(track_record, "BATCH", 10)
    monkeypatch.setattr(track_record, "SPARE_DAYS", 0)
    monkeypatch.setattr(traffic_light, "DAYS", 20)
    for number in range(80):
        publish(number, 100, MORNING if number % 2 else EVENING)
    table([100.0] * 81)
    score = track_record.score(RUN, 81, {}, {})[1]
    assert (score.forecasts, files_read(s3)) == (20, 40)


@pytest.mark.parametrize(("kept", "times"), [(400 << 20, 1), (0, 2)])
def test_days_that_are_not_scored_are_made_up_for_by_older_runs(s3, monkeypatch, kept, times):
    """Prices of many newer days were corrected since, so their forecasts count nowhere."""
    monkeypatch.setattr(track_record, "BATCH", 10)
    monkeypatch.setattr(track_record, "SPARE_DAYS", 3)
    monkeypatch.setattr(track_record, "KEPT", kept)
    monkeypatch.setattr(traffic_light, "DAYS", 20)
    for number in range(80):
        publish(number, 90 if 50 <= number < 75 else 100)
    table([100.0] * 81)
    score = track_record.score(RUN, 81, {}, {})[1]
    assert traffic_light.judge(*score.by_day()).light == "green"
    assert (score.forecasts, files_read(s3)) == (80 - 25, times * 80 + (times > 1) * 30)


def test_no_more_runs_are_read_for_days_that_are_not_scored_than_for_others(s3, monkeypatch):
    monkeypatch.setattr(track_record, "MOST_RUNS", 60)
    monkeypatch.setattr(traffic_light, "DAYS", 20)
    for number in range(80):
        publish(number, 90)
    table([100.0] * 81)
    assert (track_record.score(RUN, 81, {}, {})[1].forecasts, files_read(s3)) == (0, 60)


def test_the_first_forecast_of_a_day_counts_however_many_runs_are_read_at_a_time(s3, monkeypatch):
    """Three runs from the same day, of which the last knows better."""
    monkeypatch.setattr(track_record, "BATCH", 1)
    publish(0, 100)
    for term, bound in ((2, 110.0), (3, 130.0)):
        run: NamedRun = {"run_id": f"us-again-{term}", "dataset": "us"}
        finished = datetime.datetime.combine(DAYS[0], datetime.time(22, term), datetime.UTC)
        dataset.publish(run, plan.Run(run_id=run["run_id"], term=term, finished=finished))
        storage.put("lake", keys.lake("runs", run, keys.part(0)), b"row")
        rows = said_rows(("A", DAYS[0].isoformat(), 1, DAYS[1].isoformat(), 100)) | {"p975": [bound]}
        body = schemas.to_parquet("predictions", rows)
        storage.put("lake", keys.lake("predictions", run, f"future-{keys.part(0)}"), body)
    table([100, 120])
    assert [breach.high for breach in track_record.score(RUN, 4, {}, {})[1].breaches] == [105]


def test_of_many_later_runs_none_takes_the_place_of_an_earlier_one(s3, monkeypatch):
    """A replay scores the record of a run that hundreds have followed."""
    monkeypatch.setattr(track_record, "MOST_RUNS", 20)
    for number in range(40):
        publish(number, 100)
    table([100.0] * 41)
    assert track_record.score(RUN, 11, {}, {})[1].forecasts == 10
