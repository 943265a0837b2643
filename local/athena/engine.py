"""Run one statement: queries, what CREATE TABLE AS and UNLOAD write, and views."""

import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import duckdb
from sqlglot import exp

from local import ministack
from local.athena import catalog, errors, moments, show, types
from local.athena.errors import BytesLimitExceeded, QueryFailed
from local.athena.models import CreateTableAs, CreateView, DropView, Name, Query, Result, Unload, Utility
from local.athena.results import text
from local.athena.translate import CATALOG, Translated, visible_names

type Columns = list[tuple[str, str]]  # names and types

_PARQUET = ministack.stored_as["parquet"]


def run(statement: Any, database: str, output: str, limit: int | None = None) -> Result:
    """The result of a statement. `output` is the folder for what CREATE TABLE AS writes without a place of its own.

    Raises QueryFailed, and BytesLimitExceeded above `limit` bytes.
    """
    match statement:
        case Query():
            return _query(statement, database, limit)
        case CreateTableAs():
            return _create_table_as(statement, database, output, limit)
        case Unload():
            return _write(statement.query, database, statement.location, statement.properties, limit)[0]
        case CreateView():
            return _create_view(statement, database)
        case DropView():
            return _drop_view(statement, database)
        case Utility():
            return show.run(statement.words, database)
    try:
        ministack.run_ddl(statement, database)
    except ValueError as error:
        raise QueryFailed(f"FAILED: SemanticException {error}") from None
    return Result(lines=True)


