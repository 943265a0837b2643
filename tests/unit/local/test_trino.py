"""Statements whose answer Trino's or Athena's documents say: names, types and rows, or the words of the error."""

from pathlib import Path

import pytest
import yaml
from botocore.exceptions import ClientError

from tests.support.athena_lake import Lake, metrics_rows, prediction_rows, price_rows, run_row

CORPUS = Path(__file__).parent / "trino"
PAGES = ("https://trino.io/docs/current/", "https://docs.aws.amazon.com/athena/latest/ug/")


def statements() -> list:
    """(statement, page of the documents) of each file."""
    read = []
    for file in sorted(CORPUS.glob("*.yaml")):
        said = yaml.safe_load(file.read_text())
        read += [
            pytest.param(statement, statement.get("page", said["page"]), id=f"{file.stem}-{number}")
            for number, statement in enumerate(said["statements"], 1)
        ]
    return read


@pytest.fixture(scope="module")
def lake(laptop):
    made = Lake(laptop)
    made.make()
    made.put("runs", "us", "us-1", run_row())
    made.put("metrics", "us", "us-1", metrics_rows())
    made.register()
    made.show("us", "us-1")
    made.put("predictions", "us", "us-1", prediction_rows())
    made.put("prices", "us", "us-1", price_rows("A", ["2024-01-02", "2024-01-03", "2024-01-05"], [100.0, 110.0, 99.0]))
    made.put_file("F1")
    made.register()
    made.make_views()
    return made


@pytest.mark.parametrize(("statement", "page"), statements())
def test_a_statement_answers_as_athena_would(lake, statement, page):
    assert page.startswith(PAGES)
    values = {"ExecutionParameters": statement["parameters"]} if "parameters" in statement else {}
    if "error" in statement:
        assert statement["error"] in refusal(lake, statement["sql"].strip(), values)
        return
    asked = lake.ask(statement["sql"].strip(), **values)
    assert asked.state == "SUCCEEDED", asked.reason
    assert described(lake, asked) == statement["columns"]
    assert asked.rows[0 if asked.location.endswith(".txt") else 1 :] == statement["rows"]


def refusal(lake, sql, values) -> str:
    """What is wrong with a statement: it is not taken, or it fails."""
    try:
        asked = lake.ask(sql, **values)
    except ClientError as refused:
        return refused.response["Error"]["Message"]
    return asked.reason if asked.state == "FAILED" else f"none: {asked.rows}"


def described(lake, asked) -> list[str]:
    """Each column's name and type, and the digits of a decimal."""
    query = asked.execution["QueryExecutionId"]
    found = lake.client("athena").get_query_results(QueryExecutionId=query)["ResultSet"]["ResultSetMetadata"]
    return [
        f"{one['Name']} {one['Type']}" + (f"({one['Precision']},{one['Scale']})" if one["Type"] == "decimal" else "")
        for one in found["ColumnInfo"]
    ]


def test_the_corpus_is_large_enough_to_judge():
    assert len(statements()) >= 150
    assert sum("error" in one.values[0] for one in statements()) >= 25
