"""The clients that analysts have, unchanged: upload with the AWS CLI, then SQL and Parquet with each of them."""

import json
import os
import re
import subprocess

import pytest

from tests.support import expected_queries
from tests.support.cloud import ROOT, as_csv
from tests.support.eventually import eventually
from tools.generate import queries

BIN = ROOT / ".venv-clients" / "bin"
NEXT_DAY = "select ticker, target_date, forecast, p10, p90 from latest_forecast where horizon = 1 order by ticker"


@pytest.fixture(scope="module")
def variables(cloud) -> dict[str, str]:
    """The environment of a laptop whose AWS is the laptop cloud."""
    settings, outputs = json.loads((cloud.state / "cloud.json").read_text()), cloud.outputs()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(cloud.state),
        "AWS_ENDPOINT_URL": settings["endpoint"],
        "AWS_DEFAULT_REGION": settings["region"],
        "AWS_ACCESS_KEY_ID": settings["account"],
        "AWS_SECRET_ACCESS_KEY": settings["secret"],
        "WORK_GROUP": outputs["WorkGroupName"],
        "DATABASE": outputs["DatabaseName"],
        "STAGING": f"s3://{outputs['LakeBucket']}/athena/",
    }


@pytest.fixture(scope="module")
def aws(variables):
    """aws(ARGUMENT...) -> what the AWS CLI printed"""

    def call(*arguments):
        command = [BIN / "python", BIN / "aws", *arguments]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout

    return call


@pytest.fixture(scope="module")
def ask(variables):
    """ask(client, SQL...) -> [{"records", "dtypes"}]"""

    def call(client, *statements):
        command = [BIN / "python", ROOT / "tests" / "support" / "sql_clients.py", client, *statements]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return call


@pytest.fixture(scope="module")
def published(cloud, aws, prices, tmp_path_factory):
    """A run of a file that the AWS CLI uploaded, its tables made by the crawler; a copy of the lake.

    A script stands in for TensorFlow: what clients read does not depend on what was learnt.
    """
    cloud.faults(scripted={"match": "-analysts-"})
    folder, outputs = tmp_path_factory.mktemp("clients"), cloud.outputs()
    (folder / "prices.csv").write_bytes(as_csv(prices))
    aws("s3", "cp", folder / "prices.csv", f"s3://{outputs['IncomingBucket']}/incoming/analysts/prices.csv")
    (arn,) = eventually(lambda: cloud.executions_of("key", "incoming/analysts/prices.csv"), 30)
    assert cloud.ended(arn)["status"] == "SUCCEEDED"
    cloud.faults()
    for table in expected_queries.TABLES:
        aws("s3", "sync", "--quiet", f"s3://{outputs['LakeBucket']}/{table}", folder / table)
    return folder


@pytest.fixture(scope="module")
def next_day(published):
    """The rows of NEXT_DAY by pandas."""
    rows = expected_queries.next_day(expected_queries.read(published)).query("dataset == 'analysts'")
    return rows[["ticker", "target_date", "forecast", "p10", "p90"]]


@pytest.mark.parametrize(
    "client",
    ["boto3", "pyathena", "pyathena_pandas", "pyathena_unload", "sqlalchemy", "awswrangler", "awswrangler_csv"],
)
def test_a_client_gets_the_forecasts(client, ask, next_day):
    (answer,) = ask(client, NEXT_DAY.replace("where", "where dataset = 'analysts' and"))
    assert expected_queries.differences(answer["records"], next_day) == []
    if client not in ("boto3", "pyathena_unload"):
        kinds = answer["dtypes"]
        assert kinds["forecast"] == "float64"
        assert kinds["target_date"] in ("object", "datetime64[us]", "datetime64[ns]"), "a day, not text"


def test_pyathena_passes_parameters(ask, published, next_day):
    sql = "select ticker, forecast from latest_forecast where ticker = ? and horizon = ?"
    (answer,) = ask("pyathena_parameters", sql)
    assert {row["ticker"] for row in answer["records"]} == {"ALDER"}


