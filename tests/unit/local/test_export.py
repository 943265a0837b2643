"""results.duckdb and forecast.csv: their views say what the laptop's Athena says of the same runs."""

import csv
import json
import re
import subprocess

import pytest

from local import paths
from stockcast import export, results
from stockcast.target import Target
from stocks import schemas
from tests.support.athena_lake import (
    BUCKET,
    DATABASE,
    Lake,
    metrics_rows,
    prediction_rows,
    price_rows,
    run_row,
    said_rows,
    ticker_rows,
)
from tools.aws import Problem
from tools.generate import queries

VIEWS = [view.name for view in queries.views()]
READ = """
import duckdb, json, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
kinds = dict(connection.execute("select table_name, table_type from information_schema.tables").fetchall())
rows = {}
for name in kinds:
    found = connection.execute(f'select * from "{name}"')
    names = [column[0] for column in found.description]
    rows[name] = [names, *([None if v is None else str(v) for v in row] for row in found.fetchall())]
print(json.dumps([kinds, rows]))
"""


@pytest.fixture(scope="module")
def stack(laptop):
    """Two runs of us, the older with a forecast that has come true, and one of another dataset."""
    made = Lake(laptop)
    made.make()
    s3 = made.client("s3")
    said = said_rows(("A", "2026-11-20", 1, "2026-11-23", 7.0), ("A", "2026-11-20", 5, "2026-11-27", 7.0))
    for dataset, run_id in (("us", "us-old"), ("us", "us-new"), ("eu", "eu-1")):
        made.put("metrics", dataset, run_id, metrics_rows())
        made.put("tickers", dataset, run_id, ticker_rows("NEW"))
        made.put("runs", dataset, run_id, run_row(0, 10, term=2 if run_id == "us-new" else 1))
        if run_id != "us-old":
            made.put("predictions", dataset, run_id, prediction_rows(200.0))
    future = "predictions/dataset=us/run_id=us-old/future-00000.parquet"
    s3.put_object(Bucket=BUCKET, Key=future, Body=schemas.to_parquet("predictions", said))
    made.put("prices", "us", "us-new", price_rows("A", ["2026-11-20", "2026-11-23"], [7.0, 7.5]))
    made.put("prices", "eu", "eu-1", price_rows("A", ["2024-01-03"], [7.0]))
    for upload in ("F1", "E2"):
        made.put_file(upload)
        s3.put_object(Bucket=BUCKET, Key=f"verdicts/dataset=us/{upload}.json", Body=b"{}")
    made.put_file("X1", dataset="eu")
    made.show("us", "us-new", 2)
    made.show("eu", "eu-1", 1)
    made.register()
    made.make_views()
    yield Target(laptop, {"LakeBucket": BUCKET, "DatabaseName": DATABASE}, 0.1), made
    made.remove()


@pytest.fixture(scope="module")
def out(stack, tmp_path_factory):
    """A folder with a blank and a quote in its name, with what was fetched and written."""
    folder = tmp_path_factory.mktemp("of a run") / "anna's results"
    for table in results.TABLES:
        results._copy(stack[0], f"{table}/dataset=us/run_id=us-new/", results.emptied(folder / table, "*.parquet"))
    export.write(stack[0], "us", "us-new", folder)
    return folder


@pytest.fixture(scope="module")
def opened(out):
    """Kinds and rows of the file's tables and views, the names of the columns first, as another program reads them."""
    command = [paths.python("clients"), "-c", READ, str(out / export.DATABASE)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def plain(row: list[str | None]) -> list:
    """A row without the differences of Athena's and Python's texts: numbers as such, no zeros after a fraction."""
    return [as_number(re.sub(r"(\.\d*?)0+$", r"\1", value).rstrip(".")) if value else value or None for value in row]


def as_number(text: str):
    text = text.replace("'", "").lower() if text[:1] in "[TF" else text
    try:
        return round(float(text), 9)
    except ValueError:
        return text


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_of_the_file_has_the_rows_that_athena_gives(stack, opened, view):
    asked = stack[1].ask(f"select * from {view} where dataset = 'us'")
    assert asked.state == "SUCCEEDED", asked.reason
    names, *rows = opened[1][view]
    assert names == asked.rows[0]
    assert sorted(map(repr, map(plain, rows))) == sorted(map(repr, map(plain, asked.rows[1:])))
    assert rows or view == "breaches"


def test_a_forecast_of_an_older_run_that_came_true_is_on_the_record(opened):
    names, *rows = opened[1]["track_record"]
    scored = [row for row in rows if row[names.index("state")] == "scored"]
    assert [(row[names.index("run_id")], row[names.index("price")]) for row in scored] == [("us-old", "7.5")]


def test_no_view_stores_what_an_older_duckdb_cannot_read(opened):
    """DuckDB 1.2 to 1.4 open the file, but of a view with LEAD, as 2.0 stores it, they say: LEAD needs 1 parameter."""
    kinds = opened[0]
    assert kinds["track_record"] == "BASE TABLE"
    assert {kinds[view] for view in VIEWS if view != "track_record"} == {"VIEW"}


def test_the_file_has_no_row_of_another_dataset(opened):
    for names, *rows in opened[1].values():
        if "dataset" in names:
            assert {row[names.index("dataset")] for row in rows} <= {"us"}


def test_the_csv_is_the_view_of_the_newest_forecast(out, opened):
    with (out / export.FORECASTS).open(newline="") as file:
        names, *rows = csv.reader(file)
    assert names == opened[1]["latest_forecast"][0]
    assert sorted(map(repr, map(plain, rows))) == sorted(map(repr, map(plain, opened[1]["latest_forecast"][1:])))


def test_nothing_else_stays_in_the_folder(out):
    assert {file.name for file in out.iterdir()} == {*results.TABLES, export.DATABASE, export.FORECASTS}


def test_a_file_that_cannot_be_written_is_said_and_the_older_one_stays(stack, out, monkeypatch, tmp_path):
    before = (out / export.DATABASE).read_bytes()
    monkeypatch.setattr(results, "download", lambda *_: [])
    with pytest.raises(Problem, match=r"results.duckdb and forecast.csv were not written: .*[Nn]o files found"):
        export.write(stack[0], "us", "us-new", out)
    assert (out / export.DATABASE).read_bytes() == before
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    with pytest.raises(Problem, match="`make setup` installs what writes them"):
        export.write(stack[0], "us", "us-new", out)
