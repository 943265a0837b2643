"""The tables of a dataset and the views of queries/ as one DuckDB file, for programs that read no Parquet.

    .venv-ministack/bin/python -m local.export LAKE FILE FORECASTS

LAKE is a folder with a part of the lake, under the lake's own keys. FILE gets tables and views, and FORECASTS, a CSV,
the view latest_forecast. The views are translated as the laptop's Athena translates them.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from local.athena import types
from local.athena.models import Query
from local.athena.statements import parse
from local.athena.translate import CATALOG, to_duckdb
from tools.generate import queries

SCHEMA = "main"
TABLES = ("files", "metrics", "predictions", "prices", "runs", "tickers")
LATEST = "columns={dataset: 'varchar', run_id: 'varchar', term: 'bigint', schema: 'bigint'}"
READERS = "v1.2.0"  # the oldest DuckDB that can open the file: DBeaver and Tableau bring their own
NEWER = (exp.Lead, exp.Lag)  # no DuckDB before 2.0 can read these in a view that 2.0 has stored


def main(lake: Path, file: Path, forecasts: Path) -> None:
    connection = duckdb.connect(":memory:")
    connection.execute("set timezone = 'UTC'")
    connection.execute(f"attach {_text(file)} as {CATALOG} (storage_version '{READERS}')")
    connection.execute(f"use {CATALOG}")
    for table in TABLES:
        connection.execute(f'create table "{table}" as {_rows(lake, table)}')
    connection.execute(f"create table latest as from read_json({_text(lake / 'latest' / '*.json')}, {LATEST})")
    for view in _in_order(queries.views()):
        tree = translated(connection, view.sql)
        kind = "table" if tree.find(*NEWER) else "view"
        connection.execute(f'create {kind} "{view.name}" as {tree.sql("duckdb", identify=True)}')
        connection.execute(f'comment on {kind} "{view.name}" is {_text(view.description)}')
    shown = "select * from latest_forecast order by ticker, horizon"
    connection.execute(f"copy ({shown}) to {_text(forecasts)} (header)")
    connection.close()


def _rows(lake: Path, table: str) -> str:
    """The rows of a table's files, with the partitions of their folders as columns of text."""
    how = "hive_partitioning=true, hive_types_autocast=false, union_by_name=true"
    return f"select * from read_parquet({_text(lake / table / '**' / '*.parquet')}, {how})"  # noqa: S608  our folders


def translated(connection: Any, sql: str) -> exp.Expression:
    """The view as DuckDB understands it. It names no catalog, so that the file can have any name."""
    query: Query = parse(sql)
    ctes = {cte.alias.lower() for cte in query.tree.find_all(exp.CTE)}
    names = {table.name.lower() for table in query.tree.find_all(exp.Table)} - ctes
    known = {name: _columns(connection, name) for name in names if name.isidentifier()}
    made = to_duckdb(query.tree, query.source, SCHEMA, {CATALOG: {SCHEMA: known}})
    tree = sqlglot.parse_one(made.text, read="duckdb")
    for table in tree.find_all(exp.Table):
        table.set("catalog", None)
        table.set("db", None)
    return tree


def _columns(connection: Any, name: str) -> dict[str, str]:
    described = connection.execute(f'describe "{name}"').fetchall()
    return {row[0]: types.duckdb_to_trino(row[1]) for row in described}


def _in_order(views: list[queries.File]) -> Iterator[queries.File]:
    """The views, each after those that it reads."""
    waiting = {view.name: view for view in views}
    while waiting:
        for name, view in list(waiting.items()):
            read = {table.name.lower() for table in parse(view.sql).tree.find_all(exp.Table)}
            if not read & (waiting.keys() - {name}):
                yield waiting.pop(name)


def _text(value: Path | str) -> str:
    return "'" + str(value).replace("'", "''") + "'"


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
