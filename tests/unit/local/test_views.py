"""The views of queries/views on runs whose outcome is known: whole runs only, and the newest."""

import datetime
import re

import pytest

from stocks.reporting import page
from tests.support.athena_lake import (
    START,
    Lake,
    metrics_rows,
    prediction_rows,
    price_rows,
    run_row,
    ticker_rows,
)
from tests.support.cloud import ROOT
from tools.generate import queries

RUNS = {"us-old", "us-new", "eu-1", "uk-2", "jp-old", "jp-new", "ch-old", "ch-new"}
OLD = dict.fromkeys(["term", "files", "new_files", "missing", "base_run"])
VIEWS = [view.name for view in queries.views()]
WITH_ALL = ("backtest", "latest_forecast", "leaderboard", "run_history", "track_record")  # of which every run has rows


@pytest.fixture(scope="module")
def lake(laptop):
    """One dataset with an older run, a newer one that finished first and a failed one; another with one run; a third
    whose last run is of the tables' first version; a fourth that shows a run of another schema, and a fifth with one
    run before runs had terms and a newer one."""
    made = Lake(laptop)
    made.make()
    for dataset, run_id, price, row in (
        ("us", "us-old", 100.0, run_row(0, 30, source_version="v1", started=START + datetime.timedelta(minutes=15))),
        ("us", "us-new", 200.0, run_row(-5, 20, term=2, source_version="v2", started=START, new_files=["G3"])),
        ("eu", "eu-1", 10.0, run_row(1, 2)),
        ("jp", "jp-new", 20.0, run_row(5, 20, **OLD)),
        ("jp", "jp-old", 30.0, run_row(0, 30, **OLD)),
        ("ch", "ch-new", 40.0, run_row(0, 10)),
        ("ch", "ch-old", 50.0, run_row(5, 30, **OLD)),
    ):
        made.put("predictions", dataset, run_id, prediction_rows(price))
        made.put("metrics", dataset, run_id, metrics_rows())
        made.put("runs", dataset, run_id, row)
        made.put("tickers", dataset, run_id, ticker_rows("NEW", "SHORT"))
    made.put("prices", "us", "us-old", price_rows("A", ["2024-01-03"], [7.0]))
    made.put("prices", "us", "us-new", price_rows("A", ["2024-01-03", "2024-01-04"], [1.0, 2.0]))
    made.put_file("F1")
    made.put_file("W2")
    made.put_file("E2", dataset="eu")
    made.put_file("X3", verdict="rejected", reason="no column date", rows=0, first_day=None, last_day=None)
    made.put("predictions", "us", "us-failed", prediction_rows(300.0))
    made.put("metrics", "us", "us-failed", metrics_rows())
    made.put("predictions", "asia", "asia-failed", prediction_rows(400.0))
    for run_id, minutes, put in (("uk-2", 0, made.put), ("uk-1", 60, made.put_of_schema_1)):
        put("predictions", "uk", run_id, prediction_rows(50.0))
        put("metrics", "uk", run_id, metrics_rows())
        put("runs", "uk", run_id, run_row(minutes, minutes + 9))
    for dataset, run_id, term in (("us", "us-new", 2), ("eu", "eu-1", 1), ("uk", "uk-2", 1), ("ch", "ch-new", 1)):
        made.show(dataset, run_id, term)
    made.show("jp", "jp-new", 1, schema=1)
    made.register()
    made.make_views()
    return made


@pytest.mark.parametrize("view", queries.views(), ids=VIEWS)
def test_a_view_gives_the_columns_that_its_file_declares(lake, view):
    """A type that differs from the declared one makes the view stale, here as on AWS."""
    asked = lake.ask(f"select * from {view.name}")
    assert asked.state == "SUCCEEDED", asked.reason
    assert asked.rows[0] == [column.name for column in view.columns]


@pytest.mark.parametrize("view", VIEWS)
def test_a_run_without_its_row_is_invisible(lake, view):
    asked = lake.ask(f"select distinct run_id from {view} where run_id is not null")
    assert {row[0] for row in asked.rows[1:]} <= RUNS
    assert lake.ask(f"select count(*) from {view} where dataset = 'asia'").rows[1] == ["0"]


@pytest.mark.parametrize("view", ["latest_forecast", "backtest", "leaderboard"])
def test_the_newest_run_is_the_one_that_latest_names_though_another_was_uploaded_started_or_finished_later(lake, view):
    """One of another schema is not shown."""
    asked = lake.ask(f"select distinct dataset, run_id from {view} order by 1")
    newest = [["ch", "ch-new"], ["eu", "eu-1"], ["uk", "uk-2"], ["us", "us-new"]]
    assert asked.rows[1:] == newest


@pytest.mark.parametrize("view", VIEWS)
def test_a_run_of_the_first_schema_is_in_no_view(lake, view):
    found = lake.ask(f"select distinct run_id from {view} where dataset = 'uk'").rows[1:]
    assert found == ([["uk-2"]] if view in WITH_ALL else [])
    assert lake.ask("select count(*) from runs where dataset = 'uk'").rows[1] == ["2"]


