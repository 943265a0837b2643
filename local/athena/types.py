"""Types in the three dialects that meet here: Hive's in the catalog, Trino's for who queries, DuckDB's underneath."""

import functools

from sqlglot import exp

# Types that DuckDB makes of sums and counts and Trino does not have.
_DUCKDB_ONLY = {"HUGEINT": "BIGINT", "UHUGEINT": "BIGINT", "UBIGINT": "BIGINT", "UINTEGER": "BIGINT",
                "USMALLINT": "INTEGER", "UTINYINT": "SMALLINT", "TIMESTAMP_MS": "TIMESTAMP",
                "TIMESTAMP_S": "TIMESTAMP", "TIMESTAMPTZ_NS": "TIMESTAMPTZ",
                "TIMESTAMP_NS": "TIMESTAMP", "UUID": "VARCHAR"}  # fmt: skip
_PRECISION = {"varchar": 2147483647, "char": 2147483647, "double": 17, "real": 24, "float": 17, "bigint": 19,
              "integer": 10, "smallint": 5, "tinyint": 3, "varbinary": 1073741824, "timestamp": 3}  # fmt: skip


@functools.cache
def hive_to_trino(name: str) -> str:
    return exp.DataType.build(name, dialect="hive").sql("trino").lower()


@functools.cache
def hive_to_duckdb(name: str) -> str:
    return exp.DataType.build(name, dialect="hive").sql("duckdb")


@functools.cache
def trino_to_hive(name: str) -> str:
    if name.startswith("timestamp"):
        return "timestamp"
    return exp.DataType.build(name, dialect="trino").sql("hive").lower().replace(", ", ",").replace(": ", ":")


@functools.cache
def trino_to_duckdb(name: str) -> str:
    return exp.DataType.build(name, dialect="trino").sql("duckdb")


@functools.cache
def duckdb_to_trino(name: str) -> str:
    for foreign, known in _DUCKDB_ONLY.items():
        name = name.replace(foreign, known)
    if name == '"NULL"':
        return "unknown"
    if name.startswith("INTERVAL"):
        return "interval day to second"
    return exp.DataType.build(name, dialect="duckdb").sql("trino").lower()


def shown(described: str, trino: str | None) -> str:
    """What a column is said to be: DuckDB's answer, and Trino's name where DuckDB has one type for two."""
    if described.startswith("interval") and trino is not None and trino.startswith("interval"):
        return trino
    return trino if described == "unknown" and trino else described


def column_info(name: str, trino: str) -> dict:
    """A column as GetQueryResults describes it: the outermost type only."""
    base, _, inside = trino.partition("(")
    base = "float" if base == "real" else base
    precision, scale = _PRECISION.get(base, 0), 0
    if base == "decimal":
        precision, scale = (int(part) for part in inside.rstrip(")").split(","))
    elif base == "varchar" and inside:
        precision = int(inside.rstrip(")"))
    if base.startswith("timestamp"):
        base = "timestamp with time zone" if trino.endswith("with time zone") else "timestamp"
    return {
        "CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": name, "Label": name, "Type": base,
        "Precision": precision, "Scale": scale, "Nullable": "UNKNOWN", "CaseSensitive": base in ("varchar", "char"),
    }  # fmt: skip
