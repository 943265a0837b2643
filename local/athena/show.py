"""SHOW and DESCRIBE, from the Glue catalog alone."""

from local import ministack
from local.athena import catalog, listings
from local.athena.errors import QueryFailed
from local.athena.models import Result
from local.athena.translate import CATALOG


def run(words: list[str], database: str) -> Result:
    """SHOW DATABASES, TABLES, VIEWS, COLUMNS, PARTITIONS, CREATE VIEW, CREATE TABLE; DESCRIBE."""
    names = [word.strip("`") for word in words if word not in (".", "in", "from", "formatted", "extended", "table")]
    match names:
        case ["show", "databases" | "schemas", *_]:
            return _lines(["database_name"], [[name] for name in sorted(ministack.databases)])
        case ["show", "tables" | "views" as kind, *rest]:
            return _show_tables(kind, rest, database)
        case ["show", "partitions", *name]:
            return _show_partitions(_table(name, database))
        case ["show", "columns", *name]:
            table = _table(name, database)
            return _lines(["field"], [[column["Name"]] for column in _columns(table)])
        case ["show", "create", "view", *name]:
            table = _table(name, database)
            view = catalog.definition(table) or {"originalSql": ""}
            return _lines(["Create View"], [[f"CREATE VIEW {table['DatabaseName']}.{table['Name']} AS"],
                                            *([line] for line in view["originalSql"].split("\n"))])  # fmt: skip
        case ["show", "create", *name]:
            return _show_create_table(_table(name, database))
        case ["describe" | "desc", *name]:
            return _describe(_table(name, database))
    raise QueryFailed(f"NOT_SUPPORTED: the laptop cloud does not know {' '.join(words)}")


def _lines(columns: list[str], rows: list[list[str | None]]) -> Result:
    return Result(columns, ["string"] * len(columns), rows, lines=True)


def _table(name: list[str], database: str) -> dict:
    return listings.table_of(name[0] if len(name) > 1 else database, name[-1])


def _columns(table: dict) -> list[dict]:
    return table["StorageDescriptor"]["Columns"] + table["PartitionKeys"]


def _show_tables(kind: str, rest: list[str], database: str) -> Result:
    """With a pattern, where * stands for anything."""
    pattern = rest[-1].strip("'") if rest and rest[-1].startswith("'") else "*"
    owner = rest[0] if rest and not rest[0].startswith("'") else database
    names = [
        table["Name"]
        for table in listings.tables_of(owner)
        if (kind == "tables" or table["TableType"] == "VIRTUAL_VIEW")
        and any(ministack.name_matches(part, table["Name"]) for part in pattern.split("|"))
    ]
    return _lines(["tab_name" if kind == "tables" else "views"], [[name] for name in names])


def _show_partitions(table: dict) -> Result:
    keys = [key["Name"] for key in table["PartitionKeys"]]
    if not keys:
        raise QueryFailed(f"FAILED: SemanticException Table {table['Name']} is not a partitioned table")
    parts = ["/".join(f"{key}={value}" for key, value in zip(keys, partition["Values"], strict=True))
             for partition in listings.partitions_of(table)]  # fmt: skip
    return _lines(["partition"], [[part] for part in sorted(parts)])


def _show_create_table(table: dict) -> Result:
    """The statement in Hive's words, a line for a row."""
    if table["TableType"] == "VIRTUAL_VIEW":
        name = f"{CATALOG}.{table['DatabaseName']}.{table['Name']}"
        raise QueryFailed(f"NOT_SUPPORTED: line 1:1: Relation '{name}' is a view, not a table")
    storage = table["StorageDescriptor"]
    lines = [f"CREATE EXTERNAL TABLE `{table['Name']}`(", *_listed(storage["Columns"])]
    if table["PartitionKeys"]:
        lines += ["PARTITIONED BY ( ", *_listed(table["PartitionKeys"])]
    serde = storage.get("SerdeInfo", {})
    lines += ["ROW FORMAT SERDE ", f"  '{serde.get('SerializationLibrary', '')}' "]
    if settings := serde.get("Parameters"):
        lines += ["WITH SERDEPROPERTIES ( ", *_pairs(settings)]
    lines += ["STORED AS INPUTFORMAT ", f"  '{storage.get('InputFormat', '')}' ", "OUTPUTFORMAT "]
    lines += [f"  '{storage.get('OutputFormat', '')}'", "LOCATION", f"  '{storage['Location']}'"]
    kept = {name: value for name, value in table.get("Parameters", {}).items() if name != "EXTERNAL"}
    lines += ["TBLPROPERTIES (", *_pairs(kept)] if kept else []
    return _lines(["createtab_stmt"], [[line] for line in lines])


def _listed(columns: list[dict]) -> list[str]:
    told = [f"  `{one['Name']}` {one['Type']}" + (f" COMMENT '{one['Comment']}'" if one.get("Comment") else "")
            for one in columns]  # fmt: skip
    return [*(f"{line}, " for line in told[:-1]), f"{told[-1]})"]


def _pairs(settings: dict[str, str]) -> list[str]:
    told = [f"  '{name}'='{value}'" for name, value in sorted(settings.items())]
    return [*(f"{line}, " for line in told[:-1]), f"{told[-1]})"]


def _describe(table: dict) -> Result:
    rows = [
        [f"{column['Name']:20}", f"{column['Type']:20}", f"{column.get('Comment', ''):20}"]
        for column in _columns(table)
    ]
    if keys := table["PartitionKeys"]:
        rows += [
            ["", "", ""],
            ["# Partition Information", "", ""],
            [f"{'# col_name':20}", f"{'data_type':20}", f"{'comment':20}"],
        ]
        rows += [
            ["", "", ""],
            *([f"{key['Name']:20}", f"{key['Type']:20}", f"{key.get('Comment', ''):20}"] for key in keys),
        ]
    return _lines(["col_name", "data_type", "comment"], [list(row) for row in rows])