def test_the_newest_forecast_has_one_row_per_ticker_and_horizon(lake):
    asked = lake.ask(
        "select ticker, horizon, target_date, last_price, forecast, p025, p10, p50, p90, p975, lstm, naive, drift, "
        "random_forest from latest_forecast where dataset = 'us'"
    )
    prices = ["200.0", "204.0", "190.0", "194.0", "200.0", "206.0", "210.0", "206.25", "200.0", "202.0", "160.0"]
    assert asked.rows[1:] == [["A", "1", "2024-01-04", *prices]]


def test_the_newest_forecast_says_its_prices_in_percent_too(lake):
    names = ("forecast_pct", "expected_move_pct", "p025_pct", "p10_pct", "p50_pct", "p90_pct", "p975_pct")
    (row,) = lake.ask(f"select {', '.join(names)} from latest_forecast where dataset = 'us'").rows[1:]
    assert [float(value) for value in row] == pytest.approx([2.0, 2.5, -5.0, -3.0, 0.0, 3.0, 5.0])


def test_the_backtest_has_the_errors_of_what_happened(lake):
    asked = lake.ask(
        "select target_date, actual, naive_error, drift_error, random_forest_error, lstm_error, forecast_error, "
        "inside_80, inside_95, expected_move from backtest where dataset = 'us'"
    )
    errors = ["-8.0", "-6.0", "-48.0", "-1.75", "-4.0"]
    assert asked.rows[1:] == [["2024-01-03", "208.0", *errors, "false", "true", "0.025"]]


def test_the_leaderboard_places_models_over_all_tickers_and_gives_none_to_a_model_without_a_figure(lake):
    asked = lake.ask(
        "select place, model, rmse_vs_naive, rmse_vs_naive_median, pinball_vs_constant from leaderboard "
        "where dataset = 'us' order by place"
    )
    assert asked.rows[1:] == [
        ["1", "forecast", "0.99", "0.995", "0.97"],
        ["2", "naive", "1.0", "1.0", None],
        ["3", "drift", "1.1", "1.05", None],
        [None, "lstm", None, None, None],
    ]


def test_a_model_that_is_worse_than_naive_is_never_better_beyond_chance(lake):
    """Of drift the errors by day are less, and the mean over tickers is more."""
    (best,) = (query for query in queries.named_queries() if query.name == "04_best_model")
    asked = lake.ask(f"select model, beats_naive, beyond_chance from ({best.sql}) where dataset = 'us' order by place")
    assert asked.rows[1:] == [
        ["forecast", "true", "true"],
        ["naive", "false", "false"],
        ["drift", "false", "false"],
        ["lstm", None, None],
    ]


def test_the_history_has_every_whole_run_and_marks_the_newest(lake):
    columns = "run_id, newest, term, minutes, source_version, new_files"
    asked = lake.ask(f"select {columns} from run_history where dataset = 'us' order by 1")
    new, old = ["us-new", "true", "2", "20.0", "v2"], ["us-old", "false", "1", "15.0", "v1"]
    assert asked.rows[1:] == [[*new, "[G3]"], [*old, "[F1, E2]"]]


def test_what_made_a_run_stands_in_the_run_history(lake):
    fraction = "json_extract_scalar(parameters, '$.test_fraction')"
    columns = f"seed, {fraction}, training_image, inference_image, training_instance_type, endpoint_instance_type"
    asked = lake.ask(f"select {columns} from run_history where run_id = 'us-new'")
    images = ["tensorflow-training:2", "tensorflow-inference:2"]
    assert asked.rows[1:] == [["1", "0.2", *images, "ml.m5.large", "ml.m5.large"]]


def test_runs_of_the_first_version_have_term_0(lake):
    asked = lake.ask("select run_id, newest, term from run_history where dataset in ('jp', 'ch') order by 1")
    ch, jp = [["ch-new", "true", "1"], ["ch-old", "false", "0"]], [["jp-new", "true", "0"], ["jp-old", "false", "0"]]
    assert asked.rows[1:] == ch + jp


@pytest.mark.parametrize(("dataset", "first"), [("us", "us-old"), ("ch", "ch-old"), ("jp", "jp-old")])
def test_the_track_record_has_what_was_said_first(lake, dataset, first):
    asked = lake.ask(f"select run_id, horizon, origin_date from track_record where dataset = '{dataset}'")
    assert asked.rows[1:] == [[first, "1", "2024-01-03"]]


def test_the_track_record_scores_what_was_said_on_the_basis_of_that_time(lake):
    """The origin's price was 100 then and is 1 now, which no recorded split explains."""
    columns = "state, live, origin_corrected, realised_date, last_price, price, move, naive_error"
    asked = lake.ask(f"select {columns} from track_record where dataset = 'us'")
    assert asked.rows[1:] == [["scored", "false", "true", "2024-01-04", "100.0", "200.0", "1.0", "-100.0"]]
    assert lake.ask("select state, price from track_record where dataset = 'ch'").rows[1:] == [["no_origin", None]]


