"""The Glue catalog as DuckDB relations: tables over their registered partitions' files, views over their SQL."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlparse

import duckdb
from sqlglot import exp

from local import ministack, paths
from local.athena import errors, types
from local.athena.errors import QueryFailed, at
from local.athena.functions import MACROS
from local.athena.models import Query
from local.athena.statements import parse
from local.athena.translate import CATALOG, to_duckdb

_PRESTO_VIEW = re.compile(r"/\* Presto View: (\S+) \*/")
_SCHEMA_OF_SCHEMAS = "information_schema"


class Session:
    """One statement's DuckDB, which holds what of the catalog the statement names."""

    def __init__(self, database: str):
        self.database = database
        self.scanned = 0
        self._known: dict[tuple[str, str], dict[str, str]] = {}
        self.connection = duckdb.connect(":memory:")
        self.connection.execute("set timezone = 'UTC'; set disabled_optimizers = 'type_pushdown'")
        self.connection.execute(f"attach ':memory:' as {CATALOG}; use {CATALOG}")
        self.connection.execute(MACROS)

    def prepare(self, query: Query, database: str | None = None) -> str:
        """DuckDB's text of the query, after everything it reads has been set up. Raises QueryFailed."""
        database, tree = database or self.database, query.tree.copy()
        ctes = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
        schema: dict = {CATALOG: {}}
        for table in list(tree.find_all(exp.Table)):
            if not isinstance(table.this, exp.Identifier):
                continue
            place = at(query.source, errors.start_of(table))
            if table.catalog.lower() not in ("", CATALOG):
                raise QueryFailed(f"CATALOG_NOT_FOUND: {place}: Catalog '{table.catalog.lower()}' not found")
            owner, name = (table.db or database).lower(), table.name.lower()
            if not table.db and name in ctes and f"{owner}/{name}" not in ministack.tables:
                continue
            schema[CATALOG].setdefault(owner, {})[name] = self._relation(owner, name, place)
        text = to_duckdb(tree, query.source, database, schema)
        return text.replace(f'"{_SCHEMA_OF_SCHEMAS}".', f'"_{_SCHEMA_OF_SCHEMAS}".')

    def describe(self, text: str, query: Query) -> list[tuple[str, str]]:
        """Names and DuckDB types of a prepared query's columns. Raises QueryFailed."""
        try:
            return [(row[0], row[1]) for row in self.connection.execute(f"describe {text}").fetchall()]
        except duckdb.Error as error:
            raise errors.from_duckdb(error, query.tree, query.source) from error

    def _relation(self, database: str, name: str, place: str) -> dict[str, str]:
        """Set up one table or view, once; its columns with Trino types."""
        if (database, name) not in self._known:
            self.connection.execute(f'create schema if not exists {CATALOG}."{_hidden_schema(database)}"')
            relation = f'{CATALOG}."{_hidden_schema(database)}"."{name}"'
            if database == _SCHEMA_OF_SCHEMAS:
                _information(self.connection, name, relation, place)
            elif name.endswith("$partitions"):
                self.connection.execute(
                    f"create table {relation} as {_partition_rows(table_of(database, name, place))}"
                )
            elif (view := definition(table := table_of(database, name, place))) is not None:
                self._view(view, relation, f"{CATALOG}.{database}.{name}", place)
            else:
                text, scanned = _table(self.connection, table)
                self.scanned += scanned
                self.connection.execute(f"create view {relation} as {text}")
            self._known[database, name] = {
                row[0]: types.duckdb_to_trino(row[1])
                for row in self.connection.execute(f"describe {relation}").fetchall()
            }
        return self._known[database, name]

    def _view(self, view: dict, relation: str, name: str, place: str) -> None:
        """Raises QueryFailed where the view's SQL no longer works or gives other columns than the catalog says."""
        query = parse(view["originalSql"])
        try:
            text = self.prepare(query, view["schema"])
            derived = self.describe(text, query)
        except QueryFailed as failure:
            reason = re.sub(r"^[A-Z_]+: ", "", str(failure))
            raise QueryFailed(f"INVALID_VIEW: {place}: Failed analyzing stored view '{name}': {reason}") from None
        stale = f"VIEW_IS_STALE: {place}: View '{name}' is stale or in invalid state: "
        if len(derived) != len(view["columns"]):
            raise QueryFailed(f"{stale}stored view column count ({len(view['columns'])}) does not match column count "
                              f"derived from the view query analysis ({len(derived)})")  # fmt: skip
        for index, (column, declared) in enumerate(zip(derived, view["columns"], strict=True)):
            actual, wanted = types.duckdb_to_trino(column[1]), declared["type"].replace("(3)", "")
            if (column[0].lower(), actual) != (declared["name"].lower(), wanted):
                raise QueryFailed(
                    f"{stale}column [{column[0]}] of type {actual} projected from query view at position {index} "
                    f"cannot be coerced to column [{declared['name']}] of type {wanted} stored in view definition"
                )
        self.connection.execute(f"create view {relation} as {text}")


