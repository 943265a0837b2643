"""The views and named queries of queries/ as resources of the template, so that they exist as soon as the stack does.

A file begins with a comment: what it answers and, for a view, its columns as `-- name type: meaning`. Athena stores a
view as a table whose text is base64 of JSON; the database's name is known at deployment only, so CloudFormation
encodes it.
"""

import dataclasses
import json
import re
from pathlib import Path

from tools import ROOT

COLUMN = re.compile(r"(?P<name>\w+) (?P<type>[\w()]+): (?P<meaning>.+)")
HIVE = {"varchar": "string", "integer": "int", "array(varchar)": "array<string>"}


@dataclasses.dataclass(frozen=True)
class Column:
    name: str
    type: str  # as Trino says it
    meaning: str

    @property
    def hive(self) -> str:
        return HIVE.get(self.type, self.type)


@dataclasses.dataclass(frozen=True)
class File:
    name: str
    description: str
    columns: list[Column]
    sql: str  # without the comment
    text: str


def read(path: Path) -> File:
    """A file of queries/. Raises ValueError if it does not begin with its comment."""
    lines = path.read_text().splitlines()
    comment = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    sql = "\n".join(lines[len(comment) :])
    if not comment or "--" in sql:
        raise ValueError(f"{path.name}: one comment, at the beginning")
    matches = [(line, COLUMN.fullmatch(line)) for line in comment]
    description = " ".join(line for line, match in matches if line and not match)
    columns = [Column(match["name"], match["type"], match["meaning"]) for _, match in matches if match]
    return File(path.stem, description, columns, sql, "\n".join(lines))


def views() -> list[File]:
    return [read(path) for path in sorted((ROOT / "queries" / "views").glob("*.sql"))]


def named_queries() -> list[File]:
    return [read(path) for path in sorted((ROOT / "queries").glob("*.sql"))]


def definition(view: File) -> str:
    """What Athena stores of the view, for Fn::Sub."""
    columns = [{"name": column.name, "type": column.type} for column in view.columns]
    return json.dumps(
        {"originalSql": view.sql, "catalog": "awsdatacatalog", "schema": "${Database}", "columns": columns}
    )


def section() -> str:
    """The template's resources for all of queries/."""
    return "\n".join([_view(view) for view in views()] + [_named_query(query) for query in named_queries()])


def _view(view: File) -> str:
    columns = "".join(
        f"            - {{Name: {column.name}, Type: {column.hive}, Comment: {json.dumps(column.meaning)}}}\n"
        for column in view.columns
    )
    return f"""\
  {_resource(view.name)}View:
    Type: AWS::Glue::Table
    Properties:
      CatalogId: !Ref AWS::AccountId
      DatabaseName: !Ref Database
      TableInput:
        Name: {view.name}
        Description: {json.dumps(view.description)}
        TableType: VIRTUAL_VIEW
        Parameters: {{presto_view: "true", comment: Presto View}}
        PartitionKeys: []
        StorageDescriptor:
          SerdeInfo: {{}}
          Columns:
{columns}\
        ViewExpandedText: "/* Presto View */"
        ViewOriginalText: !Join
          - ""
          - - "/* Presto View: "
            - Fn::Base64:
                !Sub {_quoted(definition(view))}
            - " */"
"""


def _named_query(query: File) -> str:
    text = "".join(f"        {line}\n" for line in query.text.splitlines())
    return f"""\
  {_resource(query.name.partition("_")[2])}Query:
    Type: AWS::Athena::NamedQuery
    Properties:
      Name: {query.name}
      Description: {json.dumps(query.description)}
      Database: !Ref Database
      WorkGroup: !Ref WorkGroup
      QueryString: |
{text}"""


def _resource(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _quoted(text: str) -> str:
    """A YAML scalar in single quotes."""
    return "'" + text.replace("'", "''") + "'"
