"""Athena's dialect, words and files on the laptop cloud, by cases whose outcome on AWS is documented."""

import io

import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from tests.support.athena_lake import BUCKET, DATABASE, Lake, metrics_rows, run_row


@pytest.fixture(scope="module")
def lake(laptop):
    made = Lake(laptop)
    made.make()
    made.put("runs", "us", "us-1", run_row())
    made.register()
    return made


@pytest.mark.parametrize(
    ("expression", "text", "kind"),
    [
        ("approx_percentile(rows, 0.5)", "200", "bigint"),
        ("date_diff('month', date '2024-01-31', date '2024-02-01')", "0", "bigint"),
        ("date_diff('day', date '2024-01-31', date '2024-02-02')", "2", "bigint"),
        ("date_add('month', 1, date '2024-01-31')", "2024-02-29", "date"),
        ("date '2024-01-02' - interval '1' day", "2024-01-01", "date"),
        ("date_trunc('month', date '2024-01-15')", "2024-01-01", "date"),
        ("date_parse('02.01.2024', '%d.%m.%Y')", "2024-01-02 00:00:00.000", "timestamp"),
        ("date_format(max(started), '%Y/%m')", "2026/11", "varchar"),
        ("format_datetime(max(started), 'yyyy-MM-dd HH:mm')", "2026-11-23 03:40", "varchar"),
        ("max(started)", "2026-11-23 03:40:01.500", "timestamp"),
        ("try_cast('x' as integer)", None, "integer"),
        ("element_at(max(gates), 2)", "0.25", "double"),
        ("cardinality(max(new_files))", "2", "bigint"),
        ("array_agg(dataset)", "[us]", "array"),
        ("any_match(array[1, 2], n -> n > 1)", "true", "boolean"),
        ("max_by(run_id, started)", "us-1", "varchar"),
        ("approx_distinct(dataset)", "1", "bigint"),
        ("regexp_like('abc', '^a')", "true", "boolean"),
        ("json_extract_scalar('{\"a\": {\"b\": 7}}', '$.a.b')", "7", "varchar"),
        ("count(*)", "1", "bigint"),
        ("1 / 2", "0", "integer"),
        ("1 / 2e0", "0.5", "double"),
        ("12345678e0", "1.2345678E7", "double"),
        ("cast(0.1 as real)", "0.1", "float"),
        ("cast(null as double)", None, "double"),
        ("cast(1.5 as decimal(5, 2))", "1.50", "decimal"),
    ],
)
def test_a_function_means_what_trino_means_by_it(lake, expression, text, kind):
    asked = lake.ask(f"select {expression} from runs")
    assert asked.state == "SUCCEEDED", asked.reason
    assert (asked.rows, asked.types) == ([["_col0"], [text]], [kind])


def test_arrays_are_unnested_ctes_joined_and_windows_slid(lake):
    asked = lake.ask(
        "with r as (select * from runs) select s as file, n, row_number() over (order by s) as place from r "
        "cross join unnest(new_files) with ordinality as u(s, n) order by place"
    )
    assert asked.rows == [["file", "n", "place"], ["E2", "2", "1"], ["F1", "1", "2"]]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select foo from runs", "COLUMN_NOT_FOUND: line 1:8: Column 'foo' cannot be resolved"),
        ("select r.foo from runs r", "COLUMN_NOT_FOUND: line 1:8: Column 'r.foo' cannot be resolved"),
        ("select rows + 1 as b,\n b * 2 from runs", "COLUMN_NOT_FOUND: line 2:2: Column 'b' cannot be resolved"),
        ("select * from nix", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.forecasts.nix' does not exist"),
        ("select * from nix.runs", "SCHEMA_NOT_FOUND: line 1:15: Schema 'nix' does not exist"),
        ("select foo(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'foo' not registered"),
        ("select ifnull(1, 2)", "FUNCTION_NOT_FOUND: line 1:8: Function 'ifnull' not registered"),
        ("select 1 from runs where dataset = 1", "TYPE_MISMATCH: line 1:34: Cannot apply operator: varchar = integer"),
        (
            "select 1 from runs where started > '2024-01-01'",
            "TYPE_MISMATCH: line 1:34: Cannot apply operator: timestamp(3) < varchar(10)",
        ),
        ("select dataset, rows from runs group by dataset", "EXPRESSION_NOT_AGGREGATE: line 1:17: 'rows' must be"),
        ("select cast('x' as integer)", "INVALID_CAST_ARGUMENT: Cannot cast 'x' to INT"),
        ("drop view nix", "TABLE_NOT_FOUND: line 1:1: View 'awsdatacatalog.forecasts.nix' does not exist"),
    ],
)
def test_a_query_fails_in_athenas_words(lake, sql, reason):
    asked = lake.ask(sql)
    assert asked.state == "FAILED"
    assert asked.reason.startswith(reason)
    assert asked.execution["Status"]["AthenaError"]["ErrorCategory"] == 2


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("selec 1", "line 1:1: mismatched input 'selec'. Expecting: 'ALTER'"),
        ("select a, from runs", "line 1:11: mismatched input 'from'"),
        ("select *\nfrom runs where", "line 2:16: mismatched input '<EOF>'"),
        ("select (1", "line 1:10: mismatched input '<EOF>'. Expecting: ')'"),
        ("select a b c from runs", "line 1:12: mismatched input 'c'"),
        ("select rows::varchar from runs", "line 1:12: mismatched input '::'"),
        ("select rows, `a` from runs", "line 1:14: backquoted identifiers are not supported"),
        ("select 1; select 2", "Only one sql statement is allowed"),
        ("insert into runs values (1)", "Queries of this type are not supported"),
        ("create table t (a int) location 's3://lake/t'", "External keyword required"),
    ],
)
def test_a_malformed_statement_is_refused_at_once(lake, sql, message):
    with pytest.raises(ClientError) as caught:
        lake.ask(sql)
    error = caught.value.response
    assert error["Error"]["Code"] == "InvalidRequestException"
    assert error["Error"]["Message"].startswith(message)
    assert error["AthenaErrorCode"] == "MALFORMED_QUERY"


