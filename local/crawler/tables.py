"""What a crawler writes about a table and its partitions, and what it leaves of what is there already.

Parameters, SerDes and the order of things are those of tables that AWS's crawlers made, as public repositories keep
their definitions; what is done to existing tables is the Developer Guide's "Customizing crawler behavior".
"""

from local.crawler.models import Column, File, Settings

_HIVE = "org.apache.hadoop.hive.ql.io"
_PARQUET = (
    f"{_HIVE}.parquet.MapredParquetInputFormat",
    f"{_HIVE}.parquet.MapredParquetOutputFormat",
    f"{_HIVE}.parquet.serde.ParquetHiveSerDe",
)
_WIDER = ("tinyint", "smallint", "int", "bigint", "float", "double")
RUN_ID = "CRAWL_RUN_ID"
MADE_BY = "UPDATED_BY_CRAWLER"
DEPRECATED = "DEPRECATED_BY_CRAWLER"


def table_input(settings: Settings, name: str, location: str, keys: tuple[str, ...], files: list[File]) -> dict:
    """A new table over the files."""
    parameters = _parameters(settings, files)
    if keys:
        parameters["partition_filtering.enabled"] = "true"
    return {
        "Name": name,
        "Owner": "owner",
        "Retention": 0,
        "StorageDescriptor": _storage(files, location, dict(parameters)),
        "PartitionKeys": [{"Name": key, "Type": "string"} for key in keys],
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
    }


def partition_input(settings: Settings, values: tuple[str, ...], location: str, files: list[File], table: dict) -> dict:
    """A partition; with InheritFromTable its columns, formats and SerDe are the table's, whatever its files hold."""
    parameters = _parameters(settings, files)
    storage = _storage(files, location, parameters)
    if settings.inherit:
        storage = table["StorageDescriptor"] | {"Location": location, "Parameters": parameters}
    return {"Values": list(values), "StorageDescriptor": storage, "Parameters": parameters}


def updated(settings: Settings, old: dict, new: dict) -> dict:
    """What UpdateTable is given for a table that exists.

    MergeNewColumns keeps every column and its type and appends the new ones; otherwise the table becomes what the
    crawl found, without any metadata that a crawler does not set. Partition keys never change.
    """
    new = new | {"Name": old["Name"], "PartitionKeys": old["PartitionKeys"]}
    if not settings.merge_new_columns:
        return new
    storage = old["StorageDescriptor"]
    known = {column["Name"] for column in storage["Columns"]}
    added = [column for column in new["StorageDescriptor"]["Columns"] if column["Name"] not in known]
    return new | {
        "Description": old.get("Description", ""),
        "Owner": old.get("Owner", ""),
        "StorageDescriptor": storage
        | {
            "Columns": storage["Columns"] + added,
            "Parameters": _merged(storage.get("Parameters", {}), new["StorageDescriptor"]["Parameters"]),
        },
        "Parameters": _merged(old.get("Parameters", {}), new["Parameters"]),
    }


def _merged(old: dict[str, str], new: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in old.items() if key != DEPRECATED} | new


def same(old: dict, new: dict) -> bool:
    """Whether nothing that is new would change what the catalog has."""
    return all(old.get(key) == value for key, value in new.items() if key not in ("Retention", "Description"))


def columns(files: list[File]) -> tuple[tuple[Column, ...], list[str]]:
    """The columns of all files together, and those whose types no number type holds: they become string.

    The documentation does not say what CombineCompatibleSchemas makes of an int beside a string; a string holds both.
    """
    types: dict[str, str] = {}
    clashes = []
    for name, kind in (column for file in files for column in file.columns):
        before = types.setdefault(name, kind)
        if before == kind:
            continue
        if before in _WIDER and kind in _WIDER:
            types[name] = max(before, kind, key=_WIDER.index)
        else:
            types[name] = "string"
            clashes.append(name)
    return tuple(types.items()), clashes


def _storage(files: list[File], location: str, parameters: dict[str, str]) -> dict:
    reads, writes, serde = _PARQUET
    return {
        "Columns": [{"Name": name, "Type": kind} for name, kind in columns(files)[0]],
        "Location": location,
        "InputFormat": reads,
        "OutputFormat": writes,
        "Compressed": False,
        "NumberOfBuckets": -1,
        "SerdeInfo": {"SerializationLibrary": serde, "Parameters": {"serialization.format": "1"}},
        "BucketColumns": [],
        "SortColumns": [],
        "Parameters": parameters,
        "StoredAsSubDirectories": False,
    }


def _parameters(settings: Settings, files: list[File]) -> dict[str, str]:
    """Sizes and counts of the files; averageRecordSize is stored bytes by row, AWS does not say how it counts."""
    size, records = sum(file.size for file in files), sum(file.records for file in files)
    return {
        "CrawlerSchemaDeserializerVersion": "1.0",
        "CrawlerSchemaSerializerVersion": "1.0",
        MADE_BY: settings.name,
        "averageRecordSize": str(size // records if records else 0),
        "classification": "parquet",
        "compressionType": "none",
        "objectCount": str(len(files)),
        "recordCount": str(records),
        "sizeKey": str(size),
        "typeOfData": "file",
    }


_TAKEN = ["Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters"]


def as_input(table: dict) -> dict:
    """The part of a table that UpdateTable takes."""
    return {key: table[key] for key in _TAKEN if key in table}
