"""The lake's tables in the Glue catalog, as the crawler writes them: for tests that run none."""

import dataclasses

from stocks.dataset.latest import Latest
from stocks.schemas import SCHEMAS, hive

_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"
FILES, LATEST = "files", "latest"  # which the template makes, and which have no partitions
_JSON = "org.openx.data.jsonserde.JsonSerDe"
_KEYS = [{"Name": "dataset", "Type": "string"}, {"Name": "run_id", "Type": "string"}]


def register(glue, s3, database: str, bucket: str) -> None:
    """Make the tables, and a partition for every folder of the bucket that holds Parquet and has none yet."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [item["Key"] for page in pages for item in page.get("Contents", []) if item["Key"].endswith(".parquet")]
    existing = {table["Name"] for table in glue.get_tables(DatabaseName=database)["TableList"]}
    if LATEST not in existing:
        glue.create_table(DatabaseName=database, TableInput=latest(bucket))
    for table in SCHEMAS:
        if table not in existing:
            glue.create_table(DatabaseName=database, TableInput=_table(table, bucket))
        folders = {key.rsplit("/", 1)[0] for key in keys if key.startswith(f"{table}/dataset=")}
        known = glue.get_partitions(DatabaseName=database, TableName=table)["Partitions"]
        for folder in sorted(folders):
            values = [part.split("=", 1)[1] for part in folder.split("/")[1:]]
            if values not in [partition["Values"] for partition in known]:
                glue.create_partition(
                    DatabaseName=database,
                    TableName=table,
                    PartitionInput={"Values": values, "StorageDescriptor": _storage(table, f"s3://{bucket}/{folder}/")},
                )


def _table(name: str, bucket: str) -> dict:
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [] if name in (FILES, LATEST) else _KEYS,
        "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE"},
        "StorageDescriptor": _storage(name, f"s3://{bucket}/{name}/") if name in SCHEMAS else {},
    }


def _storage(name: str, location: str) -> dict:
    return {
        "Columns": [{"Name": field.name, "Type": hive(field.type)} for field in SCHEMAS[name]],
        "Location": location,
        "InputFormat": f"{_PARQUET}.MapredParquetInputFormat",
        "OutputFormat": f"{_PARQUET}.MapredParquetOutputFormat",
        "SerdeInfo": {
            "SerializationLibrary": f"{_PARQUET}.serde.ParquetHiveSerDe",
            "Parameters": {"serialization.format": "1"},
        },
    }


def latest(bucket: str) -> dict:
    """The table of JSON that the template makes."""
    columns = [
        {"Name": one.name, "Type": "string" if one.type is str else "bigint"} for one in dataclasses.fields(Latest)
    ]
    storage = {"Columns": columns, "Location": f"s3://{bucket}/latest/", "SerdeInfo": {"SerializationLibrary": _JSON}}
    return _table(LATEST, bucket) | {"Parameters": {"classification": "json"}, "StorageDescriptor": storage}