def _query(query: Query, database: str, limit: int | None) -> Result:
    session, prepared, columns = _prepared(query, database, limit)
    rows = _fetched(session, _readable(prepared, columns), query)
    kinds = [kind for _, kind in columns]
    return Result(
        columns=visible_names(query.tree, [name for name, _ in columns]),
        types=kinds,
        rows=[[text(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in rows],
        scanned=session.scanned,
    )


def _prepared(query: Query, database: str, limit: int | None) -> tuple[catalog.Session, Translated, Columns]:
    """The query in DuckDB's words, and its columns' names and Trino types."""
    session = catalog.Session(database)
    prepared = session.prepare(query)
    described = session.describe(prepared.text, query)
    if limit is not None and session.scanned > limit:
        raise BytesLimitExceeded("Query cancelled! : Bytes scanned limit was exceeded")
    known = prepared.kinds or [None] * len(described)
    columns = [
        (name, types.shown(types.duckdb_to_trino(kind), trino))
        for (name, kind), trino in zip(described, known, strict=True)
    ]
    return session, prepared, columns


def _readable(prepared: Translated, columns: Columns) -> str:
    """The query with what Python's DuckDB client cannot carry as text already."""
    zones = prepared.zones or ["UTC"] * len(columns)
    read = [_shown(f"c{number}", kind, zones[number]) for number, (_, kind) in enumerate(columns)]
    if all(one == f"c{number}" for number, one in enumerate(read)):
        return prepared.text
    names = ", ".join(f"c{number}" for number in range(len(columns)))
    return f"select {', '.join(read)} from ({prepared.text}) as t({names})"


def _shown(column: str, kind: str, zone: str) -> str:
    if kind.endswith("with time zone"):
        clock = moments.local(exp.column(column)) if zone == "UTC" else moments.seen_at(column, zone)
        return f"strftime({clock.sql('duckdb')}, '%Y-%m-%d %H:%M:%S.%g') || ' {zone}'"
    if kind == "interval year to month":
        return f"years_and_months(months_of({column}))"
    return f"days_and_time(interval_milliseconds({column}))" if kind.startswith("interval") else column


def _fetched(session: catalog.Session, prepared: str, query: Query) -> list[tuple]:
    try:
        return session.connection.execute(prepared).fetchall()
    except duckdb.Error as error:
        raise errors.from_duckdb(error, query.tree, query.source) from error


def _create_table_as(statement: CreateTableAs, database: str, output: str, limit: int | None) -> Result:
    owner, name = _full(statement.name, database)
    if f"{owner}/{name}" in ministack.tables:
        if statement.if_not_exists:
            return Result(lines=True)
        raise QueryFailed(
            f"TABLE_ALREADY_EXISTS: line 1:1: Destination table '{CATALOG}.{owner}.{name}' already exists"
        )
    location = statement.properties.get("external_location", output)
    result, columns = _write(statement.query, database, location, statement.properties, limit)
    ministack.catalog_calls["CreateTable"]({"DatabaseName": owner, "TableInput": {
        "Name": name, "TableType": "EXTERNAL_TABLE", "PartitionKeys": [],
        "Parameters": {"EXTERNAL": "TRUE", "has_encrypted_data": "false"},
        "StorageDescriptor": {
            "Columns": [{"Name": column.lower(), "Type": types.trino_to_hive(kind)} for column, kind in columns],
            "Location": location, "InputFormat": _PARQUET[0], "OutputFormat": _PARQUET[1],
            "SerdeInfo": {"SerializationLibrary": _PARQUET[2], "Parameters": {"serialization.format": "1"}},
        },
    }})  # fmt: skip
    return result


def _write(
    query: Query, database: str, location: str, properties: dict[str, str], limit: int | None
) -> tuple[Result, Columns]:
    """Write a query's rows as one Parquet file below a location; the result and the columns with Trino types."""
    if properties.get("format", "parquet").lower() != "parquet" or "partitioned_by" in properties:
        raise QueryFailed("NOT_SUPPORTED: the laptop cloud writes unpartitioned Parquet only")
    url = urlparse(location)
    bucket = ministack.buckets.get(url.netloc) or {"objects": {}}
    if any(key.startswith(url.path.strip("/") + "/") for key in bucket["objects"]):
        raise QueryFailed(f"HIVE_PATH_ALREADY_EXISTS: Target directory for table already exists: {location}")
    session, prepared, columns = _prepared(query, database, limit)
    names = visible_names(query.tree, [name for name, _ in columns])
    if unnamed := [name for name in names if name.startswith("_col")]:
        raise QueryFailed(
            f"MISSING_COLUMN_NAME: line 1:1: Column name not specified at position {names.index(unnamed[0]) + 1}"
        )
    cast = ", ".join(
        f'c{number}::{types.trino_to_duckdb(kind)} as "{name.lower()}"'
        for number, (name, (_, kind)) in enumerate(zip(names, columns, strict=True))
    )
    aliases = ", ".join(f"c{number}" for number in range(len(columns)))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "part.parquet"
        _fetched(
            session, f"copy (select {cast} from ({prepared.text}) as t({aliases})) to '{file}' (format parquet)", query
        )
        key = f"{url.path.strip('/')}/{ministack.new_uuid()}.parquet"
        put(url.netloc, key, file.read_bytes(), "application/octet-stream")
    named = [(name, kind) for name, (_, kind) in zip(names, columns, strict=True)]
    return Result(lines=True, scanned=session.scanned, files=[f"s3://{url.netloc}/{key}"]), named


def put(bucket: str, key: str, body: bytes, kind: str) -> None:
    """Store an object. Raises QueryFailed."""
    answer = ministack.put_object(bucket, key, body, {"content-type": kind, "content-length": str(len(body))})
    if answer[0] >= 300:
        raise QueryFailed(f"Unable to verify/create output bucket {bucket}")


def _create_view(statement: CreateView, database: str) -> Result:
    owner, name = _full(statement.name, database)
    existing = ministack.tables.get(f"{owner}/{name}")
    if existing and not (statement.replace and existing["TableType"] == "VIRTUAL_VIEW"):
        raise QueryFailed(f"TABLE_ALREADY_EXISTS: line 1:1: View already exists: '{CATALOG}.{owner}.{name}'")
    _, _, described = _prepared(statement.query, database, None)
    names = visible_names(statement.query.tree, [column for column, _ in described])
    kinds = [kind for _, kind in described]
    trino = [{"name": column, "type": kind} for column, kind in zip(names, kinds, strict=True)]
    hive = [{"Name": column, "Type": types.trino_to_hive(kind)} for column, kind in zip(names, kinds, strict=True)]
    table = {
        "Name": name, "TableType": "VIRTUAL_VIEW", "PartitionKeys": [],
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "StorageDescriptor": {"Columns": hive, "SerdeInfo": {}},
        "ViewOriginalText": catalog.view_text(statement.sql, database, trino), "ViewExpandedText": "/* Presto View */",
    }  # fmt: skip
    store = ministack.catalog_calls["UpdateTable" if existing else "CreateTable"]
    status, _, body = store({"DatabaseName": owner, "TableInput": table})
    if status >= 300:
        raise QueryFailed(f"SCHEMA_NOT_FOUND: line 1:1: {body.decode()}")
    return Result(lines=True)


def _drop_view(statement: DropView, database: str) -> Result:
    owner, name = _full(statement.name, database)
    if ministack.tables.get(f"{owner}/{name}", {}).get("TableType") == "VIRTUAL_VIEW":
        ministack.catalog_calls["DeleteTable"]({"DatabaseName": owner, "Name": name})
    elif not statement.if_exists:
        raise QueryFailed(f"TABLE_NOT_FOUND: line 1:1: View '{CATALOG}.{owner}.{name}' does not exist")
    return Result(lines=True)


def _full(name: Name, database: str) -> tuple[str, str]:
    return (name[0] or database).lower(), name[1].lower()
