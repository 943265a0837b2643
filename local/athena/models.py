"""Statements as they were read, and what they give."""

import dataclasses

from sqlglot import exp

type Name = tuple[str | None, str]  # database, table


@dataclasses.dataclass(frozen=True)
class Query:
    tree: exp.Expression
    source: str


@dataclasses.dataclass(frozen=True)
class CreateTableAs:
    name: Name
    properties: dict[str, str]
    query: Query
    if_not_exists: bool = False


@dataclasses.dataclass(frozen=True)
class Unload:
    location: str
    properties: dict[str, str]
    query: Query


@dataclasses.dataclass(frozen=True)
class CreateView:
    name: Name
    replace: bool
    sql: str
    query: Query


@dataclasses.dataclass(frozen=True)
class DropView:
    name: Name
    if_exists: bool


@dataclasses.dataclass(frozen=True)
class Utility:
    """SHOW or DESCRIBE, words in lower case."""

    words: list[str]


@dataclasses.dataclass(frozen=True)
class Result:
    """What a statement gives: names, Trino types and rows of text or None.

    `lines` marks what SHOW, DESCRIBE and DDL give: a .txt file without header or quotes. `files` is what CREATE TABLE
    AS or UNLOAD wrote instead. `scanned` counts bytes.
    """

    columns: list[str] = dataclasses.field(default_factory=list)
    types: list[str] = dataclasses.field(default_factory=list)
    rows: list[list[str | None]] = dataclasses.field(default_factory=list)
    scanned: int = 0
    lines: bool = False
    files: list[str] | None = None

    def with_header(self) -> list[list[str | None]]:
        """The rows, after one of the columns' names unless these are lines."""
        return self.rows if self.lines else [[*self.columns], *self.rows]