def test_a_run_that_is_written_again_shows_once(lake):
    lake.put("predictions", "eu", "eu-1", prediction_rows(11.0))
    lake.put("runs", "eu", "eu-1", run_row(60, 70))
    lake.register()
    assert lake.ask("select last_price from latest_forecast where dataset = 'eu'").rows[1:] == [["11.0"]]
    assert lake.ask("select count(*) from run_history where dataset = 'eu'").rows[1] == ["1"]


@pytest.mark.parametrize("query", queries.named_queries(), ids=lambda query: query.name)
def test_a_named_query_runs(lake, query):
    asked = lake.ask(query.text)
    assert asked.state == "SUCCEEDED", asked.reason
    assert "failed" not in str(asked.rows)


PAGE = (ROOT / "docs" / "querying.md").read_text()


@pytest.mark.parametrize("shown", re.findall(r"```(?:sql)?\n((?:select|with) .*?)```", PAGE, re.DOTALL))
def test_a_query_that_the_page_shows_runs(lake, shown):
    asked = lake.ask(shown)
    assert asked.state == "SUCCEEDED", asked.reason


def test_the_query_of_the_runs_names_each_ticker_that_was_left_out_and_a_run_without_such_once(lake):
    lake.put("tickers", "eu", "eu-1", ticker_rows())
    (query,) = (one for one in queries.named_queries() if one.name == "10_runs")
    names, *rows = lake.ask(query.text).rows
    found = [dict(zip(names, row, strict=True)) for row in rows]
    without = [row["without_forecast"] for row in found if row["dataset"] == "us"]
    assert without == ["NEW", "SHORT"] * 2
    assert [row["without_forecast"] for row in found if row["dataset"] == "eu"] == [None]


def test_the_query_of_data_health_has_a_row_for_each_finding_of_the_newest_run(lake):
    (query,) = (one for one in queries.named_queries() if one.name == "15_data_health")
    names, *rows = lake.ask(query.text).rows
    found = [dict(zip(names, row, strict=True)) for row in rows]
    own = [(row["ticker"], row["status"], row["finding"]) for row in found if row["dataset"] == "us"]
    assert own == [("A", "forecast", "2024-01-03: a gap"), ("A", "forecast", "an end")]


def test_the_files_are_shown_with_the_run_that_first_had_them_and_without_where_they_wait_or_were_rejected(lake):
    """E2 is of another dataset, though a run of this one names an upload like it."""
    asked = lake.ask(
        "select upload, verdict, rows, run_id, published from file_history where dataset = 'us' order by 1"
    )
    published = "2026-11-23 04:10:01.500"
    assert asked.rows[1:] == [
        ["F1", "accepted", "100", "us-old", published],
        ["W2", "accepted", "100", None, None],
        ["X3", "rejected", "0", None, None],
    ]
    assert lake.ask("select upload, run_id from file_history where dataset = 'eu'").rows[1:] == [["E2", "eu-1"]]
    (query,) = (one for one in queries.named_queries() if one.name == "12_files")
    names, *rows = lake.ask(query.text).rows
    (rejected,) = [dict(zip(names, row, strict=True)) for row in rows if "rejected" in row]
    assert (rejected["reason"], rejected["columns_not_read"]) == ("no column date", "Open Interest, Id")


def test_the_latest_prices_are_those_of_the_newest_run(lake):
    asked = lake.ask("select date, adjclose, close from latest_prices where dataset = 'us' order by date")
    assert asked.rows[1:] == [["2024-01-03", "1.0", None], ["2024-01-04", "2.0", None]]


def test_what_moved_a_tickers_older_prices_can_be_asked_for(lake):
    columns = ", ".join(f"element_at(rescaled, 1).{name}" for name in ("upload", "ratio", "days"))
    asked = lake.ask(f"select {columns} from tickers where run_id = 'us-new' and ticker = 'A'")
    assert (asked.state, asked.rows[1:]) == ("SUCCEEDED", [["E2", "0.5", "40"]]), asked.reason


@pytest.mark.parametrize("file", sorted(page.QUERIES.glob("*.sql")), ids=lambda file: file.stem)
def test_a_query_of_the_report_finds_the_rows_of_its_own_run(lake, file):
    text = file.read_text(encoding="utf-8")
    asked = lake.ask(text.replace("<dataset>", "us").replace("<run_id>", "us-new"))
    assert asked.state == "SUCCEEDED", asked.reason
    of_all_runs = file.stem in ("breaches", "track")  # of which this lake has none
    assert (len(asked.rows) == 1) == of_all_runs, asked.rows
    if not of_all_runs:
        assert lake.ask(text.replace("<dataset>", "us").replace("<run_id>", "us-gone")).rows[1:] == []
