"""Crawlers on a cloud of their own, over Parquet and other things that lie about."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.crawler_lab import ALL, COMBINE, MERGE, Lab, code


def test_the_types_of_columns(lab):
    struct = pa.struct([("Inner", pa.list_(pa.decimal128(9, 2))), ("b", pa.bool_())])
    schema = pa.schema(
        [("Big", pa.int64()), ("tiny", pa.int8()), ("small", pa.int16()), ("i", pa.int32()), ("u32", pa.uint32()),
         ("f", pa.float32()), ("d", pa.float64()), ("s", pa.string()), ("cat", pa.dictionary(pa.int32(), pa.string())),
         ("day", pa.date32()), ("ms", pa.timestamp("ms")), ("ns", pa.timestamp("ns", "UTC")), ("raw", pa.binary()),
         ("money", pa.decimal128(38, 10)), ("nested", pa.list_(struct)), ("tags", pa.map_(pa.string(), struct)),
         ("clock", pa.time64("us"))]
    )  # fmt: skip
    lab.put("t/a.parquet", schema.empty_table())
    lab.put("old/a.parquet", pa.table({"t": pa.array([0], pa.timestamp("us"))}), use_deprecated_int96_timestamps=True)
    lab.crawler(paths=("t/", "old/"))
    assert lab.crawl()["Status"] == "SUCCEEDED"
    inner = "struct<Inner:array<decimal(9,2)>,b:boolean>"
    assert lab.columns("t") == {
        "big": "bigint", "tiny": "tinyint", "small": "smallint", "i": "int", "u32": "bigint", "f": "float",
        "d": "double", "s": "string", "cat": "string", "day": "date", "ms": "timestamp", "ns": "timestamp",
        "raw": "binary", "money": "decimal(38,10)", "nested": f"array<{inner}>", "tags": f"map<string,{inner}>",
        "clock": "bigint",
    }  # fmt: skip
    assert lab.columns("old") == {"t": "timestamp"}


def test_a_table_as_aws_writes_it(lab):
    lab.put("sales/year=2024/month=01/a.parquet", {"x": [1, 2, 3]})
    lab.put("sales/year=2024/month=02/a.parquet", {"x": [4]})
    lab.crawler(TablePrefix="raw_")
    lab.update(Targets={"S3Targets": [{"Path": f"s3://{lab.name}/sales"}]})
    last = lab.crawl()
    assert lab.states == ["RUNNING", "STOPPING", "READY"]
    assert last == {
        "Status": "SUCCEEDED",
        "LogGroup": "/aws-glue/crawlers",
        "LogStream": lab.name,
        "MessagePrefix": last["MessagePrefix"],
        "StartTime": last["StartTime"].replace(microsecond=0),
    }
    table = lab.tables()["raw_sales"]
    storage = table["StorageDescriptor"]
    assert table["PartitionKeys"] == [{"Name": "year", "Type": "string"}, {"Name": "month", "Type": "string"}]
    assert (table["TableType"], table["Owner"]) == ("EXTERNAL_TABLE", "owner")
    size = int(table["Parameters"]["sizeKey"])
    assert table["Parameters"] == {
        "CRAWL_RUN_ID": last["MessagePrefix"], "CrawlerSchemaDeserializerVersion": "1.0",
        "CrawlerSchemaSerializerVersion": "1.0", "UPDATED_BY_CRAWLER": lab.name, "averageRecordSize": str(size // 4),
        "classification": "parquet", "compressionType": "none", "objectCount": "2", "recordCount": "4",
        "sizeKey": str(size), "typeOfData": "file", "partition_filtering.enabled": "true",
    }  # fmt: skip
    hive = "org.apache.hadoop.hive.ql.io.parquet"
    assert storage["InputFormat"] == f"{hive}.MapredParquetInputFormat"
    assert storage["OutputFormat"] == f"{hive}.MapredParquetOutputFormat"
    assert storage["SerdeInfo"]["SerializationLibrary"] == f"{hive}.serde.ParquetHiveSerDe"
    partition = lab.partitions("raw_sales")["2024", "02"]
    assert partition["StorageDescriptor"]["Location"] == f"s3://{lab.name}/sales/year=2024/month=02/"
    assert partition["Parameters"]["recordCount"] == "1"
    assert "Created table raw_sales in database" in lab.log()


def test_a_second_crawl_adds_and_repeats_nothing(lab):
    lab.put("t/d=1/a.parquet", {"x": [1]})
    lab.crawler({"CrawlerOutput": MERGE})
    lab.update(Targets={"S3Targets": [{"Path": f"s3://{lab.name}/t/"}]})
    lab.crawl()
    before = lab.tables()
    lab.crawl()
    assert lab.tables() == before, "nothing is written when nothing changed"
    lab.put("t/d=2/a.parquet", {"y": ["new"], "x": [2]})
    lab.crawl()
    assert list(lab.tables()) == ["t"]
    assert list(lab.columns("t").items()) == [("x", "bigint"), ("y", "string")]
    for partition in lab.partitions("t").values():
        assert partition["StorageDescriptor"]["Columns"] == lab.tables()["t"]["StorageDescriptor"]["Columns"]
    metrics = lab.glue.get_crawler_metrics(CrawlerNameList=[lab.name])["CrawlerMetricsList"][0]
    assert (metrics["TablesCreated"], metrics["TablesUpdated"], metrics["TablesDeleted"]) == (1, 1, 0)
    assert [one["State"] for one in lab.glue.list_crawls(CrawlerName=lab.name)["Crawls"]] == ["COMPLETED"] * 3


@pytest.mark.parametrize(
    ("output", "policy", "expected"),
    [
        (MERGE, {}, {"x": "int", "old": "string", "new": "date"}),
        ({}, {"UpdateBehavior": "UPDATE_IN_DATABASE"}, {"x": "bigint", "new": "date"}),
        ({}, {"UpdateBehavior": "LOG"}, {"x": "int", "old": "string"}),
    ],
    ids=["merge", "replace", "log"],
)
def test_a_changed_schema(lab, output, policy, expected):
    lab.put("t/d=1/a.parquet", pa.table({"x": pa.array([1], pa.int32()), "old": ["a"]}))
    lab.crawler({"CrawlerOutput": output}, paths=("t/",), SchemaChangePolicy=policy)
    lab.crawl()
    lab.put("t/d=1/a.parquet", pa.table({"x": pa.array([1], pa.int64()), "new": pa.array([0], pa.date32())}))
    lab.put("t/d=2/a.parquet", {"x": [1]})
    assert lab.crawl()["Status"] == "SUCCEEDED"
    assert lab.columns("t") == expected
    assert set(lab.partitions("t")) == {("1",), ("2",)}, "new partitions are added under every policy"


@pytest.mark.parametrize("behavior", ["LOG", "DELETE_FROM_DATABASE", "DEPRECATE_IN_DATABASE"])
def test_deleted_objects(lab, behavior):
    for key in ("t/d=1/a.parquet", "t/d=2/a.parquet", "gone/a.parquet"):
        lab.put(key, {"x": [1]})
    lab.crawler(paths=("t/", "gone/"), SchemaChangePolicy={"DeleteBehavior": behavior})
    lab.crawl()
    for key in ("t/d=2/a.parquet", "gone/a.parquet"):
        lab.s3.delete_object(Bucket=lab.name, Key=key)
    lab.crawl()
    kept = behavior != "DELETE_FROM_DATABASE"
    assert ("gone" in lab.tables(), ("2",) in lab.partitions("t")) == (kept, kept)
    if kept:
        assert ("DEPRECATED_BY_CRAWLER" in lab.tables()["gone"]["Parameters"]) == (behavior != "LOG")
    assert "Table gone has no files any more" in lab.log()


def test_what_is_passed_over(lab):
    """Of a folder full of accidents the Parquet becomes its table, and the rest harms nobody."""
    for day in ("1", "2", "3"):
        lab.put(f"t/d={day}/a.parquet", {"x": [1]})
    for key in ("t/d=1/empty.parquet", "t/d=9/"):
        lab.put(key, b"")
    for key in ("t/_SUCCESS", "t/d=1/.part.crc", "t/_delta_log/0.json"):
        lab.put(key, b"x")
    lab.put("t/d=1/hour=2/a.parquet", {"x": [1]})
    lab.put("t/day=1/a.parquet", {"x": [1]})
    lab.crawler({"Grouping": COMBINE | {"TableLevelConfiguration": 2}}, paths=("t/",))
    assert lab.crawl()["Status"] == "SUCCEEDED"
    assert list(lab.tables()) == ["t"]
    assert set(lab.partitions("t")) == {("1",), ("2",), ("3",)}
    assert f"Folder partition keys do not match table partition keys, skipped folder: {lab.name}/t/day=1/" in lab.log()
    before = lab.tables()
    lab.crawl()
    assert lab.tables() == before


def test_what_is_no_parquet_is_refused_by_name(lab):
    buffer = io.BytesIO()
    pq.write_table(pa.table({"x": [1]}), buffer)
    whole = buffer.getvalue()
    refused = {
        "notes.csv": (b"id,name\n1,a\n", "is no Parquet file"),
        "cut.parquet": (whole[:-20], "is no Parquet file"),
        "short.parquet": (b"PAR1PAR1", "is no Parquet file"),
        "corrupt.parquet": (whole[:-20] + b"PAR1", "ends like a Parquet file and cannot be read"),
    }
    lab.put("t/d=1/a.parquet", {"x": [1]})
    lab.crawler(paths=("t/",))
    for name, (body, reason) in refused.items():
        lab.put(f"t/d=1/{name}", body)
        last = lab.crawl()
        assert last["Status"] == "FAILED"
        assert f"s3://{lab.name}/t/d=1/{name} {reason}" in last["ErrorMessage"]
        assert f"ERROR : {last['ErrorMessage']}" in lab.log()
        assert lab.tables() == {}
        lab.s3.delete_object(Bucket=lab.name, Key=f"t/d=1/{name}")
    assert lab.crawl()["Status"] == "SUCCEEDED"


def test_a_table_of_that_name_elsewhere(lab):
    lab.put("a/t/f.parquet", {"x": [1]})
    lab.put("b/t/f.parquet", {"y": [1]})
    lab.crawler(paths=("a/t/", "b/t/"))
    lab.crawl()
    lab.crawl()
    first, second = sorted(lab.tables())
    assert (first, second[:2], len(second)) == ("t", "t_", 34)


def test_exclusions(lab):
    for key in ("t/a.parquet", "t/old/a.parquet"):
        lab.put(key, {"x": [1]})
    lab.crawler(paths=())
    lab.update(Targets={"S3Targets": [{"Path": f"s3://{lab.name}/t/", "Exclusions": ["old/**"]}]})
    lab.crawl()
    assert lab.tables()["t"]["Parameters"]["objectCount"] == "1"


def test_a_footer_longer_than_a_guess(lab):
    names = [f"column_{number:05d}_{'x' * 40}" for number in range(1200)]
    lab.put("wide/a.parquet", {name: [1] for name in names})
    lab.crawler(paths=("wide/",))
    lab.crawl()
    assert list(lab.columns("wide")) == names


def test_one_crawl_at_a_time_and_stop(lab):
    lab.put("t/a.parquet", {"x": [1]})
    lab.crawler(paths=("t/",))
    start, stop = lab.glue.start_crawler, lab.glue.stop_crawler
    assert code(stop, Name=lab.name) == "CrawlerNotRunningException"
    start(Name=lab.name)
    assert code(start, Name=lab.name) == "CrawlerRunningException"
    assert code(lab.glue.delete_crawler, Name=lab.name) == "CrawlerRunningException"
    assert code(lab.update, Description="other") == "CrawlerRunningException"
    stop(Name=lab.name)
    assert code(start, Name=lab.name) == "CrawlerRunningException"
    assert code(stop, Name=lab.name) == "CrawlerStoppingException"
    assert lab.crawl(start=False)["Status"] == "CANCELLED"
    assert lab.glue.list_crawls(CrawlerName=lab.name)["Crawls"][0]["State"] == "STOPPED"
    assert code(start, Name="nobody") == "EntityNotFoundException"
    assert lab.crawl()["Status"] == "SUCCEEDED"


READ = ["s3:ListBucket", "s3:GetObject"]
CATALOG = ["glue:GetTables", "glue:CreateTable", "glue:GetPartitions", "glue:BatchCreatePartition",
           "glue:GetPartitionIndexes", "glue:CreatePartitionIndex"]  # fmt: skip


def test_a_right_that_the_role_lacks(crawler_clients, make_role):
    """Each crawler's role lacks one right; they crawl at the same time."""
    labs = {}
    for lacks in [*READ, *CATALOG, "nothing"]:
        allow = {"Effect": "Allow", "Action": [one for one in [*READ, *CATALOG] if one != lacks], "Resource": "*"}
        name = f"lacks-{lacks.partition(':')[2].lower()}"
        labs[lacks] = Lab(crawler_clients, make_role(name, "glue.amazonaws.com", allow), f"{name}-bucket")
        labs[lacks].put("t/d=1/a.parquet", {"x": [1]})
        labs[lacks].crawler(paths=("t/",))
        labs[lacks].glue.start_crawler(Name=labs[lacks].name)
    ends = {lacks: lab.crawl(start=False) for lacks, lab in labs.items()}
    assert ends.pop("nothing")["Status"] == "SUCCEEDED"
    for lacks, last in ends.items():
        assert last["Status"] == "FAILED"
        words = "(Service: Amazon S3; Status Code: 403; Error Code: AccessDenied"
        if lacks.startswith("glue"):
            words = f"/AWS-Crawler is not authorized to perform: {lacks} on resource: arn:aws:glue:us-east-1:"
        assert words in last["ErrorMessage"]


def test_a_role_that_glue_may_not_assume(lab, make_role):
    lab.role = make_role(lab.name, "lambda.amazonaws.com", ALL)
    lab.crawler(paths=("t/",))
    last = lab.crawl()
    assert (last["Status"], "unable to assume role" in last["ErrorMessage"]) == ("FAILED", True)


def test_a_bucket_that_is_not_there(lab):
    lab.crawler()
    lab.update(Targets={"S3Targets": [{"Path": "s3://no-such-bucket/t/"}]})
    last = lab.crawl()
    assert (last["Status"], "NoSuchBucket" in last["ErrorMessage"]) == ("FAILED", True)