def table_of(database: str, name: str, place: str = "line 1:1") -> dict:
    """The Glue table. Raises QueryFailed."""
    if database not in ministack.databases:
        raise QueryFailed(f"SCHEMA_NOT_FOUND: {place}: Schema '{database}' does not exist")
    table = ministack.tables.get(f"{database}/{name.removesuffix('$partitions')}")
    if table is None:
        raise QueryFailed(f"TABLE_NOT_FOUND: {place}: Table '{CATALOG}.{database}.{name}' does not exist")
    return table


def tables_of(database: str) -> list[dict]:
    return sorted((table for key, table in ministack.tables.items() if key.startswith(f"{database}/")), key=_name)


def _name(table: dict) -> str:
    return table["Name"]


def partitions_of(table: dict) -> list[dict]:
    return ministack.partitions.get(f"{table['DatabaseName']}/{table['Name']}", [])


def definition(table: dict) -> dict | None:
    """What CREATE VIEW stored: originalSql, schema and columns; nothing for a table."""
    if table.get("TableType") != "VIRTUAL_VIEW":
        return None
    stored = _PRESTO_VIEW.search(table.get("ViewOriginalText") or "")
    if stored is None:
        raise QueryFailed(f"INVALID_VIEW: View {table['Name']} is not a Presto view")
    return json.loads(base64.b64decode(stored[1]))


def view_text(sql: str, database: str, columns: list[dict]) -> str:
    """ViewOriginalText of a view; `definition` reads it."""
    stored = {"originalSql": sql, "catalog": CATALOG, "schema": database, "columns": columns}
    return f"/* Presto View: {base64.b64encode(json.dumps(stored).encode()).decode()} */"


def _table(connection: Any, table: dict) -> tuple[str, int]:
    """A SELECT of the declared columns over the files, and the files' size; partitions of no file do not matter."""
    storage, keys = table["StorageDescriptor"], table["PartitionKeys"]
    files, scanned = [], 0
    for values, location in _locations(table):
        folder = "/".join(f"{key['Name']}={quote(value, safe='')}" for key, value in zip(keys, values, strict=True))
        for file, size in _files(location, folder):
            files.append(str(file))
            scanned += size
    declared = [(column["Name"], types.hive_to_duckdb(column["Type"])) for column in storage["Columns"] + keys]
    if not files:
        nulls = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in declared)
        return f"select {nulls} where false", 0
    relation = ministack.duckdb_relation(table, files)
    present = {row[0].lower() for row in connection.execute(f"describe select * from {relation}").fetchall()}
    columns = ", ".join(
        f'cast({f"{chr(34)}{name}{chr(34)}" if name in present else "null"} as {kind}) as "{name}"'
        for name, kind in declared
    )
    return f"select {columns} from {relation}", scanned


def _locations(table: dict) -> Iterator[tuple[list[str], str]]:
    """Partition values and location of everything Athena would read: registered partitions and nothing beside them."""
    if not table["PartitionKeys"]:
        yield [], table["StorageDescriptor"]["Location"]
        return
    for partition in partitions_of(table):
        yield partition["Values"], partition["StorageDescriptor"]["Location"]


def _files(location: str, folder: str) -> Iterator[tuple[Path, int]]:
    """The objects below a location as files, kept by their ETag, in folders that name the partition to DuckDB."""
    url = urlparse(location)
    prefix = url.path.strip("/") + "/"
    objects = (ministack.buckets.get(url.netloc) or {"objects": {}})["objects"]
    for key in sorted(key for key in list(objects) if key.startswith(prefix) and not key.endswith("/")):
        body = ministack.object_data(url.netloc, key)
        if ministack.is_hidden(key[len(prefix) :]) or not body:
            continue
        etag = objects[key]["etag"].strip('"')
        file = paths.STATE / "athena" / etag / folder / key.rsplit("/", 1)[-1]
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_name(f".{file.name}.{id(body)}")
            part.write_bytes(body)
            part.rename(file)
        yield file, len(body)


def _partition_rows(table: dict) -> str:
    keys = [key["Name"] for key in table["PartitionKeys"]]
    rows = [", ".join(_literal(value) for value in partition["Values"]) for partition in partitions_of(table)]
    names = ", ".join(f'"{key}"' for key in keys)
    if not rows:
        return f"select {', '.join(f'null::varchar as {key}' for key in keys)} where false"
    return f"select * from (values {', '.join(f'({row})' for row in rows)}) as t({names})"


def _hidden_schema(database: str) -> str:
    """DuckDB has an information_schema of its own."""
    return f"_{database}" if database == _SCHEMA_OF_SCHEMAS else database


def _information(connection: Any, name: str, relation: str, place: str) -> None:
    """information_schema's tables and columns, of all databases."""
    rows: list[str] = []
    heads = {
        "schemata": "catalog_name, schema_name",
        "tables": "table_catalog, table_schema, table_name, table_type",
        "columns": "table_catalog, table_schema, table_name, column_name, ordinal_position, data_type",
    }
    if name not in heads:
        raise QueryFailed(f"TABLE_NOT_FOUND: {place}: Table '{CATALOG}.{_SCHEMA_OF_SCHEMAS}.{name}' does not exist")
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
    connection.execute(f"create table {relation} as {filled if rows else empty}")


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
