"""queries/ against the template: one source for views and named queries."""

import dataclasses
import json
import re

import pyarrow as pa
import pytest

from stocks import contract, metrics, schemas
from stocks.dataset.latest import Latest
from stocks.reporting import tables, wording
from tests.support import expected_queries
from tests.support.template import resources
from tools.generate import queries

VIEWS = {view.name: view for view in queries.views()}
NAMED = {query.name: query for query in queries.named_queries()}
TABLES = {table["TableInput"]["Name"]: table for table in resources("AWS::Glue::Table").values()}
HIVE = {
    pa.string(): "string", pa.int64(): "bigint", pa.int32(): "int", pa.date32(): "date",
    pa.timestamp("ms"): "timestamp", pa.list_(pa.string()): "array<string>",
}  # fmt: skip
IN_TEMPLATE = {name: table for name, table in TABLES.items() if table["TableInput"]["TableType"] == "VIRTUAL_VIEW"}


def test_the_views():
    assert set(VIEWS) == {
        "backtest", "breaches", "file_history", "latest_forecast", "latest_prices", "leaderboard", "run_history",
        "track_record",
    }  # fmt: skip
    assert set(IN_TEMPLATE) == set(VIEWS)


@pytest.mark.parametrize("name", VIEWS)
def test_a_views_text_is_what_athena_reads(name):
    table = IN_TEMPLATE[name]
    assert table["DatabaseName"] == {"Ref": "Database"}
    given = table["TableInput"]
    assert (given["TableType"], given["ViewExpandedText"]) == ("VIRTUAL_VIEW", "/* Presto View */")
    assert given["Parameters"] == {"presto_view": "true", "comment": "Presto View"}
    separator, (before, encoded, after) = given["ViewOriginalText"]["Fn::Join"]
    assert (separator, before, after) == ("", "/* Presto View: ", " */")
    text = encoded["Fn::Base64"]["Fn::Sub"]
    assert text.count("${") == 1, "CloudFormation replaces the database's name and nothing else"
    stored = json.loads(text)
    assert (stored["originalSql"], stored["schema"]) == (VIEWS[name].sql, "${Database}")
    assert [column["name"] for column in stored["columns"]] == [
        column["Name"] for column in given["StorageDescriptor"]["Columns"]
    ]


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_joins_on_the_runs(name):
    """On all of them, on the one that `latest` names, or on a view that does; of files it shows all."""
    assert re.search(r"\b(from runs|(from|join) run_history r|join latest l on|from track_record)\b", VIEWS[name].sql)


def test_only_the_history_reads_the_runs_and_it_reads_those_of_one_schema():
    assert VIEWS["run_history"].sql.endswith(f"\nwhere r.schema = {contract.SCHEMA}")
    assert [name for name, view in VIEWS.items() if "from runs" in view.sql] == ["run_history"]


NEWEST = re.compile(
    r"join latest l on l\.dataset = (.)\.dataset and l\.run_id = \1\.run_id\s+where l\.schema = (\d+)\b"
)


@pytest.mark.parametrize("name", ["backtest", "latest_forecast", "latest_prices", "leaderboard", "track_record"])
def test_a_view_of_the_newest_run_reads_no_other(name):
    """The keys of the partitions are joined to a small table that stands on the right: Trino reads those it names."""
    assert [found[1] for found in NEWEST.findall(VIEWS[name].sql)] == [str(contract.SCHEMA)]
    assert "newest" not in VIEWS[name].sql


@pytest.mark.parametrize("name", [*VIEWS, *NAMED])
def test_what_a_query_names_first_it_uses_once(name):
    """Trino puts a query of WITH into each place that names it, and reads its tables there again."""
    sql = (VIEWS | NAMED)[name].sql
    uses = {part: len(re.findall(rf"(?:from|join) {part}\b", sql)) for part in re.findall(r"(\w+) as \(\n", sql)}
    assert set(uses.values()) <= {1}, uses


