"""What the Glue catalog lists, as SQL: a table's partitions, and information_schema."""

from local import ministack
from local.athena import pruning, types
from local.athena.errors import QueryFailed
from local.athena.translate import CATALOG

INFORMATION = "information_schema"
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"  # the folder of rows whose partition key is null


def table_of(database: str, name: str, place: str = "line 1:1") -> dict:
    """The Glue table. Raises QueryFailed."""
    if database not in ministack.databases:
        raise QueryFailed(f"SCHEMA_NOT_FOUND: {place}: Schema '{database}' does not exist")
    table = ministack.tables.get(f"{database}/{name}")
    if table is None:
        raise QueryFailed(f"TABLE_NOT_FOUND: {place}: Table '{CATALOG}.{database}.{name}' does not exist")
    return table


def tables_of(database: str) -> list[dict]:
    return sorted((table for key, table in ministack.tables.items() if key.startswith(f"{database}/")), key=_name)


def _name(table: dict) -> str:
    return table["Name"]


def partitions_of(table: dict) -> list[dict]:
    return ministack.partitions.get(f"{table['DatabaseName']}/{table['Name']}", [])


def partitions(table: dict) -> str:
    """What `"name$partitions"` shows."""
    names = ", ".join(f'"{key["Name"]}"' for key in table["PartitionKeys"])
    return f"select {names} from ({_numbered(table)})"


def places(table: dict) -> str:
    """The partitions by their keys' values in the keys' types, and by `pruning.PLACE`, their number in the catalog."""
    keys = [(key["Name"], types.hive_to_duckdb(key["Type"])) for key in table["PartitionKeys"]]
    typed = [f'cast(nullif("{name}", {_literal(_NO_VALUE)}) as {kind}) as "{name}"' for name, kind in keys]
    return f'select "{pruning.PLACE}", {", ".join(typed)} from ({_numbered(table)})'


def _numbered(table: dict) -> str:
    """A row for each partition: its number, and the keys' values as text."""
    names = [pruning.PLACE, *(key["Name"] for key in table["PartitionKeys"])]
    rows = [
        f"({', '.join([str(place), *map(_literal, partition['Values'])])})"
        for place, partition in enumerate(partitions_of(table))
    ]
    nothing = f"(null::bigint{', null::varchar' * (len(names) - 1)})"
    quoted = ", ".join(f'"{name}"' for name in names)
    return f'select * from (values {", ".join(rows) or nothing}) as t({quoted}) where "{pruning.PLACE}" is not null'


def information(name: str, place: str) -> str:
    """information_schema's tables and columns, of all databases. Raises QueryFailed for another name."""
    rows: list[str] = []
    heads = {
        "schemata": "catalog_name, schema_name",
        "tables": "table_catalog, table_schema, table_name, table_type",
        "columns": "table_catalog, table_schema, table_name, column_name, ordinal_position, data_type",
    }
    if name not in heads:
        raise QueryFailed(f"TABLE_NOT_FOUND: {place}: Table '{CATALOG}.{INFORMATION}.{name}' does not exist")
    for database in ministack.databases:
        if name == "schemata":
            rows.append(f"('{CATALOG}', {_literal(database)})")
        for table in tables_of(database) if name != "schemata" else []:
            owner = f"'{CATALOG}', {_literal(database)}, {_literal(table['Name'])}"
            if name == "tables":
                rows.append(f"({owner}, '{'VIEW' if table['TableType'] == 'VIRTUAL_VIEW' else 'BASE TABLE'}')")
                continue
            columns = table["StorageDescriptor"]["Columns"] + table["PartitionKeys"]
            rows += [
                f"({owner}, {_literal(column['Name'])}, {number}::bigint, "
                f"{_literal(types.hive_to_trino(column['Type']))})"
                for number, column in enumerate(columns, 1)
            ]
    empty = f"select {', '.join(f'null as {head}' for head in heads[name].split(', '))} where false"
    filled = f"select * from (values {', '.join(rows)}) as t({heads[name]})"
    return filled if rows else empty


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
