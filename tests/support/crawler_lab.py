"""A bucket, a database and a crawler of one test, on a cloud of a module's own."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from tests.support.eventually import eventually

COMBINE = {"TableGroupingPolicy": "CombineCompatibleSchemas"}
MERGE = {
    "Tables": {"AddOrUpdateBehavior": "MergeNewColumns"},
    "Partitions": {"AddOrUpdateBehavior": "InheritFromTable"},
}
ALL = {"Effect": "Allow", "Action": ["s3:*", "glue:*", "logs:*"], "Resource": "*"}


class Lab:
    """A bucket, a database and a crawler of one test."""

    def __init__(self, clients, role, name):
        self.glue, self.s3, self.logs = clients
        self.name, self.role = name, role
        self.s3.create_bucket(Bucket=name)
        self.glue.create_database(DatabaseInput={"Name": name})

    def crawler(self, configuration=None, paths=("",), **settings):
        targets = {"S3Targets": [{"Path": f"s3://{self.name}/{path}"} for path in paths]}
        configuration = {"Version": 1.0, "Grouping": COMBINE, **(configuration or {})}
        self.glue.create_crawler(**{"Name": self.name, "Role": self.role, "DatabaseName": self.name, "Targets": targets,
                                    "Configuration": json.dumps(configuration), **settings})  # fmt: skip

    def put(self, key, table, **options):
        if isinstance(table, dict):
            table = pa.table(table)
        if not isinstance(table, bytes):
            buffer = io.BytesIO()
            pq.write_table(table, buffer, **options)
            table = buffer.getvalue()
        self.s3.put_object(Bucket=self.name, Key=key, Body=table)

    def crawl(self, start=True):
        """Crawl to the end; LastCrawl, and in `states` what the crawler was."""
        if start:
            self.glue.start_crawler(Name=self.name)
        self.states = []

        def ready(crawler):
            if crawler["State"] not in self.states:
                self.states.append(crawler["State"])
            return crawler["State"] == "READY"

        return eventually(lambda: self.glue.get_crawler(Name=self.name)["Crawler"], 30, 0.05, ready)["LastCrawl"]

    def tables(self):
        return {table["Name"]: table for table in self.glue.get_tables(DatabaseName=self.name)["TableList"]}

    def columns(self, table):
        return {one["Name"]: one["Type"] for one in self.tables()[table]["StorageDescriptor"]["Columns"]}

    def partitions(self, table):
        found = self.glue.get_partitions(DatabaseName=self.name, TableName=table)["Partitions"]
        return {tuple(one["Values"]): one for one in found}

    def log(self):
        events = self.logs.get_log_events(logGroupName="/aws-glue/crawlers", logStreamName=self.name)["events"]
        return "\n".join(event["message"] for event in events)

    def update(self, **settings):
        self.glue.update_crawler(Name=self.name, **settings)


def code(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]