@pytest.mark.parametrize("name", NAMED)
def test_a_named_query_is_the_file(name):
    (query,) = (saved for saved in resources("AWS::Athena::NamedQuery").values() if saved["Name"] == name)
    assert query["QueryString"].rstrip("\n") == NAMED[name].text
    assert query["Description"] == NAMED[name].description
    assert NAMED[name].description.endswith("?"), "a question"
    assert (query["Database"], query["WorkGroup"]) == ({"Ref": "Database"}, {"Ref": "WorkGroup"})


def test_the_fifteen_named_queries_have_a_known_answer():
    assert len(resources("AWS::Athena::NamedQuery")) == 15
    assert set(NAMED) == set(expected_queries.ANSWERS)


def test_queries_and_the_report_have_one_limit_of_chance():
    limit = wording.CHANCE
    assert {1, 5, 20} == limit.keys()
    assert limit[1] == limit[5]
    for name in ("04_best_model", "05_tickers_that_beat_naive"):
        assert re.findall(r"horizon = 20, -([\d.e]+), -([\d.e]+)\)", NAMED[name].text) == [
            (f"{limit[20]:g}e0", f"{limit[1]:g}e0")
        ]


def test_the_report_names_the_query_that_counts_tickers_better_than_naive():
    caption = tables.by_ticker([], [], 1).caption
    assert {name for name in NAMED if name in caption} == {"05_tickers_that_beat_naive"}


def test_a_saved_query_gives_no_figure_of_its_own_the_name_of_a_measure():
    """Coverage is a share of prices, however they were counted. A ratio to naive is a mean over tickers or another."""
    named = {name for query in NAMED.values() for name in re.findall(r"\bas (\w+)", query.sql)}
    assert named & set(metrics.MEASURES) == {"coverage80", "coverage95"}


def test_views_do_not_take_a_tables_name():
    assert set(VIEWS) & set(schemas.SCHEMAS) == set()


def test_the_table_of_files_is_the_templates_and_has_what_split_writes():
    """Its objects have no partitions, so it needs no crawl: the execution of a rejected file ends before that."""
    assert set(TABLES) - set(IN_TEMPLATE) == {"files", "latest"}
    given = TABLES["files"]["TableInput"]
    columns = {column["Name"]: column["Type"] for column in given["StorageDescriptor"]["Columns"]}
    assert columns == {field.name: HIVE[field.type] for field in schemas.SCHEMAS["files"]}
    assert (given["PartitionKeys"], given["StorageDescriptor"]["Location"]) == (
        [],
        {"Fn::Sub": "s3://${LakeBucket}/files/"},
    )


def test_the_table_latest_is_the_templates_and_has_what_hand_over_writes():
    given = TABLES["latest"]["TableInput"]
    storage = given["StorageDescriptor"]
    columns = {column["Name"]: column["Type"] for column in storage["Columns"]}
    assert columns == {one.name: {str: "string", int: "bigint"}[one.type] for one in dataclasses.fields(Latest)}
    assert (given["PartitionKeys"], storage["Location"]) == ([], {"Fn::Sub": "s3://${LakeBucket}/latest/"})
    assert storage["SerdeInfo"]["SerializationLibrary"] == "org.openx.data.jsonserde.JsonSerDe"
    text = Latest("us", "us-0123456789ab", 1, contract.SCHEMA).to_json()
    assert "\n" not in text, "the SerDe takes each line for a row"
    assert set(json.loads(text)) == set(columns)


def test_the_crawler_reads_the_tables_that_are_not_the_templates():
    (crawler,) = resources("AWS::Glue::Crawler").values()
    paths = [target["Path"]["Fn::Sub"] for target in crawler["Targets"]["S3Targets"]]
    assert sorted(paths) == [f"s3://${{LakeBucket}}/{table}/" for table in schemas.CRAWLED]
    assert {*schemas.CRAWLED, "files"} == set(schemas.SCHEMAS)