def test_the_aws_cli_queries(aws, variables, published, next_day):
    started = aws(
        "athena", "start-query-execution", "--query-string", NEXT_DAY, "--work-group", variables["WORK_GROUP"],
        "--query-execution-context", f"Database={variables['DATABASE']}",
    )  # fmt: skip
    execution = eventually(
        lambda: aws("athena", "get-query-execution", "--query-execution-id", started["QueryExecutionId"]),
        done=lambda execution: execution["QueryExecution"]["Status"]["State"] == "SUCCEEDED",
    )
    rows = aws("athena", "get-query-results", "--query-execution-id", started["QueryExecutionId"])["ResultSet"]["Rows"]
    assert [value["VarCharValue"] for value in rows[0]["Data"]] == list(next_day)
    location = execution["QueryExecution"]["ResultConfiguration"]["OutputLocation"]
    assert aws("s3", "cp", location, "-").startswith('"ticker","target_date","forecast","p10","p90"\n"')


@pytest.mark.parametrize("client", ["duckdb", "pandas"])
def test_the_parquet_itself_is_read_with_its_partitions(client, ask, published):
    (answer,) = ask(client, str(published / "runs"))
    assert "analysts" in {row["dataset"] for row in answer["records"]}
    assert all(row["run_id"].startswith(row["dataset"]) for row in answer["records"])


def test_the_command_line_answers_as_table_csv_and_json(cloud, published, next_day):
    shown = cloud.local("query", NEXT_DAY)
    assert shown.returncode == 0, shown.stderr
    assert f"{next_day['forecast'].iloc[0]:.4f}" in shown.stdout
    header, first, *_ = cloud.local("query", NEXT_DAY, "--csv").stdout.splitlines()
    assert header == ",".join(next_day)
    assert first.startswith("ALDER,2025-01-01,")
    records = json.loads(
        cloud.local("query", NEXT_DAY.replace("where", "where dataset = 'analysts' and"), "--json").stdout
    )
    assert expected_queries.differences(records, next_day) == []


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select nothing from predictions", "error: COLUMN_NOT_FOUND: line 1:8: Column 'nothing' cannot be resolved"),
        ("selec 1", "error: line 1:1: mismatched input 'selec'. Expecting: 'ALTER'"),
    ],
)
def test_the_command_line_says_what_athena_says(cloud, published, sql, words):
    failed = cloud.local("query", sql)
    assert failed.returncode == 1
    assert (failed.stdout, failed.stderr[: len(words)]) == ("", words)


@pytest.mark.parametrize("client", ["pyathena_pandas", "awswrangler"])
def test_the_named_queries_answer_rightly(client, cloud, ask, published):
    """As the stack has them, which tests/project holds against queries/."""
    athena, group = cloud.client("athena"), cloud.outputs()["WorkGroupName"]
    ids = athena.list_named_queries(WorkGroup=group)["NamedQueryIds"]
    named = {query["Name"]: query for query in athena.batch_get_named_query(NamedQueryIds=ids)["NamedQueries"]}
    assert set(named) == set(expected_queries.ANSWERS) == {query.name for query in queries.named_queries()}
    answers = expected_queries.ANSWERS
    assert {query["Database"] for query in named.values()} == {cloud.outputs()["DatabaseName"]}
    tables, empty_is_null = expected_queries.read(published), client == "pyathena_pandas"
    given = ask(client, *(query["QueryString"] for query in named.values()))
    wrong = {
        name: found
        for name, answer in zip(named, given, strict=True)
        if (found := expected_queries.differences(answer["records"], answers[name](tables), empty_is_null)[:5])
    }
    assert wrong == {}


def test_the_clients_shown_work(cloud, variables, published):
    """docs/querying.md names the development stack; only the names are replaced."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "querying.md").read_text(), re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        local = block.replace("stock-forecasts-dev", variables["WORK_GROUP"])
        local = local.replace("stock_forecasts_dev", variables["DATABASE"])
        name = block.strip().splitlines()[-1].partition(" = ")[0]
        command = [BIN / "python", "-c", f"{local}\nprint(len({name}))"]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) > 0
