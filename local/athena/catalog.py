"""The Glue catalog as DuckDB relations: tables over their registered partitions' files, views over their SQL."""

import base64
import dataclasses
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlparse

import duckdb
from sqlglot import exp

from local import ministack, paths
from local.athena import errors, listings, pruning, types
from local.athena.errors import QueryFailed, at
from local.athena.listings import INFORMATION, partitions_of, table_of
from local.athena.macros import MACROS
from local.athena.models import Query
from local.athena.statements import parse
from local.athena.translate import CATALOG, Translated, to_duckdb

_PRESTO_VIEW = re.compile(r"/\* Presto View: (\S+) \*/")
LISTINGS = {"partitions": listings.partitions, "places": listings.places}
_log = logging.getLogger("athena")


class Session:
    """One statement's DuckDB, which holds what of the catalog the statement names."""

    def __init__(self, database: str):
        self.database = database
        self._files: dict[str, int] = {}  # what was read, with its bytes
        self._answers: dict[tuple[str, str], frozenset[int] | None] = {}
        self._known: dict[tuple[str, str], dict[str, str]] = {}
        self.connection = duckdb.connect(":memory:")
        self.connection.execute("set timezone = 'UTC'; set disabled_optimizers = 'type_pushdown'")
        self.connection.execute(f"attach ':memory:' as {CATALOG}; use {CATALOG}")
        self.connection.execute(MACROS)

    def prepare(self, query: Query, database: str | None = None) -> Translated:
        """The query for DuckDB, after everything it reads has been set up. Raises QueryFailed."""
        database, tree = database or self.database, query.tree.copy()
        ctes = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
        schema: dict = {CATALOG: {}}
        tables = [table for table in tree.find_all(exp.Table) if isinstance(table.this, exp.Identifier)]
        kept = [self._kept(table, query, database) if table.db or table.name.lower() not in ctes else None
                for table in tables]  # fmt: skip
        for table, places in zip(tables, kept, strict=True):
            place = at(query.source, errors.start_of(table))
            if table.catalog.lower() not in ("", CATALOG):
                raise QueryFailed(f"CATALOG_NOT_FOUND: {place}: Catalog '{table.catalog.lower()}' not found")
            owner, name = (table.db or database).lower(), table.name.lower()
            if not table.db and name in ctes and f"{owner}/{name}" not in ministack.tables:
                continue
            if places is not None:
                name = _narrowed(table, len(self._known))
            schema[CATALOG].setdefault(owner, {})[name] = self._relation(owner, name, place, places)
        made = to_duckdb(tree, query.source, database, schema)
        return dataclasses.replace(made, text=made.text.replace(f'"{INFORMATION}".', f'"_{INFORMATION}".'))

    @property
    def scanned(self) -> int:
        return sum(self._files.values())

    def _kept(self, table: exp.Table, query: Query, database: str) -> frozenset[int] | None:
        """The places of the partitions that the query can need; None for all."""
        found = ministack.tables.get(f"{(table.db or database).lower()}/{table.name.lower()}")
        keys = {key["Name"].lower() for key in (found or {}).get("PartitionKeys", [])}
        asked = pruning.question(table, keys) if keys else None
        if asked is None:
            return None
        if (known := (database, asked.sql("trino"))) not in self._answers:
            try:
                prepared = self.prepare(Query(asked, query.source), database)
                self._answers[known] = frozenset(row[0] for row in self.connection.execute(prepared.text).fetchall())
            except (QueryFailed, duckdb.Error) as error:  # what is wrong is the query's own to say, in its own words
                _log.info("all partitions of %s are read: %s", table.name, error)
                self._answers[known] = None
        return self._answers[known]

    def describe(self, text: str, query: Query) -> list[tuple[str, str]]:
        """Names and DuckDB types of a prepared query's columns. Raises QueryFailed."""
        try:
            return [(row[0], row[1]) for row in self.connection.execute(f"describe {text}").fetchall()]
        except duckdb.Error as error:
            raise errors.from_duckdb(error, query.tree, query.source) from error

    def _relation(self, database: str, name: str, place: str, places: frozenset[int] | None = None) -> dict[str, str]:
        """Set up one table or view, once; its columns with Trino types. `places`: its partitions, None for all."""
        if (database, name) not in self._known:
            self.connection.execute(f'create schema if not exists {CATALOG}."{_hidden_schema(database)}"')
            relation = f'{CATALOG}."{_hidden_schema(database)}"."{name}"'
            base, _, listing = name.partition("$")
            table = {} if database == INFORMATION else table_of(database, base, place)
            if database == INFORMATION:
                self.connection.execute(f"create table {relation} as {listings.information(name, place)}")
            elif listing in LISTINGS:
                self.connection.execute(f"create table {relation} as {LISTINGS[listing](table)}")
            elif (view := definition(table)) is not None:
                self._view(view, relation, f"{CATALOG}.{database}.{name}", place)
            else:
                text, files = _table(self.connection, table, places)
                self._files |= files
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
            text = self.prepare(query, view["schema"]).text
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


def _narrowed(table: exp.Table, number: int) -> str:
    """Have the query read a part of the table, under a name of its own that is returned."""
    alias = table.args.get("alias") or exp.TableAlias(this=table.this.copy())
    narrow = exp.to_identifier(f"{table.name.lower()}${number}", quoted=True)
    narrow.meta.update(table.this.meta)
    table.set("this", narrow)
    table.set("alias", alias)
    return narrow.name


def _table(connection: Any, table: dict, places: frozenset[int] | None) -> tuple[str, dict[str, int]]:
    """A SELECT of the declared columns over the files, and the files' sizes; partitions of no file do not matter."""
    storage, keys = table["StorageDescriptor"], table["PartitionKeys"]
    files: dict[str, int] = {}
    for values, location in _locations(table, places):
        folder = "/".join(f"{key['Name']}={quote(value, safe='')}" for key, value in zip(keys, values, strict=True))
        for file, size in _files(location, folder):
            files[str(file)] = size
    declared = [(column["Name"], types.hive_to_duckdb(column["Type"])) for column in storage["Columns"] + keys]
    if not files:
        nulls = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in declared)
        return f"select {nulls} where false", files
    relation = ministack.duckdb_relation(table, list(files))
    present = {row[0].lower() for row in connection.execute(f"describe select * from {relation}").fetchall()}
    columns = ", ".join(
        f'cast({f"{chr(34)}{name}{chr(34)}" if name in present else "null"} as {kind}) as "{name}"'
        for name, kind in declared
    )
    return f"select {columns} from {relation}", files


def _locations(table: dict, places: frozenset[int] | None) -> Iterator[tuple[list[str], str]]:
    """Partition values and location of everything Athena would read: registered partitions and nothing beside them."""
    if not table["PartitionKeys"]:
        yield [], table["StorageDescriptor"]["Location"]
        return
    for place, partition in enumerate(partitions_of(table)):
        if places is None or place in places:
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


def _hidden_schema(database: str) -> str:
    """DuckDB has an information_schema of its own."""
    return f"_{database}" if database == INFORMATION else database
