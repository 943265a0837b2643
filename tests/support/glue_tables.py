"""The lake's tables in the Glue catalog, as the crawler writes them: for tests that run none."""

import pyarrow as pa

from stocks.schemas import SCHEMAS

_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"
FILES = "files"  # which the template makes, and which has no partitions
_KEYS = [{"Name": "dataset", "Type": "string"}, {"Name": "run_id", "Type": "string"}]


def register(glue, s3, database: str, bucket: str) -> None:
    """Make the tables, and a partition for every folder of the bucket that holds Parquet and has none yet."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [item["Key"] for page in pages for item in page.get("Contents", []) if item["Key"].endswith(".parquet")]
    existing = {table["Name"] for table in glue.get_tables(DatabaseName=database)["TableList"]}
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
        "PartitionKeys": [] if name == FILES else _KEYS,
        "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE"},
        "StorageDescriptor": _storage(name, f"s3://{bucket}/{name}/"),
    }


def _storage(name: str, location: str) -> dict:
    return {
        "Columns": [{"Name": field.name, "Type": _hive(field.type)} for field in SCHEMAS[name]],
        "Location": location,
        "InputFormat": f"{_PARQUET}.MapredParquetInputFormat",
        "OutputFormat": f"{_PARQUET}.MapredParquetOutputFormat",
        "SerdeInfo": {
            "SerializationLibrary": f"{_PARQUET}.serde.ParquetHiveSerDe",
            "Parameters": {"serialization.format": "1"},
        },
    }


def _hive(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"array<{_hive(kind.value_type)}>"
    if pa.types.is_struct(kind):
        return f"struct<{','.join(f'{field.name}:{_hive(field.type)}' for field in kind)}>"
    if pa.types.is_timestamp(kind):
        return "timestamp"
    return {"date32[day]": "date", "int32": "int", "int64": "bigint"}.get(str(kind), str(kind))
