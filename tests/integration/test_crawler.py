"""The stack's crawler over its lake, and Athena over the tables it makes."""

import datetime
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stocks import schemas
from tests.support.athena_lake import ended_query
from tests.support.eventually import eventually

TABLES = ["metrics", "predictions", "prices", "runs", "tickers"]
FOREIGN = Path(pa.__file__).parent / "tests" / "data" / "parquet"  # written by pyarrow 0.7.1 in 2017


def rows(name: str, number: int) -> bytes:
    """A table's file with nulls but for the first column of texts."""
    schema = schemas.SCHEMAS[name]
    column = next(field.name for field in schema if field.type == pa.string())
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([{column: f"{name}-{row}"} for row in range(number)], schema), buffer)
    return buffer.getvalue()


def put_run(cloud, dataset: str, number: int) -> str:
    """A run in the lake as publish and summarize leave it; its id."""
    run_id, lake = f"{dataset}-0123456789ab", cloud.outputs()["LakeBucket"]
    for name in TABLES:
        key = f"{name}/dataset={dataset}/run_id={run_id}/00000.parquet"
        cloud.client("s3").put_object(Bucket=lake, Key=key, Body=rows(name, number))
    return run_id


def invoke(cloud, step: str, event: dict) -> dict:
    """What the stack's function answers."""
    stack = cloud.client("cloudformation").describe_stack_resource(
        StackName="stock-forecasts-local", LogicalResourceId=step
    )
    function = stack["StackResourceDetail"]["PhysicalResourceId"]
    answer = cloud.client("lambda").invoke(FunctionName=function, Payload=json.dumps({"run": {}, **event}))
    assert "FunctionError" not in answer
    return json.load(answer["Payload"])


def crawl(cloud) -> list[dict]:
    """Start and check as the machine does; every answer of check_crawler."""
    since = datetime.datetime.now(datetime.UTC).isoformat()
    invoke(cloud, "StartCrawlerFunction", {})
    checks: list[dict] = []

    def ready() -> bool:
        checks.append(invoke(cloud, "CheckCrawlerFunction", {"since": since}))
        return checks[-1]["status"] == "READY"

    eventually(ready, pause=0)
    return checks


def query(cloud, sql: str, database: str = "") -> list[list[str]]:
    athena, outputs = cloud.client("athena"), cloud.outputs()
    execution = ended_query(athena, sql, outputs["WorkGroupName"], database or outputs["DatabaseName"])
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    found = athena.get_query_results(QueryExecutionId=execution["QueryExecutionId"])["ResultSet"]["Rows"]
    return [[cell.get("VarCharValue") for cell in row["Data"]] for row in found[1:]]


def catalog(cloud) -> dict[str, dict]:
    """The crawled tables, which have partitions; the table of files is the template's."""
    found = cloud.client("glue").get_tables(DatabaseName=cloud.outputs()["DatabaseName"])["TableList"]
    return {table["Name"]: table for table in found if table.get("PartitionKeys")}


def partitions(cloud, table: str) -> dict[tuple, dict]:
    database = cloud.outputs()["DatabaseName"]
    found = cloud.client("glue").get_partitions(DatabaseName=database, TableName=table)["Partitions"]
    return {tuple(one["Values"]): one for one in found}


@pytest.fixture(scope="module")
def crawled(cloud):
    run_id = put_run(cloud, "crawl-one", 3)
    return run_id, crawl(cloud)


def test_check_crawler_tells_when_the_files_are_in_the_tables(cloud, crawled):
    _, checks = crawled
    assert {check["status"] for check in checks} <= {"RUNNING", "STOPPING", "READY"}
    assert (checks[-1]["last_status"], checks[-1]["fresh"], checks[-1]["reason"]) == ("SUCCEEDED", True, "")
    now = datetime.datetime.now(datetime.UTC).isoformat()
    assert not invoke(cloud, "CheckCrawlerFunction", {"since": now})["fresh"]