def test_the_result_lies_where_the_execution_says_in_athenas_quotes(lake):
    asked = lake.ask("select 'say \"hi\"' as a, cast(null as varchar) as b, '' as c")
    query = asked.execution["QueryExecutionId"]
    assert asked.location == f"s3://{BUCKET}/athena/{query}.csv"
    assert lake.read(asked.location) == b'"a","b","c"\n"say ""hi""",,""\n'
    shown = lake.ask("show partitions runs")
    assert shown.location == f"s3://{BUCKET}/athena/{shown.execution['QueryExecutionId']}.txt"
    assert lake.read(shown.location) == b"dataset=us/run_id=us-1\n"


def test_an_enforced_workgroup_decides_where_results_go(lake):
    asked = lake.ask("select 1", ResultConfiguration={"OutputLocation": "s3://elsewhere/"})
    assert asked.location.startswith(f"s3://{BUCKET}/athena/")


def test_a_query_that_would_scan_too_much_is_cancelled(lake):
    result = {"OutputLocation": f"s3://{BUCKET}/athena/"}
    configuration = {"ResultConfiguration": result, "BytesScannedCutoffPerQuery": 10_000_000}
    lake.client("athena").create_work_group(Name="frugal", Configuration=configuration)
    assert lake.ask("select * from runs", group="frugal").execution["Statistics"]["DataScannedInBytes"] > 1000
    lake.client("s3").put_object(Bucket=BUCKET, Key="large/data.csv", Body=b"x" * 10_000_001)
    lake.ask(f"create external table large (a string) location 's3://{BUCKET}/large/'")
    asked = lake.ask("select count(*) from large", group="frugal")
    assert (asked.state, asked.reason) == ("CANCELLED", "Query cancelled! : Bytes scanned limit was exceeded")


def test_only_registered_partitions_are_seen(lake):
    lake.put("runs", "us", "us-2", run_row())
    count = "select count(*) from runs"
    assert lake.ask(count).rows[1] == ["1"]
    lake.register()
    assert lake.ask(count).rows[1] == ["2"]
    assert lake.ask('select run_id from "runs$partitions" order by 1').rows == [["run_id"], ["us-1"], ["us-2"]]
    lake.client("s3").delete_object(Bucket=BUCKET, Key="runs/dataset=us/run_id=us-2/00000.parquet")
    assert lake.ask(count).rows[1] == ["1"], "a partition without files has no rows"
    lake.client("glue").delete_partition(DatabaseName=DATABASE, TableName="runs", PartitionValues=["us", "us-2"])
    assert lake.ask('select count(*) from "runs$partitions"').rows[1] == ["1"]


def test_a_column_that_older_files_lack_is_null(lake):
    glue = lake.client("glue")
    table = glue.get_table(DatabaseName=DATABASE, Name="metrics")["Table"]
    table["StorageDescriptor"]["Columns"].append({"Name": "added", "Type": "array<int>"})
    kept = {key: table[key] for key in ("Name", "TableType", "PartitionKeys", "Parameters", "StorageDescriptor")}
    glue.update_table(DatabaseName=DATABASE, TableInput=kept)
    assert lake.ask("select added from metrics").rows == [["added"]], "no file at all"
    lake.put("metrics", "us", "us-1", metrics_rows())
    lake.register()
    assert lake.ask("select distinct added, dataset from metrics").rows[1:] == [[None, "us"]]