def test_one_table_per_folder_with_the_partitions_of_its_runs(cloud, crawled):
    run_id, _ = crawled
    found = catalog(cloud)
    assert sorted(found) == TABLES
    for name, table in found.items():
        assert [key["Name"] for key in table["PartitionKeys"]] == ["dataset", "run_id"]
        assert table["StorageDescriptor"]["Location"] == f"s3://{cloud.outputs()['LakeBucket']}/{name}/"
        assert ("crawl-one", run_id) in partitions(cloud, name)


def test_the_types_are_those_of_the_schemas(cloud, crawled):
    hive = {"string": "string", "double": "double", "int32": "int", "int64": "bigint", "date32[day]": "date",
            "timestamp[ms]": "timestamp", "list<item: string>": "array<string>",
            "list<item: double>": "array<double>",
            "list<item: struct<upload: string, ratio: double, days: int64>>":
                "array<struct<upload:string,ratio:double,days:bigint>>"}  # fmt: skip
    for name, table in catalog(cloud).items():
        given = [(field.name, hive[str(field.type)]) for field in schemas.SCHEMAS[name]]
        assert [(one["Name"], one["Type"]) for one in table["StorageDescriptor"]["Columns"]] == given


def test_a_second_dataset_adds_partitions_and_no_table(cloud, crawled):
    before = {name: set(partitions(cloud, name)) for name in TABLES}
    run_id = put_run(cloud, "crawl-two", 2)
    crawl(cloud)
    assert sorted(catalog(cloud)) == TABLES
    for name in TABLES:
        assert set(partitions(cloud, name)) - before[name] == {("crawl-two", run_id)}
    counted = (
        "select dataset, run_id, count(*), min(ticker) from predictions where dataset like 'crawl-%' group by 1, 2"
    )
    assert query(cloud, f"{counted} order by 1") == [
        ["crawl-one", "crawl-one-0123456789ab", "3", "predictions-0"],
        ["crawl-two", run_id, "2", "predictions-0"],
    ]


def test_the_role_reaches_the_tables_folders_only(cloud, crawled):
    glue, name = cloud.client("glue"), cloud.outputs()["CrawlerName"]
    targets = glue.get_crawler(Name=name)["Crawler"]["Targets"]
    before = catalog(cloud)
    try:
        elsewhere = {"S3Targets": [{"Path": f"s3://{cloud.outputs()['LakeBucket']}/rejected/"}]}
        glue.update_crawler(Name=name, Targets=elsewhere)
        last = crawl(cloud)[-1]
    finally:
        glue.update_crawler(Name=name, Targets=targets)
    assert last["last_status"] == "FAILED"
    assert "Error Code: AccessDenied" in last["reason"]
    assert catalog(cloud) == before


def test_parquet_of_others_can_be_queried(cloud):
    s3, glue, iam, name = cloud.client("s3"), cloud.client("glue"), cloud.client("iam"), "foreign"
    trust = {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": ["s3:*", "glue:*", "logs:*"], "Resource": "*"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps({"Statement": [allow]}))
    s3.create_bucket(Bucket=name)
    for number in (1, 2):
        key = f"diamonds/batch={number:03d}/data.parquet"
        s3.put_object(Bucket=name, Key=key, Body=(FOREIGN / "v0.7.1.parquet").read_bytes())
    glue.create_database(DatabaseInput={"Name": name})
    targets = {"S3Targets": [{"Path": f"s3://{name}/diamonds/"}]}
    glue.create_crawler(Name=name, Role=role, DatabaseName=name, Targets=targets)
    glue.start_crawler(Name=name)
    eventually(lambda: glue.get_crawler(Name=name)["Crawler"]["State"] == "READY")
    assert glue.get_crawler(Name=name)["Crawler"]["LastCrawl"]["Status"] == "SUCCEEDED"
    sql = "select batch, count(*), sum(price), max(cut) from diamonds group by batch order by batch"
    expected = pq.read_table(FOREIGN / "v0.7.1.parquet").to_pandas()
    facts = [str(len(expected)), str(expected["price"].sum()), expected["cut"].max()]
    assert query(cloud, sql, name) == [["001", *facts], ["002", *facts]]