def test_results_come_in_pages_after_one_header(lake):
    sql = "select n from unnest(sequence(1, 2500)) as t(n)"
    query = lake.ask(sql).execution["QueryExecutionId"]
    pages = list(lake.client("athena").get_paginator("get_query_results").paginate(QueryExecutionId=query))
    assert [len(page["ResultSet"]["Rows"]) for page in pages] == [1000, 1000, 501]
    assert pages[0]["ResultSet"]["Rows"][0] == {"Data": [{"VarCharValue": "n"}]}


def test_a_view_is_kept_as_athena_keeps_it_and_read_again(lake):
    made = lake.ask("create or replace view busy as select dataset, rows, new_files from runs where rows > 100")
    assert (made.state, made.location[-4:]) == ("SUCCEEDED", ".txt")
    table = lake.client("glue").get_table(DatabaseName=DATABASE, Name="busy")["Table"]
    assert (table["TableType"], table["Parameters"]["presto_view"]) == ("VIRTUAL_VIEW", "true")
    assert [column["Type"] for column in table["StorageDescriptor"]["Columns"]] == ["string", "bigint", "array<string>"]
    assert lake.ask("select * from busy").rows[1] == ["us", "200", "[F1, E2]"]
    assert "View already exists" in lake.ask("create view busy as select 1 as a").reason
    assert lake.ask("show views").rows == [["busy"]]
    lake.ask("drop view busy")
    assert lake.ask("show views").rows == []


def test_the_statement_that_is_shown_makes_the_table_again(lake):
    lake.ask("create table shown as select 1 as a, 'x' as b, array[1.5e0] as c")
    shown = lake.ask("show create table `shown`")
    lines = [row[0] for row in shown.rows]
    assert lines[:4] == ["CREATE EXTERNAL TABLE `shown`(", "  `a` int, ", "  `b` string, ", "  `c` array<double>)"]
    assert lines[4:6] == ["ROW FORMAT SERDE ", "  'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' "]
    assert "TBLPROPERTIES (" in lines
    lake.ask("drop table shown")
    assert lake.ask("\n".join(lines)).state == "SUCCEEDED"
    assert lake.ask("select * from shown").rows[1:] == [["1", "x", "[1.5]"]]
    assert lake.ask("SHOW CREATE TABLE shown").rows[:4] == shown.rows[:4]
    lake.ask("drop table shown")


def test_a_view_whose_table_has_gone_says_so(lake):
    lake.ask("create table gone as select 1 as a")
    lake.ask("create view orphan as select a from gone")
    lake.ask("drop table gone")
    asked = lake.ask("select * from orphan")
    assert asked.reason == (
        "INVALID_VIEW: line 1:15: Failed analyzing stored view 'awsdatacatalog.forecasts.orphan': "
        "line 1:15: Table 'awsdatacatalog.forecasts.gone' does not exist"
    )
    lake.ask("drop view orphan")


def test_a_table_is_created_from_a_query_and_its_files_are_listed(lake):
    made = lake.ask("create table copy with (format = 'PARQUET') as select dataset, rows, started from runs")
    query = made.execution["QueryExecutionId"]
    (file,) = lake.read(made.execution["Statistics"]["DataManifestLocation"]).decode().split()
    assert file.startswith(f"s3://{BUCKET}/athena/tables/{query}/")
    assert pq.read_table(io.BytesIO(lake.read(file))).column_names == ["dataset", "rows", "started"]
    assert lake.ask("select * from copy").rows[1] == ["us", "200", "2026-11-23 03:40:01.500"]


def test_describe_and_show_list_the_catalog(lake):
    assert ["runs"] in lake.ask("show tables").rows
    assert lake.ask("show tables '*ices'").rows == [["prices"]]
    assert ["dataset", "string", ""] in [[value.strip() for value in row] for row in lake.ask("describe runs").rows]
    columns = "select column_name, data_type from information_schema.columns where table_name = 'runs'"
    assert ["gates", "array(double)"] in lake.ask(columns).rows


def test_question_marks_take_parameters(lake):
    asked = lake.ask("select run_id from runs where dataset = ? and rows > ?", ExecutionParameters=["'us'", "3"])
    assert asked.rows == [["run_id"], ["us-1"]]
